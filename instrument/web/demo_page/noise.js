/** Lets the magnitudes of a frame move as those of noise do: the twin of aitunes/audio_processing/fluctuation.py. */

import { Dice } from "./motion.js";
import { RealTransform } from "./real_transform.js";

const FRAMES = 256;
const HARMONIC_BINS = 1.5;
const FLOOR = 0.03;
const BANDS = 16;
const ROOT_3 = Math.sqrt(3);

/** Holds a circle of spectra of white noise, of unit power and without the phase advance of their bins. */
export class Noise {
  constructor({ sampleRate, transform, hop }) {
    const bins = transform / 2 + 1;
    Object.assign(this, { bins, frames: FRAMES, perHertz: transform / sampleRate });
    const mel = (k) => Math.log10(1 + (k * sampleRate) / transform / 700);
    this.band = Uint8Array.from({ length: bins }, (_, k) => Math.min(Math.trunc((mel(k) / mel(bins - 1)) * BANDS), BANDS - 1));
    this.re = new Float32Array(FRAMES * bins);
    this.im = new Float32Array(FRAMES * bins);
    this.#fill(transform, hop);
  }

  /** Lets a frame move with the share of noise near harmonics and between them, at its own power times `scale`². */
  fluctuate(frame, share, amount, pitch, noiseFrame, scale, out) {
    const { bins, band, re, im, perHertz } = this;
    const begin = noiseFrame * bins, spacing = 440 * 2 ** ((pitch - 69) / 12) * perHertz;
    let power = 0, moved = 0;
    for (let k = 0; k < bins; k++) {
      // The bins of one lobe belong to one partial: apart, they would spread it over the gaps beside it.
      const centre = Math.max(1, Math.floor(k / spacing + 0.5)) * spacing;
      const near = Math.abs(k - centre) < HARMONIC_BINS;
      const source = begin + (near ? Math.min(Math.trunc(centre + 0.5), bins - 1) : k);
      const rho = Math.min(share[near ? band[k] : BANDS + band[k]] * amount, 1), root = Math.sqrt(rho);
      const x = Math.sqrt(1 - rho) + root * re[source], y = root * im[source];
      out[k] = frame[k] * Math.max(FLOOR, Math.sqrt(x * x + y * y));
      power += frame[k] * frame[k];
      moved += out[k] * out[k];
    }
    // The movement's level fluctuates already; that of the noise on top would make attacks slower.
    const gain = scale * Math.sqrt(power / Math.max(moved, 1e-30));
    for (let k = 0; k < bins; k++) out[k] *= gain;
  }

  #fill(transform, hop) {
    const { bins, re, im } = this, dice = new Dice(1), fourier = new RealTransform(transform);
    // Uniform numbers between −1 and 1 have a third of the power.
    const circle = Float32Array.from({ length: FRAMES * hop }, () => ROOT_3 * dice.uniform(-1, 1));
    const window = Float32Array.from({ length: transform }, (_, n) => 0.5 - 0.5 * Math.cos((2 * Math.PI * n) / transform));
    const unit = 1 / Math.sqrt(window.reduce((sum, value) => sum + value * value, 0));
    const frame = new Float32Array(transform), overlap = transform / hop;
    for (let t = 0; t < FRAMES; t++) {
      for (let n = 0; n < transform; n++) frame[n] = unit * window[n] * circle[(t * hop + n) % circle.length];
      const [x, y] = [re, im].map((values) => values.subarray(t * bins, (t + 1) * bins));
      fourier.forward(frame, x, y);
      for (let k = 0; k < bins; k++) {
        const angle = -2 * Math.PI * (((t * k) % overlap) / overlap + 0.5 * (k % 2));
        const cos = Math.cos(angle), sin = Math.sin(angle), a = x[k];
        x[k] = a * cos - y[k] * sin;
        y[k] = a * sin + y[k] * cos;
      }
    }
  }
}
