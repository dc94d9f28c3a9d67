/** The faders of the latent coordinates, which of them the pad spans, and what moves them all. */

import { button, element } from "./dom.js";
import { Fader } from "./fader.js";
import { percent, signed } from "./formats.js";
import { LATENT_LIMIT } from "./position.js";

const MAX_FADERS = 64;
const MAX_RANDOM = 2.5;

/** Fills `root` anew for each release. */
export class LatentPanel {
  #faders = [];
  #moved = false;
  #locks = [];

  constructor(root, engine, surface, wander, ticker) {
    Object.assign(this, { root, engine, surface, wander, ticker });
    engine.on("release", () => this.#build());
    engine.on("changed", (path) => path === "/pad/axes" && this.#showAxes());
    engine.on("moved", () => this.#follow());
    new MutationObserver(() => ticker.wake()).observe(root, { attributeFilter: ["hidden"] });
    surface.onMove = (x, y) => wander.start(x, y);
  }

  #build() {
    const count = Math.min(this.engine.position.size, MAX_FADERS);
    this.#locks = new Array(count).fill(false);
    const names = Array.from({ length: count }, (_, n) => this.engine.entry?.axes?.[n]?.title ?? `PC ${n + 1}`);
    this.#faders = names.map((name, n) => this.#fader(name, n));
    this.#faders.forEach(({ root }, n) => (root.dataset.address = `/latent/${n}`));
    const rows = this.#faders.map((fader, n) => element("div", { class: "locked-row" }, fader.root, this.#lock(names[n], n)));
    this.axes = ["Across", "Up", "Wheel"].map((title, column) => this.#axis(title, column, names));
    this.root.replaceChildren(
      element("div", { class: "row" }, ...this.axes.map(({ root }) => root)), ...rows, this.#actions(), ...this.#wandering(),
    );
    this.#showAxes();
    this.#show();
  }

  #fader(name, n) {
    return new Fader({
      name, low: -LATENT_LIMIT, high: LATENT_LIMIT, rest: 0, format: (value) => signed(value),
      hint: "standard deviations along this principal component", move: (value) => this.engine.moveCoordinate(n, value),
    });
  }

  #lock(name, n) {
    const lock = button("", () => {
      this.#locks[n] = !this.#locks[n];
      lock.setAttribute("aria-pressed", String(this.#locks[n]));
    }, { class: "lock", "aria-label": `Lock ${name}`, "aria-pressed": "false", title: "Reset and Randomize leave it" });
    return lock;
  }

  #axis(title, column, names) {
    const options = names.map((_, n) => element("option", { value: n, text: n + 1 }));
    const select = element("select", { on: { change: () => this.#choose(column, Number(select.value)) } }, ...options);
    select.disabled = names.length <= column;
    return { select, root: element("label", { class: "choice tall" }, element("span", { text: title }), select) };
  }

  #choose(column, chosen) {
    const before = [...this.engine.position.axes, this.surface.third];
    // An axis that is in use already is exchanged for the present one.
    const after = before.map((axis) => (axis === chosen ? before[column] : axis));
    after[column] = chosen;
    this.surface.third = after[2];
    if (column < 2 || after[0] !== before[0] || after[1] !== before[1]) this.engine.chooseAxes(after[0], after[1]);
    this.#showAxes();
  }

  #actions() {
    const keep = (coordinates) => this.engine.moveTo(
      coordinates.map((value, n) => (this.#locks[n] ? this.engine.position.target[n] : value)),
    );
    const empty = () => this.engine.position.target.map(() => 0);
    this.random = () => keep(empty().map(() => Math.max(-MAX_RANDOM, Math.min(MAX_RANDOM, normal()))));
    return element("div", { class: "row" },
      button("Reset", () => keep(empty()), { title: "To the mean of all training sounds" }),
      button("Randomize", this.random, { title: "A code drawn as the training sounds are distributed (C)" }),
      (this.wanderButton = button("Wander", () => this.toggleWander(), { "aria-pressed": "false", title: "(W)" })),
    );
  }

  #wandering() {
    const { wander } = this;
    const options = (name, low, high, curve, format, key) => new Fader({
      name, low, high, rest: wander[key], curve, format, move: (value) => (wander[key] = value),
    }).root;
    return [
      options("Wander rate", 0.01, 2, 2.5, (hz) => `${hz.toFixed(2)} Hz`, "rate"),
      options("Wander radius", 0, 0.5, 1, percent, "radius"),
    ];
  }

  /** Starts or stops moving by itself around the present position. */
  toggleWander() {
    const { wander, engine } = this;
    wander.start(...engine.position.project(engine.position.target));
    wander.on = !wander.on;
    this.ticker.wake();
    this.wanderButton.setAttribute("aria-pressed", String(wander.on));
  }

  #follow() {
    this.#moved = true;
    if (!this.root.hidden) this.ticker.wake();
  }

  /** Shows where the point has gone, once a frame, while the panel is seen. */
  tick() {
    if (this.#moved && !this.root.hidden) this.#show();
  }

  #show() {
    this.#moved = false;
    this.#faders.forEach((fader, n) => {
      const value = this.engine.position.target[n];
      if (fader.number !== value) fader.show(value);
    });
  }

  #showAxes() {
    [...this.engine.position.axes, this.surface.third].forEach((axis, n) => {
      if (this.axes) this.axes[n].select.value = axis;
    });
  }
}

function normal() {
  return Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random());
}
