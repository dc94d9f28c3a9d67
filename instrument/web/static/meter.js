/** Shows the level: RMS within the peak, and the highest peak as a line that stays for a moment. */

import { fitCanvas, styleOf } from "./dom.js";

const FLOOR_DB = -60;
const HOLD_SECONDS = 1.5;
const FALL_DB_A_SECOND = 24;
const MARKS_DB = [-48, -36, -24, -12, -6, 0];
const STOPS = [[0, "#2f9e44"], [0.75, "#7ee787"], [0.82, "#ffe066"], [0.93, "#ffa94d"], [1, "#ff7b72"]];

/** Draws into a canvas, upright where that is higher than wide. */
export class Meter {
  #peak = FLOOR_DB;
  #rms = FLOOR_DB;
  #top = FLOOR_DB;
  #hold = 0;
  #painted = "";

  constructor(canvas) {
    this.canvas = canvas;
    new ResizeObserver(() => (this.#painted = "")).observe(canvas);
  }

  /** Takes a measurement of the engine, dB. */
  add(peak, rms) {
    this.#peak = Math.max(this.#peak, peak);
    this.#rms = rms;
    if (peak >= this.#top) [this.#top, this.#hold] = [peak, HOLD_SECONDS];
  }

  /** Lets the level fall to silence. */
  clear() {
    this.#rms = FLOOR_DB;
  }

  /** Advances by one frame. */
  tick(seconds) {
    const fall = FALL_DB_A_SECOND * seconds;
    this.#peak = Math.max(FLOOR_DB, this.#rms, this.#peak - fall);
    this.#hold -= seconds;
    if (this.#hold < 0) this.#top = Math.max(FLOOR_DB, this.#peak, this.#top - fall);
    const shown = [this.#peak, this.#rms, this.#top].map((db) => db.toFixed(1)).join();
    if (shown === this.#painted) return;
    this.#painted = shown;
    this.#paint();
  }

  #paint() {
    const { width, height, ratio } = fitCanvas(this.canvas);
    const context = this.canvas.getContext("2d");
    const upright = height > width;
    const margin = upright ? 9 * ratio : 0;
    const length = (upright ? height : width) - 2 * margin;
    const thick = upright ? Math.min(width, 14 * ratio) : height;
    const at = (db) => (length * (Math.min(Math.max(db, FLOOR_DB), 0) - FLOOR_DB)) / -FLOOR_DB;
    const bar = (from, to) => upright
      ? context.fillRect(0, height - margin - to, thick, to - from)
      : context.fillRect(margin + from, 0, to - from, thick);
    context.clearRect(0, 0, width, height);
    context.fillStyle = styleOf("--raised");
    bar(0, length);
    context.fillStyle = gradient(context, upright ? [0, height - margin, 0, margin] : [margin, 0, margin + length, 0]);
    context.globalAlpha = 0.45;
    bar(0, at(this.#peak));
    context.globalAlpha = 1;
    bar(0, at(this.#rms));
    context.fillStyle = styleOf(this.#top > -0.2 ? "--bad" : "--text");
    if (this.#top > FLOOR_DB) bar(at(this.#top) - 2 * ratio, at(this.#top));
    if (upright && width > 24 * ratio) this.#paintScale(context, thick + 5 * ratio, (db) => height - margin - at(db), ratio);
  }

  #paintScale(context, x, y, ratio) {
    context.fillStyle = styleOf("--quiet");
    context.font = `${10.5 * ratio}px system-ui, sans-serif`;
    context.textBaseline = "middle";
    for (const db of MARKS_DB) context.fillText(String(db).replace("-", "−"), x, y(db));
  }
}

function gradient(context, line) {
  const made = context.createLinearGradient(...line);
  for (const [stop, colour] of STOPS) made.addColorStop(stop, colour);
  return made;
}
