/** A fader: name, value and level in one bar, for fingers, mouse, keys and screen readers. */

import { element } from "./dom.js";

const STEPS = 1000;
const SLOP_PIXELS = 5;

const clipped = (value, low, high) => Math.min(Math.max(value, low), high);

/**
 * Slides over a range of numbers; a double-click goes back to `rest`.
 *
 * Options: `name`, `low`, `high`, `rest`, `format` (number → text), `curve` (above 1 the low end has finer steps),
 * `whole` (whole numbers only), `hint` (what it does), `move` (called with every number that the player chooses).
 */
export class Fader {
  #drag = null;

  constructor({ name, low, high, rest, format, curve = 1, whole = false, hint = "", move }) {
    Object.assign(this, { low, high, rest, format, curve, whole, move });
    const step = whole ? Math.max(1, Math.ceil(STEPS / (high - low))) : 1;
    this.input = element("input", {
      type: "range", min: 0, max: STEPS, step: whole ? "any" : step, "aria-label": name, on: { input: () => this.#slid() },
    });
    this.step = step;
    this.output = element("span", { class: "value" });
    this.root = element(
      "div",
      { class: "fader", title: hint || null },
      element("span", { class: "name", text: name, "aria-hidden": "true" }), this.output, this.input,
    );
    this.#listen();
    this.show(rest);
  }

  /** Shows a value that somebody else has set, unless a hand holds the fader. */
  show(value) {
    if (this.#drag?.moving || value === undefined) return;
    this.#display(Number(value));
  }

  #display(value) {
    this.number = value;
    const share = this.#share(value);
    const rest = this.#share(this.rest);
    const text = this.format(value);
    this.input.value = Math.round(share * STEPS);
    this.input.setAttribute("aria-valuetext", text);
    this.output.textContent = text;
    const places = { "--at": share, "--from": Math.min(share, rest), "--to": Math.max(share, rest) };
    for (const [name, place] of Object.entries(places)) this.root.style.setProperty(name, place);
  }

  #share(value) {
    const share = (clipped(value, this.low, this.high) - this.low) / (this.high - this.low || 1);
    return share ** (1 / this.curve);
  }

  #choose(share) {
    const exact = this.low + clipped(share, 0, 1) ** this.curve * (this.high - this.low);
    const value = this.whole ? Math.round(exact) : exact;
    if (value === this.number) return;
    this.#display(value);
    this.move(value);
  }

  #slid() {
    this.#choose(Number(this.input.value) / STEPS);
  }

  #listen() {
    const { root, input } = this;
    root.addEventListener("pointerdown", (event) => this.#press(event));
    root.addEventListener("pointermove", (event) => this.#pull(event));
    for (const end of ["pointerup", "pointercancel"]) root.addEventListener(end, () => (this.#drag = null));
    root.addEventListener("dblclick", () => {
      this.#display(this.rest);
      this.move(this.rest);
    });
    if (!this.whole) return;
    const steps = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1 };
    input.addEventListener("keydown", (event) => {
      if (!(event.key in steps)) return;
      event.preventDefault();
      this.#choose(this.#share(clipped(this.number + steps[event.key], this.low, this.high)));
    });
  }

  #press(event) {
    if (event.button !== 0) return;
    const share = Number(this.input.value) / STEPS;
    this.#drag = { x: event.clientX, share, moving: false, width: this.root.clientWidth || 1 };
    this.root.setPointerCapture(event.pointerId);
    this.input.focus({ preventScroll: true });
    event.preventDefault();
    // A finger may be about to scroll, so only a mouse jumps to where it presses.
    if (event.pointerType !== "mouse") return;
    this.#drag.share = (event.clientX - this.root.getBoundingClientRect().left) / this.#drag.width;
    this.#drag.moving = true;
    this.#choose(this.#drag.share);
  }

  #pull(event) {
    const drag = this.#drag;
    if (!drag) return;
    const dx = event.clientX - drag.x;
    drag.moving ||= Math.abs(dx) > SLOP_PIXELS;
    if (drag.moving) this.#choose(drag.share + dx / drag.width);
  }
}
