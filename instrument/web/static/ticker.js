/** Calls what moves by itself once for every frame of the display, while the page is seen. */

/** Runs `tick(seconds since the last one)` of everything that was added, until none returns true; `wake` begins again. */
export class Ticker {
  #parts = [];
  #frame = 0;
  #last = 0;

  constructor() {
    this.wanted = () => true;
    document.addEventListener("visibilitychange", () => this.wake());
  }

  add(part) {
    this.#parts.push(part);
  }

  /** Starts after a pause, or after a change. */
  wake() {
    if (this.#frame || document.hidden || !this.wanted()) return;
    this.#last = performance.now();
    this.#frame = requestAnimationFrame((now) => this.#run(now));
  }

  #run(now) {
    const seconds = Math.min(Math.max(now - this.#last, 0) / 1000, 0.25);
    this.#last = now;
    const moving = this.#parts.map((part) => part.tick(seconds)).some(Boolean);
    const goesOn = moving && !document.hidden && this.wanted();
    this.#frame = goesOn ? requestAnimationFrame((next) => this.#run(next)) : 0;
  }
}
