/** Calls what moves once for every frame of the display, while the page is seen. */

const FIGURE_FRAMES = 30;

/**
 * Runs `tick(seconds since its last one)` of everything that was added.
 *
 * While `held()` tells that a hand plays, what was added with `aside` is painted in every other frame: the hand's next move
 * comes through sooner.
 */
export class Ticker {
  #parts = [];
  #aside = [];
  #saved = 0;
  #frame = 0;
  #last = 0;
  #times = [];

  constructor() {
    this.wanted = () => true;
    this.held = () => false;
    document.addEventListener("visibilitychange", () => this.wake());
  }

  add(part, aside = false) {
    (aside ? this.#aside : this.#parts).push(part);
  }

  /** Returns frames a second over the last ones; 0 while nothing runs. */
  get rate() {
    const times = this.#times;
    return times.length < 2 ? 0 : (1000 * (times.length - 1)) / (times.at(-1) - times[0]);
  }

  /** Starts again after a pause. */
  wake() {
    if (this.#frame || document.hidden || !this.wanted()) return;
    this.#times = [];
    this.#last = performance.now();
    this.#frame = requestAnimationFrame((now) => this.#run(now));
  }

  #run(now) {
    this.#times.push(now);
    if (this.#times.length > FIGURE_FRAMES) this.#times.shift();
    const seconds = Math.min(Math.max(now - this.#last, 0) / 1000, 0.25);
    this.#last = now;
    for (const part of this.#parts) part.tick(seconds);
    this.#saved += seconds;
    if (!this.held() || this.#saved > seconds) {
      for (const part of this.#aside) part.tick(this.#saved);
      this.#saved = 0;
    }
    this.#frame = !document.hidden && this.wanted() ? requestAnimationFrame((next) => this.#run(next)) : 0;
  }
}
