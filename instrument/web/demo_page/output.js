/** The last stage: mid and side to left and right, and a limiter; instrument/synthesis/stereo.py and dynamics.py. */

/** Widens and limits; `stereo` is what the site's release.json says of the filter. */
export class Output {
  #at = 0;
  #lastIn = 0;
  #lastOut = 0;
  #envelope = 0;

  constructor({ delays, gains, highPass, width, ceiling, release }) {
    Object.assign(this, { delays, gains: Float32Array.from(gains), highPass, width, ceiling, release });
    this.history = new Float32Array(1 << Math.ceil(Math.log2(delays.at(-1) + 2)));
    this.before = width;
  }

  /** Turns mid and side into left and right in place; a changed width is reached at the end of the block. */
  process(mid, side) {
    const { delays, gains, history, highPass, before, width } = this, mask = history.length - 1;
    for (let n = 0; n < mid.length; n++) {
      history[this.#at] = mid[n];
      let diffuse = 0;
      for (let k = 0; k < delays.length; k++) diffuse += gains[k] * history[(this.#at - delays[k]) & mask];
      this.#at = (this.#at + 1) & mask;
      this.#lastOut = highPass * (this.#lastOut + diffuse - this.#lastIn);
      this.#lastIn = diffuse;
      const apart = (before + ((width - before) * (n + 1)) / mid.length) * (side[n] + this.#lastOut);
      side[n] = mid[n] - apart;
      mid[n] += apart;
      this.#limit(mid, side, n);
    }
    this.before = width;
  }

  #limit(left, right, n) {
    this.#envelope = Math.max(Math.abs(left[n]), Math.abs(right[n]), this.#envelope * this.release);
    if (this.#envelope <= this.ceiling) return;
    left[n] *= this.ceiling / this.#envelope;
    right[n] *= this.ceiling / this.#envelope;
  }
}
