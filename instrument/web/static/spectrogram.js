/** Shows a spectrogram of the last seconds, scrolling from right to left at the display's rate. */

import { levelColours, writeColumn } from "./colours.js";
import { sheet } from "./sheet.js";

const BANDS = 64;
const COLUMNS_A_SECOND = 25;
const FLOOR_DB = -80;
const CEILING_DB = -6;
const COLUMN_PIXELS = 3;
const RING = 1024;
const MAX_BEHIND = 12;

/** Draws into a canvas; the columns lie in a ring, so that scrolling copies only. */
export class Spectrogram {
  #head = 0;
  #behind = 0;
  #painted = -1;
  #levels = [];
  #width = 1;

  constructor(canvas) {
    this.canvas = canvas;
    this.ring = sheet(RING, BANDS);
    this.context = this.ring.getContext("2d");
    this.column = new ImageData(1, BANDS);
  }

  /** Appends the levels of one moment, [64] dB, low bands first. */
  add(levels) {
    this.#levels.push(levels);
    if (this.#levels.length > RING) this.#levels.shift();
    this.#write(levels);
    this.#behind = Math.min(this.#behind + 1, MAX_BEHIND);
  }

  fit({ width, ratio }) {
    this.#width = Math.max(1, Math.round(width / ratio));
    this.#painted = -1;
  }

  restyle(styles) {
    this.colours = levelColours((name) => styles[name]);
    this.context.fillStyle = `rgb(${this.colours.slice(0, 3).join()})`;
    this.context.fillRect(0, 0, RING, BANDS);
    this.#head = 0;
    for (const levels of this.#levels) this.#write(levels);
    this.#painted = -1;
  }

  #write(levels) {
    writeColumn(this.column, 0, levels.map((db) => (db - FLOOR_DB) / (CEILING_DB - FLOOR_DB)), this.colours);
    this.context.putImageData(this.column, this.#head, 0);
    this.#head = (this.#head + 1) % RING;
  }

  /** Advances by one frame: scrolls by the seconds that have passed, faster where columns have piled up. */
  tick(seconds) {
    const speed = 1 + Math.max(0, this.#behind - 2);
    this.#behind = Math.max(0, this.#behind - speed * COLUMNS_A_SECOND * seconds);
    const place = this.#head + RING - this.#behind;
    if (place === this.#painted) return;
    this.#painted = place;
    this.#paint(place);
  }

  #paint(end) {
    const { canvas } = this;
    // As high as there are bands: the browser stretches it, which costs less than to draw more pixels.
    const [width, height, step] = [this.#width, BANDS, COLUMN_PIXELS];
    if (canvas.width !== width || canvas.height !== height) [canvas.width, canvas.height] = [width, height];
    const context = canvas.getContext("2d", { alpha: false });
    const count = Math.min(Math.ceil(width / step) + 1, RING - MAX_BEHIND - 1);
    const first = Math.floor(end) - count;
    context.imageSmoothingEnabled = true;
    for (let from = first; from < first + count; ) {
      const column = ((from % RING) + RING) % RING;
      const run = Math.min(first + count - from, RING - column);
      context.drawImage(this.ring, column, 0, run, BANDS, width - (end - from) * step, 0, run * step, height);
      from += run;
    }
  }
}
