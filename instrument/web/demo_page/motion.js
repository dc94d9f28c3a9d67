/** The recorded movements of a release's notes, from what instrument/web/demo/motion.py has written. */

const HALVES = Float32Array.from({ length: 1 << 16 }, (_, bits) => {
  const exponent = (bits >> 10) & 31, fraction = bits & 1023;
  const size = exponent ? 2 ** (exponent - 15) * (1 + fraction / 1024) : 2 ** -24 * fraction;
  return bits >> 15 ? -size : size;
});
const KINDS = {
  f8: (...place) => new Float64Array(...place),
  f4: (...place) => new Float32Array(...place),
  i4: (...place) => new Int32Array(...place),
  f2: (...place) => Float32Array.from(new Uint16Array(...place), (bits) => HALVES[bits]),
};

/** Holds the arrays of `Motion` in aitunes/release/motion.py, and those of `NoteMotions` and `VelocityTimbre`, flat. */
export class Motion {
  constructor({ levelRate, codeRate, rules, arrays }, bytes) {
    Object.assign(this, { levelRate, codeRate, rules });
    for (const [name, { kind, offset, size }] of Object.entries(arrays)) this[name] = KINDS[kind](bytes, offset, size);
    this.dim = Math.sqrt(this.metric.length);
  }

  /** Leaves z times the metric, both [dim], in `out`. */
  point(z, out) {
    const { metric, dim } = this;
    out.fill(0);
    for (let row = 0; row < dim; row++) {
      for (let n = 0; n < dim; n++) out[n] += z[row] * metric[row * dim + n];
    }
  }

  marks5(index) {
    return this.marks.subarray(5 * index, 5 * index + 5);
  }
}

/** Draws numbers that follow from a seed. */
export class Dice {
  #state;

  constructor(seed) {
    this.#state = seed & 0x7fffffff;
  }

  /** Returns a number from `low` to below `high`. */
  uniform(low = 0, high = 1) {
    this.#state = (Math.imul(this.#state, 1103515245) + 12345) & 0x7fffffff;
    return low + (high - low) * (this.#state / 2 ** 31);
  }

  /** Returns a whole number from 0 to below `count`. */
  integers(count) {
    return Math.floor(this.uniform() * count);
  }
}
