/**
 * Draws magnitudes at a pitch and a level from what the network puts out: the twin of HarmonicComb in
 * aitunes/audio_processing/harmonic_comb.py, which says what each number is for.
 */

const STEP_DB = 10;
const NOISE_BELOW_DB = 30;
const HIGH_PASS_HZ = 25;
const MAX_NUMBER = 8192;
const MIN_RATIO = 1e-12;
const NEPERS = Math.log(10) / 10;

/** Draws for one set of audio features; `points` and `harmonics` are those of the network. */
export class HarmonicComb {
  constructor({ sampleRate, transform, dbRange, fullPower }, points, harmonics) {
    Object.assign(this, { points, harmonics, fullPower, bins: transform / 2 + 1, nyquist: sampleRate / 2 });
    this.hzPerBin = sampleRate / transform;
    this.melScale = (points - 1) / Math.log10(1 + this.nyquist / 700);
    this.left = new Uint16Array(this.bins);
    this.share = new Float32Array(this.bins);
    for (let k = 0; k < this.bins; k++) {
      const position = Math.log10(1 + (k * this.hzPerBin) / 700) * this.melScale;
      this.left[k] = Math.min(Math.floor(position), points - 2);
      this.share[k] = position - this.left[k];
    }
    this.first = Math.ceil(HIGH_PASS_HZ / this.hzPerBin);
    this.limits = dbRange.map((db) => 10 ** (0.05 * db));
    this.power = new Float64Array(this.bins);
  }

  /** Leaves magnitudes in `out` [bins]: `pitch` a MIDI note, `level` dB below full. */
  draw(drawing, pitch, level, out) {
    const { points, left, share, first, bins, power, limits } = this;
    for (let k = 0; k < bins; k++) {
      const a = drawing[points + left[k]], b = drawing[points + left[k] + 1];
      power[k] = Math.exp(NEPERS * (STEP_DB * (a + share[k] * (b - a)) - NOISE_BELOW_DB));
    }
    this.#addHarmonics(drawing, 440 * 2 ** ((pitch - 69) / 12));
    let total = 0;
    for (let k = first; k < bins; k++) total += power[k];
    out.fill(0);
    if (!(total > 0 && total < Infinity)) return;
    power.fill(0, 0, first);
    const scale = (this.fullPower * 10 ** (0.1 * level)) / total, floor = MIN_RATIO * total;
    for (let k = 0; k < bins; k++) {
      const magnitude = Math.sqrt(Math.max(power[k], floor) * scale);
      if (magnitude > limits[0]) out[k] = Math.min(magnitude, limits[1]);
    }
  }

  #addHarmonics(drawing, fundamental) {
    const { points, harmonics, hzPerBin, nyquist, melScale } = this;
    const stiffness = Math.exp(1.5 * Math.min(Math.max(drawing[2 * points + harmonics], -6), 6) - 10);
    const hertz = (number) => fundamental * number * Math.sqrt(1 + stiffness * number * number);
    let before = 0, centre = hertz(1);
    for (let number = 1; centre < nyquist && number <= MAX_NUMBER; number++) {
      const after = hertz(number + 1);
      const position = Math.min(Math.log10(1 + centre / 700) * melScale, points - 1.001);
      const index = Math.floor(position);
      let db = STEP_DB * (drawing[index] + (position - index) * (drawing[index + 1] - drawing[index]));
      if (number <= harmonics) db += 0.5 * STEP_DB * drawing[2 * points + number - 1];
      this.#addLobe(centre / hzPerBin, Math.exp(NEPERS * db),
        number <= 2 ? 0 : Math.ceil(before / hzPerBin), Math.ceil(after / hzPerBin));
      before = centre;
      centre = after;
    }
  }

  /** Adds a harmonic's lobe, centred on bin `x0`, to the bins from `begin` to before `end`. */
  #addLobe(x0, peak, begin, end) {
    const { power, bins } = this;
    const sine = Math.sin(Math.PI * (x0 - Math.round(x0))) / Math.PI;
    const strength = peak * sine * sine;
    for (let k = begin; k < end && k < bins; k++) {
      const x = k - x0;
      const slope = x * (x * x - 1);
      const square = slope * slope;
      if (square > 1e-12) power[k] += strength / square;
      else power[k] += Math.abs(x) < 0.5 ? peak : 0.25 * peak;
    }
  }
}
