/** Moves the point slowly around a centre: on each axis a sum of slow sines with incommensurate rates. */

const SPEEDS = [1, 0.618, 1.414];
const WEIGHTS = [0.5, 0.3, 0.2];

/** Wanders while `on`; `rate` in Hz, `radius` as a share of the pad. */
export class Wander {
  #centre = [0.5, 0.5];
  #speeds = [0, 1].map(() => SPEEDS.map((speed) => speed * (0.85 + 0.3 * Math.random())));
  #phases = [[0, 0, 0], [0, 0, 0]];

  /** `place` is called with a position for every frame. */
  constructor(place) {
    this.place = place;
    this.on = false;
    this.rate = 0.1;
    this.radius = 0.15;
  }

  /** Wanders around a position from now on. */
  start(x, y) {
    this.#centre = [x, y];
    this.#phases = [0, 1].map(() => SPEEDS.map(() => (Math.random() < 0.5 ? 0 : Math.PI)));
  }

  /** Advances by one frame; returns whether it goes on. */
  tick(seconds) {
    if (!this.on) return false;
    const moved = this.#phases.map((phases, axis) => {
      phases.forEach((_, n) => (phases[n] += 2 * Math.PI * this.rate * this.#speeds[axis][n] * seconds));
      return phases.reduce((sum, phase, n) => sum + WEIGHTS[n] * Math.sin(phase), 0) * this.radius;
    });
    const [x, y] = this.#centre.map((value, axis) => Math.min(Math.max(value + moved[axis], 0), 1));
    this.place(x, y);
    return true;
  }
}
