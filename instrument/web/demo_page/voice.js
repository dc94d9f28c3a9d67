/** One tone: what the network draws at its pitch and level, phases found, and an envelope. */

import { StreamingGriffinLim } from "./griffin_lim.js";

const ATTACK_SECONDS = 0.002;
const FALL_DB = 60;
const SILENT = 1e-3;
const TIMBRE_AXIS = 2;
const TIMBRE_REACH = 2;

/** Sounds from `begin` until it has died away after `end`. */
export class Voice {
  #gain = 0;
  #drawn;
  #struck = false;

  /** `painter` draws a code, a pitch and a level; `slot` seeds the noise, which must differ between tones. */
  constructor(painter, { sampleRate, transform, hop }, slot) {
    Object.assign(this, { painter, hop, seconds: hop / sampleRate, held: false, id: 0, started: 0 });
    this.stream = new StreamingGriffinLim(transform, hop, 8, 1 + slot);
    this.magnitudes = new Float32Array(this.stream.bins);
    this.samples = new Float32Array(hop);
    this.code = new Float32Array(painter.latentDim);
    this.#drawn = new Float64Array(painter.latentDim + 3).fill(NaN);
  }

  get resting() {
    return !this.held && this.#gain < SILENT;
  }

  /** Begins a tone: `pitch` a MIDI note, `level` dB below full. */
  begin(pitch, level, attackSeconds = ATTACK_SECONDS, releaseSeconds = 0.3) {
    Object.assign(this, { pitch, level, bend: 0, timbre: 0.5, held: true, attackSeconds, releaseSeconds });
    this.#struck = true;
  }

  end() {
    this.held = false;
  }

  silence() {
    this.held = false;
    this.#gain = 0;
  }

  /**
   * Adds the next hop at a place, coordinates in standard deviations, to `out` [hop].
   *
   * `follows` says whether the tone may go to that place now; one that begins always does.
   */
  render(coordinates, iterations, out, follows = true) {
    this.stream.iterations = iterations;
    const struck = this.#struck;
    this.#struck = false;
    if (struck && this.#gain >= SILENT) this.#play(this.#gain, 0, out);
    if (follows || struck) this.#draw(coordinates);
    if (struck) this.stream.prime(this.magnitudes, this.samples);
    const from = struck ? 0 : this.#gain;
    this.#gain = this.#next(from);
    this.#play(from, this.#gain, out);
  }

  /** Adds a hop whose gain goes from one value to another. */
  #play(from, to, out) {
    const { samples, hop } = this;
    this.stream.process(this.magnitudes, samples);
    const step = (to - from) / hop;
    for (let n = 0; n < hop; n++) out[n] += (from + step * (n + 1)) * samples[n];
  }

  #next(gain) {
    if (this.held) return Math.min(1, gain + this.seconds / this.attackSeconds);
    return gain * 10 ** ((-FALL_DB / 20) * (this.seconds / this.releaseSeconds));
  }

  /** Draws where something has changed; a tone that stands still costs the network nothing. */
  #draw(coordinates) {
    const pitch = this.pitch + this.bend;
    if (!this.#changed(coordinates, pitch)) return;
    const shift = (2 * this.timbre - 1) * TIMBRE_REACH;
    this.painter.code(coordinates, TIMBRE_AXIS, shift, this.code);
    this.painter.draw(this.code, pitch, this.level, this.magnitudes);
  }

  #changed(coordinates, pitch) {
    const drawn = this.#drawn, size = coordinates.length;
    let same = drawn[size] === pitch && drawn[size + 1] === this.level && drawn[size + 2] === this.timbre;
    for (let n = 0; n < size; n++) same &&= drawn[n] === coordinates[n];
    if (same) return false;
    drawn.set(coordinates);
    drawn[size] = pitch;
    drawn[size + 1] = this.level;
    drawn[size + 2] = this.timbre;
    return true;
  }
}
