/** The panels beside the pad: tabs, and the settings in each of them. */

import { element } from "./dom.js";
import { controls, otherSettings } from "./controls.js";

const NOTES = ["/envelope", "/portamento", "/bend", "/voices", "/pitch", "/drone"];
const PANELS = {
  sound: ["/gain", "/smoothing", "/width", "/pan", "/quality"],
  notes: NOTES,
  motion: ["/motion", "/motion/speed", "/motion/mode", "/motion/attack", "/motion/decay", "/motion/seed", "/dream", "/motion/quantise", "/tempo"],
  input: [
    "/input/gain", "/input/gate", "/input/follow/timbre", "/input/follow/pitch", "/input/follow/level", "/input/transpose",
    "/input/mix", "/input/hold",
  ],
};
const SEGMENTS = ["/position", "/speed", "/freeze"];
const TAKEN = new Set([...Object.values(PANELS).flat(), ...SEGMENTS]);

/** Switches between the panels of `root`, and fills those that show settings. */
export class Deck {
  #controls = [];
  #built = "";

  constructor(root, engine) {
    this.root = root;
    this.engine = engine;
    this.tabs = [...root.querySelectorAll("[role=tab]")];
    for (const tab of this.tabs) tab.addEventListener("click", () => this.show(tab.dataset.panel));
    root.querySelector("[role=tablist]").addEventListener("keydown", (event) => this.#step(event));
    engine.on("namespace", () => this.#build());
    engine.on("release", () => this.#build());
    engine.on("changed", (path) => {
      for (const control of this.#controls) if (control.path === path) control.show();
    });
  }

  /** Shows one panel. */
  show(name) {
    this.root.dataset.panel = name;
    for (const tab of this.tabs) {
      const chosen = tab.dataset.panel === name;
      tab.setAttribute("aria-selected", String(chosen));
      tab.tabIndex = chosen ? 0 : -1;
      document.getElementById(tab.getAttribute("aria-controls")).hidden = !chosen;
    }
  }

  /** Hides a tab and its panel, or offers it. */
  offer(name, offered) {
    this.tabs.find((tab) => tab.dataset.panel === name).hidden = !offered;
    if (!offered && this.root.dataset.panel === name) this.show("sound");
  }

  #step(event) {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const seen = this.tabs.filter((tab) => tab.offsetParent);
    const next = seen[(seen.indexOf(document.activeElement) + step + seen.length) % seen.length];
    this.show(next.dataset.panel);
    next.focus();
  }

  #build() {
    const { engine } = this;
    const segments = engine.entry?.kind === "segments" ? SEGMENTS : [];
    const lists = { ...PANELS, sound: [...PANELS.sound, ...segments], more: otherSettings(engine, TAKEN) };
    const shape = JSON.stringify(Object.values(lists).flat().map((path) => {
      const { TYPE, RANGE } = engine.nodes.get(path) ?? {};
      return [path, TYPE, RANGE];
    }));
    if (shape === this.#built) return;
    this.#built = shape;
    this.#controls = [];
    for (const [panel, paths] of Object.entries(lists)) {
      const made = paths.flatMap((path) => controls(engine, path));
      this.#controls.push(...made);
      this.root.querySelector(`#panel-${panel} .settings:last-child`).replaceChildren(...made.map(({ root }) => root));
    }
    this.root.querySelector(".still").hidden = "motion.npz" in (engine.card?.files ?? {});
  }
}
