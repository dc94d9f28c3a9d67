/** The panels of the demo page: tabs, the faders of the timbre, and those of the sound. */

import { button, element } from "../static/dom.js";
import { Fader } from "../static/fader.js";
import { decibels, drone as droneName, percent, signed, times } from "../static/formats.js";
import { LATENT_LIMIT } from "../static/position.js";

const MAX_RANDOM = 2;
const QUIETEST_DB = -40;

/** Switches between the panels of a tab list. */
export class Tabs {
  constructor(root) {
    this.tabs = [...root.querySelectorAll("[role=tab]")];
    for (const tab of this.tabs) tab.addEventListener("click", () => this.show(tab));
    root.querySelector("[role=tablist]").addEventListener("keydown", (event) => this.#step(event));
  }

  show(tab) {
    for (const each of this.tabs) {
      each.setAttribute("aria-selected", String(each === tab));
      each.tabIndex = each === tab ? 0 : -1;
      document.getElementById(each.getAttribute("aria-controls")).hidden = each !== tab;
    }
  }

  #step(event) {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const seen = this.tabs.filter((tab) => tab.offsetParent);
    const next = seen[(seen.indexOf(document.activeElement) + step + seen.length) % seen.length];
    this.show(next);
    next.focus();
  }
}

/** Fills `root` with a fader for each latent coordinate, which follow the pad, too. */
export function timbrePanel(root, engine) {
  const faders = engine.entry.axes.map(({ title }, n) => new Fader({
    name: title, low: -LATENT_LIMIT, high: LATENT_LIMIT, rest: 0, format: (value) => signed(value),
    hint: "standard deviations along this principal component", move: (value) => engine.moveCoordinate(n, value),
  }));
  const all = (value) => engine.moveTo(faders.map(value));
  root.replaceChildren(...faders.map((fader) => fader.root), element("div", { class: "row" },
    button("Reset", () => all(() => 0), { title: "To the mean of all training sounds" }),
    button("Randomize", () => all(() => Math.max(-MAX_RANDOM, Math.min(MAX_RANDOM, normal()))), { title: "(C)" })));
  engine.on("moved", () => faders.forEach((fader, n) => fader.show(engine.position.target[n])));
}

/** Fills `root` with what is left of the sound: volume, width, the drone's pitch, and the movement where there is one. */
export function soundPanel(root, engine) {
  const [low, high] = engine.release.inputs.pitch;
  const volume = new Fader({
    name: "Volume", low: QUIETEST_DB, high: 0, rest: 0, format: decibels, move: (db) => engine.setVolume(10 ** (db / 20)),
  });
  const pitch = new Fader({
    name: "Drone", low, high, rest: 69, format: droneName, hint: "Pitch of the drone",
    move: (note) => engine.setDrone(engine.drone, note),
  });
  const width = new Fader({
    name: "Width", low: 0, high: 1, rest: engine.release.stereo.width, format: percent, hint: "Stereo width",
    move: (value) => engine.setWidth(value),
  });
  root.replaceChildren(volume.root, width.root, pitch.root, ...(engine.motion ? motionFaders(engine) : []));
}

function motionFaders(engine) {
  const set = () => engine.setMotion(amount.number, speed.number);
  const amount = new Fader({
    name: "Motion", low: 0, high: 2, rest: 1, format: percent, move: set,
    hint: "How much of the recorded movement sounds; 0 % holds still",
  });
  const speed = new Fader({ name: "Speed", low: -4, high: 4, rest: 1, format: times, hint: "1 as recorded", move: set });
  return [amount.root, speed.root];
}

function normal() {
  return Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random());
}
