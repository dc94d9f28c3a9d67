/** MIDI: which inputs are open, what controllers move, and learning: choose a fader here, then move a controller. */

import { call } from "./api.js";
import { button, element } from "./dom.js";
import { ROOT } from "./engine.js";

const LEARNABLE = "[data-address]";

/** Fills `root`; learns for elements with `data-address` and, where there are several values, `data-argument`. */
export class MidiPanel {
  #choosing = false;

  constructor(root, engine) {
    Object.assign(this, { root, engine });
    this.inputs = element("p", { class: "quiet" });
    this.list = element("ul", { class: "list", "aria-label": "Mapped controllers" });
    this.state = element("p", { class: "quiet", role: "status" });
    this.learn = button("Learn a controller", () => this.#press(), { "aria-pressed": "false" });
    root.replaceChildren(this.inputs, this.list, this.learn, this.state);
    engine.on("changed", (path) => path.startsWith("/midi/") && this.#show(path));
    engine.on("namespace", () => this.#read());
    for (const kind of ["pointerdown", "click", "dblclick", "keydown"]) {
      document.addEventListener(kind, (event) => this.#choose(event), { capture: true });
    }
    document.addEventListener("contextmenu", (event) => this.#menu(event));
    this.#show();
  }

  get #waiting() {
    return this.engine.value("/midi/learn") ?? "";
  }

  #press() {
    if (this.#waiting) this.engine.send("/midi/learn", "s", "");
    this.#setChoosing(!this.#choosing && !this.#waiting);
  }

  #setChoosing(choosing) {
    this.#choosing = choosing;
    document.body.classList.toggle("learning", choosing);
    this.#show();
  }

  #choose(event) {
    if (!this.#choosing) return;
    if (event.key === "Escape") this.#setChoosing(false);
    const target = event.target.closest(LEARNABLE);
    if (!target || (event.type === "keydown" && event.key !== "Enter" && event.key !== " ")) return;
    event.preventDefault();
    event.stopPropagation();
    if (event.type === "click" || event.type === "keydown") this.#ask(target);
  }

  #menu(event) {
    const target = event.target.closest(LEARNABLE);
    if (!target || event.pointerType === "touch") return;
    event.preventDefault();
    this.#ask(target);
    this.engine.emit("notice", `Move a controller for ${target.dataset.address.slice(1)} …`);
  }

  #ask({ dataset: { address, argument } }) {
    this.engine.send("/midi/learn", "si", ROOT + address, Number(argument ?? 1));
    this.#setChoosing(false);
  }

  async #read() {
    const { inputs, mappings } = await call("GET", "/api/v1/midi").catch(() => ({ inputs: [], mappings: [] }));
    this.inputs.textContent = inputs.length ? `Inputs: ${inputs.join(", ")}` : "Nothing is plugged in.";
    this.list.hidden = !mappings.length;
    this.list.replaceChildren(...mappings.map(({ controller, device, address, argument }) => {
      const moved = `${address.slice(ROOT.length)}${argument > 1 ? ` (${argument})` : ""}`;
      return element("li", {}, element("span", { text: `${controller} → ${moved}`, title: device }),
        button("Forget", () => this.engine.send("/midi/forget", "s", address), { "aria-label": `Forget ${controller} for ${moved}` }));
    }));
  }

  #show(path = "") {
    if (path === "/midi/list" || path === "/midi/inputs") this.#read();
    const waiting = this.#waiting;
    this.learn.setAttribute("aria-pressed", String(this.#choosing || Boolean(waiting)));
    this.learn.textContent = this.#choosing || waiting ? "Cancel" : "Learn a controller";
    this.state.textContent = this.#choosing ? "Press the fader or button that it shall move, in any panel."
      : waiting ? `Move a controller for ${waiting.slice(ROOT.length + 1)} …`
        : "A right click on a fader learns a controller for it, too.";
  }
}
