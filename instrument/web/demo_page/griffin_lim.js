/**
 * Turns magnitude spectra into sound, frame by frame and causally: the twin of the Python kernel.
 *
 * aitunes/audio_processing/griffin_lim.py and _griffin_lim_kernel.py have the papers, the derivations and the reasons for
 * every number; tests/instrument/web/test_demo_sound.py holds both to the same figures.
 */

import { Phases } from "./phases.js";
import { RealTransform } from "./real_transform.js";

const LOUDEST = 1e9;
const SILENT = 1e-9;
const MOMENTUM = 0.9;
const NEWEST_WEIGHT = 0.3;
const MIN_POWER = 0.002;
const FADE = 0.125;
const FEW_ITERATIONS = 4;

/** Takes a frame and gives a hop at a time; without look-ahead. */
export class StreamingGriffinLim {
  #refined = false;
  #oldest = 0;

  /** `transform` and `hop` in samples, `iterations` refinements a hop, `seed` of the phases of held noise. */
  constructor(transform, hop, iterations = 8, seed = 1) {
    const overlap = transform / hop;
    if (![2, 4, 8, 16].includes(overlap)) throw new RangeError(`A hop of ${hop} does not fit a window of ${transform}.`);
    Object.assign(this, { transform, hop, overlap, iterations });
    this.bins = transform / 2 + 1;
    this.window = Float32Array.from({ length: transform }, (_, n) => 0.5 - 0.5 * Math.cos((2 * Math.PI * n) / transform));
    this.synthesis = synthesisWindows(this.window, hop, overlap);
    this.fade = Float32Array.from({ length: hop }, (_, n) => Math.min((n + 0.5) / (FADE * hop), 1));
    this.fourier = new RealTransform(transform);
    this.phases = new Phases(transform, hop, seed);
    this.samples = new Float32Array((2 * overlap - 1) * hop);
    this.slots = Array.from({ length: overlap }, () => new Slot(transform));
  }

  /** Forgets all frames. */
  reset() {
    this.phases.reset();
    this.samples.fill(0);
    for (const slot of this.slots) slot.clear();
    this.#refined = false;
    this.#oldest = 0;
  }

  /** Goes on as if the frame S [bins] had stood for a whole window, so that the next hop has its full level. */
  prime(S, scratch) {
    this.reset();
    this.slots[0].take(S);
    this.phases.before.set(this.slots[0].magnitudes);
    const { iterations } = this;
    this.iterations = 0;
    for (let n = 1; n < this.overlap; n++) this.process(S, scratch);
    this.iterations = iterations;
  }

  /** Takes a frame's magnitudes S [bins]; leaves a hop in `out` [hop]. */
  process(S, out) {
    const { transform, hop, samples, phases, slots, iterations } = this;
    // The last hop's estimate, before refinement changes it.
    for (let n = 0; n < hop; n++) out[n] = samples[transform - hop + n];
    const newest = slots[this.#oldest];
    this.#oldest = (this.#oldest + 1) % this.overlap;
    newest.take(S);
    phases.propagate(newest.magnitudes, 1 + Math.min(iterations, 8) / 8, this.#refined);
    newest.turn(phases);
    this.fourier.inverse(newest.re, newest.im, newest.frame);
    for (let iteration = 0; iteration < iterations; iteration++) {
      this.#overlapAdd();
      this.#refine(newest, iteration === 0);
    }
    this.#refined = iterations > 0;
    if (this.#refined) phases.keep(newest.re, newest.im);
    this.#commit(out);
  }

  #overlapAdd() {
    const { transform, hop, overlap, samples, slots, synthesis } = this;
    samples.fill(0, (overlap - 1) * hop);
    for (let age = 0; age < overlap; age++) {
      const { frame } = slots[(this.#oldest + age) % overlap];
      const weight = synthesis[age];
      const begin = age * hop;
      for (let n = (overlap - 1 - age) * hop; n < transform; n++) samples[begin + n] += weight[n] * frame[n];
    }
  }

  /** Restores the magnitudes of the frames that have not settled around the phases of the present estimate. */
  #refine(newest, first) {
    const { hop, overlap, samples, window, fourier, iterations } = this;
    const settled = iterations <= FEW_ITERATIONS && overlap >= 8 ? overlap >> 1 : (3 * overlap) >> 3;
    for (let age = settled; age < overlap; age++) {
      const slot = this.slots[(this.#oldest + age) % overlap];
      const unknown = first && (slot === newest || !this.#refined);
      fourier.refine(samples, age * hop, window, unknown ? 0 : MOMENTUM, slot);
    }
  }

  /** Emits the oldest hop, faded over from the last hop's estimate of it, which `out` holds, and moves on. */
  #commit(out) {
    const { transform, hop, samples, fade } = this;
    const first = transform - hop;
    this.#overlapAdd();
    for (let n = 0; n < hop; n++) {
      out[n] += fade[n] * (samples[first + n] - out[n]);
      samples[first + n] = out[n];
    }
    samples.copyWithin(0, hop);
    samples.fill(0, samples.length - hop);
  }
}

/** Holds one frame: its magnitudes, its spectrum with the phases found so far, and the samples of that. */
class Slot {
  constructor(transform) {
    const bins = transform / 2 + 1;
    for (const name of ["magnitudes", "re", "im", "lastRe", "lastIm"]) this[name] = new Float32Array(bins);
    this.frame = new Float32Array(transform);
  }

  clear() {
    for (const values of Object.values(this)) values.fill(0);
  }

  take(S) {
    const { magnitudes } = this;
    for (let k = 0; k < magnitudes.length; k++) magnitudes[k] = S[k] > SILENT && S[k] <= LOUDEST ? S[k] : 0;
  }

  turn(phases) {
    const { magnitudes, re, im } = this;
    for (let k = 0; k < magnitudes.length; k++) {
      re[k] = magnitudes[k] * phases.re[k];
      im[k] = magnitudes[k] * phases.im[k];
    }
  }
}

function synthesisWindows(window, hop, overlap) {
  const transform = window.length;
  const weights = Array.from({ length: overlap }, (_, age) => (age === overlap - 1 ? NEWEST_WEIGHT : 1));
  // Frames older than these also have weight, but not in samples still to be emitted.
  const power = new Float64Array((2 * overlap - 1) * hop);
  weights.forEach((weight, age) => window.forEach((value, n) => (power[age * hop + n] += weight * value * value)));
  return weights.map((weight, age) =>
    window.map((value, n) => (weight * value) / Math.max(power[age * hop + n], MIN_POWER)));
}
