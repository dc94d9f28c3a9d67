/** Keeps the latent position: where it goes, where it sounds now, and where both lie on the pad. */

export const LATENT_LIMIT = 4;

const clipped = (value, low, high) => Math.min(Math.max(value, low), high);

/** Moves along the straight line on which the engine reaches a target within the time of smoothing. */
export class Position {
  #start = [];
  #began = 0;
  #duration = 0;

  /** `ranges` holds the coordinates at the pad's two edges for every latent axis, standard deviations. */
  constructor(ranges = [], clock = () => performance.now() / 1000) {
    this.ranges = ranges;
    this.clock = clock;
    this.target = new Array(ranges.length).fill(0);
    this.axes = ranges.length > 1 ? [0, 1] : [0, 0];
  }

  get size() {
    return this.ranges.length;
  }

  /** Sets off for a target, reached after so many seconds. */
  move(target, seconds) {
    this.#start = this.current;
    this.target = target.map((value) => clipped(value, -LATENT_LIMIT, LATENT_LIMIT));
    this.#began = this.clock();
    this.#duration = seconds;
  }

  get current() {
    const share = this.#duration > 0 ? (this.clock() - this.#began) / this.#duration : 1;
    if (share >= 1) return this.target;
    return this.target.map((value, n) => this.#start[n] + (value - this.#start[n]) * share);
  }

  /** Returns the seconds until the target is reached. */
  get remaining() {
    return Math.max(0, this.#duration - (this.clock() - this.#began));
  }

  /** Returns the target with the pad's axes moved to x and y, 0..1; one that is null stays. */
  onPad(x, y) {
    const target = [...this.target];
    [x, y].forEach((share, n) => {
      const range = this.ranges[this.axes[n]];
      if (share !== null && range) target[this.axes[n]] = range[0] + share * (range[1] - range[0]);
    });
    return target;
  }

  /** Returns where coordinates lie on the pad, x and y within 0..1. */
  project(coordinates) {
    return this.axes.map((axis) => {
      const [low, high] = this.ranges[axis] ?? [-1, 1];
      return clipped(((coordinates[axis] ?? 0) - low) / (high - low || 1), 0, 1);
    });
  }
}
