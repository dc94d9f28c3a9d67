/** The eight buttons of snapshots, and the time of the way to one. */

import { element } from "./dom.js";
import { Fader } from "./fader.js";

/** Fills `root` with buttons of snapshots, which the engine keeps under the release's name and their number. */
export class Snapshots {
  constructor(root, engine, can) {
    Object.assign(this, { root, engine, can });
    this.morph = 1;
    this.saving = false;
    this.buttons = Array.from({ length: 8 }, (_, n) => element("button", {
      type: "button", class: "slot", on: { click: (event) => this.press(n, event.ctrlKey || event.metaKey) },
    }, element("span", { text: n + 1 })));
    this.save = element("button", {
      type: "button", class: "save", text: "Save", "aria-pressed": "false",
      title: "The next number that you press keeps the present sound", on: { click: () => this.#arm(!this.saving) },
    });
    root.replaceChildren(...this.buttons, this.save);
    engine.on("list", (kind) => kind === "snapshot" && this.#show());
    engine.on("release", () => this.#show());
    this.#show();
  }

  #name(n) {
    return `${this.engine.card?.name ?? ""} ${n + 1}`;
  }

  #filled(n) {
    return this.engine.lists.snapshot.includes(this.#name(n));
  }

  /** Morphs to a slot's snapshot, or keeps the present sound in an empty one. */
  press(n, save = false) {
    if ((save || this.saving || !this.#filled(n)) && this.can("snapshots")) {
      this.engine.send("/snapshot/save", "s", this.#name(n));
    } else if (this.#filled(n)) {
      this.onRecall?.();
      this.engine.send("/snapshot/recall", "sf", this.#name(n), this.morph);
    }
    this.#arm(false);
  }

  #arm(saving) {
    this.saving = saving;
    this.save.setAttribute("aria-pressed", String(saving));
    this.#show();
  }

  #show() {
    const may = this.can("snapshots");
    this.save.hidden = !may;
    this.buttons.forEach((slot, n) => {
      const filled = this.#filled(n);
      slot.classList.toggle("filled", filled);
      slot.disabled = !filled && !may;
      slot.setAttribute("aria-label", `Snapshot ${n + 1}, ${filled ? "filled" : "empty"}`);
      slot.title = filled && !this.saving ? `Morph to snapshot ${n + 1} (key ${n + 1})` : "Save the present sound here";
    });
  }
}

/** Returns a fader for the time that the way to a snapshot takes. */
export function morphFader(snapshots) {
  return new Fader({
    name: "Morph", low: 0, high: 30, rest: 1, curve: 3, format: (value) => `${value.toFixed(1)} s`,
    hint: "Time to reach a snapshot", move: (value) => (snapshots.morph = value),
  });
}
