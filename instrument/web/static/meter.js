/** Shows the level: RMS within the peak, and the highest peak as a line that stays for a moment. */

import { resize } from "./sheet.js";

const FLOOR_DB = -60;
const HOLD_SECONDS = 1.5;
const FALL_DB_A_SECOND = 24;
const MARKS_DB = [-48, -36, -24, -12, -6, 0];
const CLIPPING_DB = -0.2;
const STOPS = [[0, "#2f9e44"], [0.75, "#7ee787"], [0.82, "#ffe066"], [0.93, "#ffa94d"], [1, "#ff7b72"]];

/** Draws into a canvas, upright where that is higher than wide. */
export class Meter {
  #peak = FLOOR_DB;
  #rms = FLOOR_DB;
  #top = FLOOR_DB;
  #hold = 0;
  #painted = "";
  #size = { width: 1, height: 1, ratio: 1 };
  #styles = {};
  #gradient = null; // of the present size; null where scale and bar have to be painted

  constructor(canvas) {
    this.canvas = canvas;
    this.context = canvas.getContext("2d");
  }

  fit(size) {
    this.#size = size;
    resize(this.canvas, size);
    this.#gradient = null;
  }

  restyle(styles) {
    this.#styles = styles;
    this.#gradient = null;
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
    const { upright, margin, length } = this.#bar;
    const at = (db) => Math.round((length * (Math.min(Math.max(db, FLOOR_DB), 0) - FLOOR_DB)) / -FLOOR_DB);
    const [peak, rms, top] = [this.#peak, this.#rms, this.#top].map(at);
    const shown = [peak, rms, top, this.#top > CLIPPING_DB].join();
    if (shown === this.#painted && this.#gradient) return;
    this.#painted = shown;
    if (!this.#gradient) this.#prepare(upright, margin, length, at);
    this.#paint(peak, rms, top);
  }

  get #bar() {
    const { width, height, ratio } = this.#size;
    const upright = height > width;
    const margin = upright ? 9 * ratio : 0;
    return { upright, margin, length: (upright ? height : width) - 2 * margin, thick: upright ? Math.min(width, 14 * ratio) : height };
  }

  #prepare(upright, margin, length, at) {
    const { width, height, ratio } = this.#size;
    const { context } = this;
    this.#gradient = context.createLinearGradient(...(upright ? [0, height - margin, 0, margin] : [margin, 0, margin + length, 0]));
    for (const [stop, colour] of STOPS) this.#gradient.addColorStop(stop, colour);
    context.clearRect(0, 0, width, height);
    if (!upright || width <= 24 * ratio) return;
    context.fillStyle = this.#styles["--quiet"];
    context.font = `${10.5 * ratio}px system-ui, sans-serif`;
    context.textBaseline = "middle";
    for (const db of MARKS_DB) {
      context.fillText(String(db).replace("-", "−"), this.#bar.thick + 5 * ratio, height - margin - at(db));
    }
  }

  // The bar alone: the browser has to put together no more than what was painted.
  #paint(peak, rms, top) {
    const { context } = this;
    const { upright, margin, length, thick } = this.#bar;
    const bar = (from, to) => upright
      ? context.fillRect(0, this.#size.height - margin - to, thick, to - from)
      : context.fillRect(margin + from, 0, to - from, thick);
    context.fillStyle = this.#styles["--raised"];
    bar(0, length);
    context.fillStyle = this.#gradient;
    context.globalAlpha = 0.45;
    bar(0, peak);
    context.globalAlpha = 1;
    bar(0, rms);
    context.fillStyle = this.#styles[this.#top > CLIPPING_DB ? "--bad" : "--text"];
    if (top > 0) bar(Math.max(top - 2 * this.#size.ratio, 0), top);
  }
}
