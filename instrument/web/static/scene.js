/** Paints what moves once for every frame of the display: runs in a worker, or in the page where no worker paints. */

import { Meter } from "./meter.js";
import { MovingPoint } from "./moving_point.js";
import { Spectrogram } from "./spectrogram.js";

const KINDS = { meter: Meter, point: MovingPoint, spectrogram: Spectrogram };
const SLOW_MS = 25;
const TELL_FRAMES = 30;

/** Names of the colours that the pictures need, as in the style sheet. */
export const STYLES = [
  "--quiet", "--accent", "--halo", "--text", "--raised", "--bad",
  "--level-0", "--level-1", "--level-2", "--level-3", "--level-4",
];

/**
 * Holds pictures by number. Each has `fit(size)`, `restyle(styles)`, `tick(seconds since its last one)`, and what it shows.
 *
 * `tell` receives {rate, frames, slow, aside}: frames a second now; and since the start all frames, those that took longer
 * than 25 ms, and how often a level or a spectrogram was painted.
 */
export class Scene {
  #pictures = new Map();
  #aside = new Map(); // seconds that each of the others is behind
  #points = [];
  #styles = {};
  #held = false;
  #next = 0;
  #last = 0;
  #counts = { frames: 0, slow: 0, aside: 0 };
  #since = { time: 0, frames: 0 };

  constructor(tell) {
    this.tell = tell;
  }

  add(number, kind, canvas) {
    const picture = new KINDS[kind](canvas);
    picture.restyle(this.#styles);
    this.#pictures.set(number, picture);
    if (kind === "point") this.#points.push(picture);
    else this.#aside.set(picture, 0);
  }

  /** Calls a method of a picture. */
  call(number, method, ...values) {
    this.#pictures.get(number)[method](...values);
  }

  /** Takes the colours of a theme, by name. */
  restyle(styles) {
    this.#styles = styles;
    for (const picture of this.#pictures.values()) picture.restyle(styles);
  }

  /** While a hand plays, level and spectrogram are painted in every other frame: its next move comes through sooner. */
  hold(held) {
    this.#held = held;
  }

  /** Paints from now on, or pauses. */
  run(running) {
    if (running === Boolean(this.#next)) return;
    if (!running) cancelAnimationFrame(this.#next);
    this.#last = performance.now();
    this.#since = { time: this.#last, frames: this.#counts.frames };
    this.#next = running ? requestAnimationFrame((now) => this.#frame(now)) : 0;
  }

  #frame(now) {
    this.#next = requestAnimationFrame((next) => this.#frame(next));
    const passed = Math.max(now - this.#last, 0);
    const seconds = Math.min(passed / 1000, 0.25);
    this.#last = now;
    for (const picture of this.#points) picture.tick(seconds);
    this.#counts.frames += 1;
    [...this.#aside.keys()].forEach((picture, n) => this.#paintAside(picture, n, seconds));
    if (passed > SLOW_MS) this.#counts.slow += 1;
    if (this.#counts.frames - this.#since.frames >= TELL_FRAMES) this.#report(now);
  }

  // By turns, as what lies between two pictures that change is put together again, too.
  #paintAside(picture, n, seconds) {
    const behind = this.#aside.get(picture) + seconds;
    const waits = this.#held && (this.#counts.frames + n) % 2;
    this.#aside.set(picture, waits ? behind : 0);
    if (waits) return;
    picture.tick(behind);
    this.#counts.aside += 1;
  }

  #report(now) {
    const rate = (1000 * (this.#counts.frames - this.#since.frames)) / Math.max(now - this.#since.time, 1);
    this.#since = { time: now, frames: this.#counts.frames };
    this.tell({ rate, ...this.#counts });
  }
}
