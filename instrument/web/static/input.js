/** The input: turns it on, chooses its device, and shows what is heard of it. Its settings follow below. */

import { button, element } from "./dom.js";
import { noteName, signed } from "./formats.js";

const MIN_CLARITY = 0.6;

/** Fills the elements of `root`: .above, .scope, .meter, .heard. Only who may choose devices turns it on. */
export class InputPanel {
  constructor(root, engine, can, pictures) {
    Object.assign(this, { root, engine });
    const part = (name) => root.querySelector(`.${name}`);
    this.heard = part("heard");
    this.meter = pictures.add("meter", part("meter"));
    this.spectrogram = pictures.add("spectrogram", part("scope"));
    this.listen = button("Listen to the input", () => this.#turn(), {
      "aria-pressed": "false", title: "Its pitch, level and timbre play the release",
    });
    this.device = element("select", {
      "aria-label": "Input device", on: { change: () => engine.send("/input/device/set", "s", this.device.value) },
    });
    part("above").replaceChildren(this.listen, this.device);
    part("above").hidden = !can("devices");
    engine.on("changed", (path) => path.startsWith("/input/") && this.#show());
    engine.on("list", (kind) => kind === "input/device" && this.#show());
    engine.on("input", (...values) => this.#measure(...values));
    engine.on("input-scope", (levels) => this.spectrogram.call("add", levels));
    // A look for inputs, which JACK notices, only when they are wanted.
    new MutationObserver(() => root.hidden || engine.list("input/device")).observe(root, { attributeFilter: ["hidden"] });
    this.#show();
  }

  #turn() {
    this.engine.send("/input/on", this.engine.value("/input/on") ? "F" : "T");
  }

  #show() {
    const on = Boolean(this.engine.value("/input/on"));
    const present = this.engine.value("/input/device/set") ?? "";
    this.listen.setAttribute("aria-pressed", String(on));
    fillDevices(this.device, ["", ...this.engine.lists["input/device"]], present, "Default input");
    if (on) return;
    this.heard.textContent = "Off";
    this.meter.call("clear");
  }

  #measure(peak, rms, open, pitch, clarity) {
    this.meter.call("add", peak, rms);
    const sure = open && pitch > 0 && clarity > MIN_CLARITY;
    const near = Math.round(pitch);
    this.heard.textContent = sure ? `${noteName(near)} ${signed(100 * (pitch - near), 0)} cents` : open ? "No pitch" : "Silence";
  }
}

/** Offers names in a select; the present one is chosen, whether it is there or not. */
export function fillDevices(select, names, present, empty) {
  const all = names.includes(present) ? names : [...names, present];
  const known = [...select.options].map(({ value }) => value);
  if (JSON.stringify(known) !== JSON.stringify(all)) {
    select.replaceChildren(...all.map((value) => element("option", { value, text: value || empty })));
  }
  select.value = present;
}
