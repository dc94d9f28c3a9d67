/** Takes refinements back where hops take too long, and gives them again. */

const WINDOW_SECONDS = 0.5;
const HIGH_LOAD = 0.75;
const LOW_LOAD = 0.4;
const PATIENT_WINDOWS = 6;

/** Counts the time of hops; a clock in whole milliseconds is enough, as its errors cancel over a window. */
export class Effort {
  #work = 0;
  #time = 0;
  #quiet = 0;

  constructor(most) {
    Object.assign(this, { most, iterations: most, load: 0 });
  }

  /** Counts a hop that lasted `seconds` and took `work` of them; returns whether a window has ended. */
  count(work, seconds) {
    this.#work += work;
    this.#time += seconds;
    if (this.#time < WINDOW_SECONDS) return false;
    this.load = this.#work / this.#time;
    this.#work = this.#time = 0;
    this.#quiet = this.load < LOW_LOAD ? this.#quiet + 1 : 0;
    if (this.load > HIGH_LOAD) this.iterations = Math.floor(this.iterations / 2);
    else if (this.#quiet >= PATIENT_WINDOWS && this.iterations < this.most) {
      this.iterations += 1;
      this.#quiet = 0;
    }
    return true;
  }
}
