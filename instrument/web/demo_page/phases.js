/**
 * Starts a frame's phases from the frame before and from its own louder bins.
 *
 * The twin of `propagate` in aitunes/audio_processing/_griffin_lim_kernel.py, which derives every formula; names agree.
 */

const TINY = 1e-30;
const SILENT = 1e-9;
const STEADY = 6;
const HELD = 300;
const SAME = 1e5;

/** Holds the newest frame's phases, of modulus 1, from hop to hop. */
export class Phases {
  constructor(transform, hop, seed) {
    Object.assign(this, { bins: transform / 2 + 1, overlap: transform / hop, dice: seed });
    const halfHop = (Math.PI * hop) / transform;
    Object.assign(this, { halfHop, cosHalf: Math.cos(halfHop), sinHalf: Math.sin(halfHop) });
    const angles = Float64Array.from({ length: this.overlap }, (_, n) => (2 * Math.PI * n) / this.overlap);
    Object.assign(this, { turnRe: angles.map(Math.cos), turnIm: angles.map(Math.sin) });
    for (const name of ["re", "im", "before", "stepRe", "stepIm", "origin", "rising", "falling", "offsets"]) {
      this[name] = new Float32Array(this.bins);
    }
    this.step = new Float64Array(2);
    this.reset();
  }

  /** Forgets all frames; the dice roll on. */
  reset() {
    for (let k = 0; k < this.bins; k++) this.re[k] = k % 2 ? -1 : 1;
    this.im.fill(0);
    this.before.fill(0);
    this.stepRe.fill(1);
    this.stepIm.fill(0);
  }

  /** Takes magnitudes S [bins]; `past` weighs a bin's own past, `refined` says whether the last frame was refined. */
  propagate(S, past, refined) {
    const { re, im } = this;
    this.#findPaths(S, past);
    this.#turnInTime(S, refined ? 1 : 0);
    this.#turnInFrequency(S);
    for (let k = 0; k < this.bins; k++) {
      const modulus = Math.sqrt(re[k] * re[k] + im[k] * im[k]);
      re[k] = modulus > 0.5 ? re[k] / modulus : 1;
      im[k] = modulus > 0.5 ? im[k] / modulus : 0;
    }
    this.before.set(S);
  }

  /** Remembers the phases that refinement has found; a silent bin keeps its own. */
  keep(spectrumRe, spectrumIm) {
    for (let k = 0; k < this.bins; k++) {
      const x = spectrumRe[k], y = spectrumIm[k];
      const modulus = Math.sqrt(x * x + y * y);
      if (modulus <= SILENT) continue;
      this.re[k] = x / modulus;
      this.im[k] = y / modulus;
    }
  }

  #findPaths(S, past) {
    const { origin, rising, falling, before, bins } = this;
    let loudest = 0;
    for (let k = 0; k < bins; k++) {
      origin[k] = past * before[k];
      if (S[k] > S[loudest]) loudest = k;
    }
    origin[loudest] = Math.max(origin[loudest], 1e-3 * S[loudest]);
    rising[0] = origin[0];
    falling[bins - 1] = origin[bins - 1];
    for (let k = 1; k < bins; k++) rising[k] = Math.max(origin[k], Math.min(rising[k - 1], S[k - 1]));
    for (let k = bins - 2; k >= 0; k--) falling[k] = Math.max(origin[k], Math.min(falling[k + 1], S[k + 1]));
  }

  #turnInTime(S, refined) {
    const { re, im, stepRe, stepIm, offsets, overlap, turnRe, turnIm, bins } = this;
    for (let k = 1; k < bins; k++) {
      stepRe[k] = refined * (re[k] * re[k - 1] + im[k] * im[k - 1]);
      stepIm[k] = refined * (im[k] * re[k - 1] - re[k] * im[k - 1]);
    }
    findFrequencies(S, offsets);
    const wander = Math.PI / (1 + SAME * this.#moved(S));
    const hopAngle = 2 * this.halfHop;
    for (let k = 0; k < bins; k++) {
      const ahead = offsets[k] - offsets[Math.min(k + 1, bins - 1)], behind = offsets[Math.max(k - 1, 0)] - offsets[k];
      const noise = Math.min(Math.max(1.5 - 2 * Math.max(ahead, behind), 0), 1);
      this.dice = (Math.imul(this.dice, 1103515245) + 12345) & 0x7fffffff;
      const angle = hopAngle * offsets[k] + wander * noise * (this.dice / 2 ** 30 - 1);
      const cos = Math.cos(angle), sin = Math.sin(angle), hopRe = turnRe[k % overlap], hopIm = turnIm[k % overlap];
      const c = hopRe * cos - hopIm * sin, s = hopRe * sin + hopIm * cos, x = re[k];
      re[k] = x * c - im[k] * s;
      im[k] = x * s + im[k] * c;
    }
  }

  /** Returns the share of the frame's power that has changed. */
  #moved(S) {
    const { before } = this;
    let power = TINY, moved = 0;
    for (let k = 0; k < S.length; k++) {
      power += S[k] * S[k];
      moved += (S[k] - before[k]) * (S[k] - before[k]);
    }
    return moved / power;
  }

  #turnInFrequency(S) {
    const { origin, rising, falling, re, im, before, step, bins } = this;
    for (let k = 1; k < bins; k++) {
      if (!(rising[k] > origin[k] && rising[k] >= falling[k])) continue;
      this.#stepOf(before[k - 1] + before[k], S[k - 1] + S[k], k);
      const x = re[k - 1], y = im[k - 1];
      re[k] = x * step[0] - y * step[1];
      im[k] = x * step[1] + y * step[0];
    }
    for (let k = bins - 2; k >= 0; k--) {
      if (!(falling[k] > origin[k] && falling[k] > rising[k])) continue;
      this.#stepOf(before[k + 1] + before[k], S[k + 1] + S[k], k + 1);
      const x = re[k + 1], y = im[k + 1];
      re[k] = x * step[0] + y * step[1];
      im[k] = y * step[0] - x * step[1];
    }
  }

  /** Leaves in `step` how the phase turns from bin k - 1 to k where magnitudes went from `before` to `now`. */
  #stepOf(before, now, k) {
    const ratio = Math.sqrt((before + SILENT) / (now + SILENT));
    const change = (ratio - 1 / ratio) / this.halfHop;
    const squared = change * change;
    const click = (this.cosHalf - ratio) / this.sinHalf;
    const back = (1 - this.cosHalf) / this.sinHalf / (1 + STEADY * squared);
    const x = 1 - click * back, y = -(click + back);
    const norm = -1 / ((1 + click * click) * (1 + back * back));
    const turnRe = (x * x - y * y) * norm, turnIm = 2 * x * y * norm;
    const held = 1 / (1 + HELD * squared);
    const mixedRe = held * this.stepRe[k] + (1 - held) * turnRe, mixedIm = held * this.stepIm[k] + (1 - held) * turnIm;
    const size = Math.sqrt(mixedRe * mixedRe + mixedIm * mixedIm);
    this.step[0] = size > 0.01 ? mixedRe / size : turnRe;
    this.step[1] = size > 0.01 ? mixedIm / size : turnIm;
  }
}

function findFrequencies(S, offsets) {
  const last = S.length - 1;
  for (let k = 0; k <= last; k++) {
    const below = S[k > 0 ? k - 1 : 1], above = S[k < last ? k + 1 : last - 1];
    const total = above + below, change = above - below;
    offsets[k] = (4 * change) / (3 * total + Math.sqrt(9 * total * total - 8 * change * change) + TINY);
  }
}
