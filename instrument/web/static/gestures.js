/** Records gestures, loops them and plays them at other speeds; the engine keeps them. */

import { button, element } from "./dom.js";
import { Fader } from "./fader.js";
import { times } from "./formats.js";

/** Fills `root`; recording and deleting only where the player may. */
export class GesturePanel {
  #selected = "";
  #loop = false;

  constructor(root, engine, can) {
    Object.assign(this, { engine, can });
    this.record = button("Record a gesture", () => this.toggleRecord(), { class: "record", "aria-pressed": "false", title: "(G)" });
    this.list = element("ul", { class: "list", role: "listbox", "aria-label": "Gestures" });
    this.play = button("Play", () => this.#togglePlay(), { "aria-pressed": "false" });
    this.loop = button("Loop", () => this.#toggleLoop(), { "aria-pressed": "false" });
    this.delete = button("Delete", () => this.#selected && engine.send("/gesture/delete", "s", this.#selected));
    this.speed = new Fader({ name: "Speed", low: 0.1, high: 10, rest: 1, curve: 2.5, format: times, move: () => {} });
    root.replaceChildren(
      this.record, this.list, element("div", { class: "row" }, this.play, this.loop, this.delete), this.speed.root,
      element("p", { class: "quiet", text: "A gesture records all that is played here or by any other program, and plays it again." }),
    );
    engine.on("list", (kind) => kind === "gesture" && this.#showList());
    engine.on("changed", (path) => path.startsWith("/gesture/") && this.#show());
    this.#show();
    this.#showList();
  }

  /** Starts to record a gesture, or ends and keeps it. */
  toggleRecord() {
    if (!this.can("gestures")) return;
    if (this.engine.value("/gesture/record")) {
      this.engine.send("/gesture/stop");
      return;
    }
    let number = 1;
    while (this.engine.lists.gesture.includes(`gesture ${number}`)) number += 1;
    this.engine.send("/gesture/record", "s", `gesture ${number}`);
  }

  #togglePlay() {
    if (this.engine.value("/gesture/play")) this.engine.send("/gesture/stop");
    else if (this.#selected) {
      this.engine.send("/gesture/play", "sif", this.#selected, Number(this.#loop), this.speed.number);
    }
  }

  #toggleLoop() {
    this.#loop = !this.#loop;
    this.loop.setAttribute("aria-pressed", String(this.#loop));
  }

  #show() {
    const [recording, playing] = ["/gesture/record", "/gesture/play"].map((path) => this.engine.value(path));
    this.record.hidden = this.delete.hidden = !this.can("gestures");
    this.record.setAttribute("aria-pressed", String(Boolean(recording)));
    this.record.textContent = recording ? `Recording ${recording} …` : "Record a gesture";
    this.play.setAttribute("aria-pressed", String(Boolean(playing)));
    this.play.textContent = playing ? "Stop" : "Play";
    this.play.disabled = !playing && !this.#selected;
  }

  #showList() {
    const names = this.engine.lists.gesture;
    if (!names.includes(this.#selected)) this.#selected = names.at(-1) ?? "";
    this.list.replaceChildren(...names.map((name) => {
      const choose = () => {
        this.#selected = name;
        this.#showList();
      };
      return element("li", { role: "option", "aria-selected": String(name === this.#selected) }, button(name, choose));
    }));
    this.list.hidden = !names.length;
    this.#show();
  }
}
