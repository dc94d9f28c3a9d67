/**
 * Transforms between spectra and real samples without allocating, for sizes that are powers of 2.
 *
 * Even samples lie in the real part of a complex transform of half the size, odd ones in its imaginary part.
 */

const TINY = 1e-30;

/** Holds what one size needs. */
export class RealTransform {
  /** `size` is a power of 2, at least 4. */
  constructor(size) {
    if (size < 4 || size & (size - 1)) throw new RangeError(`A transform's size is a power of 2, not ${size}.`);
    this.size = size;
    const half = size / 2;
    for (const name of ["re", "im", "backRe", "backIm"]) this[name] = new Float64Array(half);
    this.order = bitReversal(half);
    this.cos = Float64Array.from({ length: half }, (_, k) => Math.cos((2 * Math.PI * k) / size));
    this.sin = Float64Array.from({ length: half }, (_, k) => Math.sin((2 * Math.PI * k) / size));
    this.passes = passes(half);
  }

  /**
   * Refines a frame by the samples from `begin` on: analyses them, puts the frame's magnitudes around the phases found,
   * carried on by their last change times `momentum`, and transforms back.
   *
   * One loop over pairs of bins does what would be three; a spectrum's two halves come apart by their symmetry.
   */
  refine(samples, begin, window, momentum, { magnitudes, re: toRe, im: toIm, lastRe, lastIm, frame }) {
    const { re, im, backRe, backIm, order, cos, sin, size } = this;
    const half = order.length, scale = 1 / size;
    for (let n = 0; n < half; n++) {
      const from = 2 * order[n];
      re[n] = window[from] * samples[begin + from];
      im[n] = window[from + 1] * samples[begin + from + 1];
    }
    butterflies(re, im, this.passes);
    this.#refineEnds(momentum, magnitudes, toRe, toIm, lastRe);
    for (let k = 1; k <= half / 2; k++) {
      const j = half - k, c = cos[k], s = sin[k];
      const evenRe = 0.5 * (re[k] + re[j]), evenIm = 0.5 * (im[k] - im[j]);
      const oddRe = 0.5 * (im[k] + im[j]), oddIm = 0.5 * (re[j] - re[k]);
      const turnedRe = oddRe * c + oddIm * s, turnedIm = oddIm * c - oddRe * s;
      const lowRe = evenRe + turnedRe, lowIm = evenIm + turnedIm, highRe = evenRe - turnedRe, highIm = turnedIm - evenIm;
      let x = lowRe + momentum * (lowRe - lastRe[k]), y = lowIm + momentum * (lowIm - lastIm[k]);
      let v = highRe + momentum * (highRe - lastRe[j]), w = highIm + momentum * (highIm - lastIm[j]);
      const low = magnitudes[k] / Math.sqrt(x * x + y * y + TINY), high = magnitudes[j] / Math.sqrt(v * v + w * w + TINY);
      lastRe[k] = lowRe;
      lastIm[k] = lowIm;
      lastRe[j] = highRe;
      lastIm[j] = highIm;
      toRe[k] = x *= low;
      toIm[k] = y *= low;
      toRe[j] = v *= high;
      toIm[j] = w *= high;
      const sumRe = x + v, sumIm = y - w, gapRe = x - v, gapIm = y + w;
      const backTurnedRe = gapRe * c - gapIm * s, backTurnedIm = gapIm * c + gapRe * s;
      const to = order[k], mirrored = order[j];
      backIm[to] = scale * (sumRe - backTurnedIm);
      backRe[to] = scale * (sumIm + backTurnedRe);
      backIm[mirrored] = scale * (sumRe + backTurnedIm);
      backRe[mirrored] = scale * (backTurnedRe - sumIm);
    }
    butterflies(backRe, backIm, this.passes);
    this.#unpack(frame);
  }

  /** Refines the first and the last bin, which are real. */
  #refineEnds(momentum, magnitudes, toRe, toIm, last) {
    const { re, im, backRe, backIm, size } = this;
    const half = size / 2;
    const [first, final] = [re[0] + im[0], re[0] - im[0]].map((fresh, n) => {
      const bin = n * half;
      const value = fresh + momentum * (fresh - last[bin]);
      last[bin] = fresh;
      toIm[bin] = 0;
      return (toRe[bin] = (magnitudes[bin] * value) / Math.sqrt(value * value + TINY));
    });
    backIm[0] = (first + final) / size;
    backRe[0] = (first - final) / size;
  }

  /** Writes the spectrum [size / 2 + 1] of samples [size]. */
  forward(samples, toRe, toIm) {
    const { re, im, order, cos, sin } = this, half = order.length;
    for (let n = 0; n < half; n++) {
      re[n] = samples[2 * order[n]];
      im[n] = samples[2 * order[n] + 1];
    }
    butterflies(re, im, this.passes);
    for (let k = 0; k <= half; k++) {
      const a = k % half, b = (half - k) % half, c = k < half ? cos[k] : -1, s = k < half ? sin[k] : 0;
      const oddRe = 0.5 * (im[a] + im[b]), oddIm = 0.5 * (re[b] - re[a]);
      toRe[k] = 0.5 * (re[a] + re[b]) + oddRe * c + oddIm * s;
      toIm[k] = 0.5 * (im[a] - im[b]) + oddIm * c - oddRe * s;
    }
  }

  /** Writes the samples [size] of a spectrum; its first and last bins count as real. */
  inverse(inRe, inIm, samples) {
    const { backRe: re, backIm: im, order, cos, sin, size } = this;
    const half = order.length;
    const scale = 1 / size;
    // Real and imaginary parts change places, which makes the forward transform the inverse one.
    im[0] = scale * (inRe[0] + inRe[half]);
    re[0] = scale * (inRe[0] - inRe[half]);
    for (let k = 1; k <= half / 2; k++) {
      const j = half - k;
      const evenRe = inRe[k] + inRe[j], evenIm = inIm[k] - inIm[j];
      const oddRe = inRe[k] - inRe[j], oddIm = inIm[k] + inIm[j];
      const turnedRe = oddRe * cos[k] - oddIm * sin[k], turnedIm = oddIm * cos[k] + oddRe * sin[k];
      const to = order[k], mirrored = order[j];
      im[to] = scale * (evenRe - turnedIm);
      re[to] = scale * (evenIm + turnedRe);
      im[mirrored] = scale * (evenRe + turnedIm);
      re[mirrored] = scale * (turnedRe - evenIm);
    }
    butterflies(re, im, this.passes);
    this.#unpack(samples);
  }

  #unpack(samples) {
    const { backRe, backIm } = this;
    for (let n = 0; n < backRe.length; n++) {
      samples[2 * n] = backIm[n];
      samples[2 * n + 1] = backRe[n];
    }
  }
}

function bitReversal(size) {
  const order = new Uint32Array(size);
  for (let n = 1; n < size; n++) order[n] = (order[n >> 1] >> 1) | (n & 1 ? size >> 1 : 0);
  return order;
}

/** Lists the passes by 4 after a pass by 2 where the size is no power of 4: quarter of a block, and its turns. */
function passes(size) {
  const found = [];
  const odd = Math.log2(size) % 2 === 1;
  for (let quarter = odd ? 2 : 1; quarter < size; quarter *= 4) {
    const turns = new Float64Array(6 * quarter);
    for (let k = 0; k < quarter; k++) {
      [2, 1, 3].forEach((times, n) => {
        const angle = (-2 * Math.PI * times * k) / (4 * quarter);
        turns[6 * k + 2 * n] = Math.cos(angle);
        turns[6 * k + 2 * n + 1] = Math.sin(angle);
      });
    }
    found.push({ quarter, turns });
  }
  return { odd, found };
}

function butterflies(re, im, { odd, found }) {
  if (odd) byTwo(re, im);
  for (const { quarter, turns } of found) byFour(re, im, quarter, turns);
}

function byTwo(re, im) {
  for (let n = 0; n < re.length; n += 2) {
    const x = re[n + 1], y = im[n + 1];
    re[n + 1] = re[n] - x;
    im[n + 1] = im[n] - y;
    re[n] += x;
    im[n] += y;
  }
}

function byFour(re, im, quarter, turns) {
  const size = re.length;
  for (let k = 0; k < quarter; k++) {
    const c1 = turns[6 * k], s1 = turns[6 * k + 1], c2 = turns[6 * k + 2], s2 = turns[6 * k + 3];
    const c3 = turns[6 * k + 4], s3 = turns[6 * k + 5];
    for (let a = k; a < size; a += 4 * quarter) {
      const b = a + quarter, c = b + quarter, d = c + quarter;
      const bRe = re[b] * c1 - im[b] * s1, bIm = re[b] * s1 + im[b] * c1;
      const cRe = re[c] * c2 - im[c] * s2, cIm = re[c] * s2 + im[c] * c2;
      const dRe = re[d] * c3 - im[d] * s3, dIm = re[d] * s3 + im[d] * c3;
      const lowRe = re[a] + bRe, lowIm = im[a] + bIm, highRe = re[a] - bRe, highIm = im[a] - bIm;
      const sumRe = cRe + dRe, sumIm = cIm + dIm, gapRe = cRe - dRe, gapIm = cIm - dIm;
      re[a] = lowRe + sumRe;
      im[a] = lowIm + sumIm;
      re[c] = lowRe - sumRe;
      im[c] = lowIm - sumIm;
      re[b] = highRe + gapIm;
      im[b] = highIm - gapRe;
      re[d] = highRe - gapIm;
      im[d] = highIm + gapRe;
    }
  }
}
