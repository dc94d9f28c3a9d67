/** One tone: what the network draws at its pitch and level, its movement, phases found, and an envelope. */

import { StreamingGriffinLim } from "./griffin_lim.js";
import { MovingTone } from "./moving_tone.js";

const ATTACK_SECONDS = 0.002;
const FALL_DB = 60;
const SILENT = 1e-3;
const TIMBRE_AXIS = 2;
const TIMBRE_REACH = 2;

/** Sounds from `begin` until it has died away after `end`. */
export class Voice {
  #gain = 0;
  #heard = 0;
  #drawn;
  #struck = false;

  /**
   * `painter` draws a code, a pitch and a level; `slot` seeds the noise, which must differ between tones; `side` is the
   * tone's share of the side channel; `movements` {choices, noise} of a release that moves.
   */
  constructor(painter, { sampleRate, transform, hop }, slot, side = 0, movements = null) {
    Object.assign(this, { painter, hop, side, seconds: hop / sampleRate, held: false, id: 0, number: 0 });
    this.mover = movements && new MovingTone(movements.choices, painter, movements.noise, slot);
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
    if (this.resting) this.mover?.forget();
    Object.assign(this, { pitch, level, bend: 0, timbre: 0.5, held: true, attackSeconds, releaseSeconds });
    this.#struck = true;
  }

  end() {
    this.held = false;
  }

  silence() {
    this.held = false;
    this.#gain = this.#heard = 0;
  }

  /**
   * Adds the next hop at a place, coordinates in standard deviations, to `mid` and `side` [hop].
   *
   * `motion` is how far and how fast it moves; `follows` says whether the tone may go to that place now; one that
   * begins always does.
   */
  render(coordinates, iterations, motion, mid, side, follows = true) {
    this.stream.iterations = iterations;
    const struck = this.#struck;
    this.#struck = false;
    if (struck && this.#gain >= SILENT) this.#play(this.#heard, 0, mid, side);
    const level = this.mover && motion.amount > 0
      ? this.#move(coordinates, motion, follows || struck) : this.#rest(coordinates, follows || struck);
    if (struck) this.stream.prime(this.magnitudes, this.samples);
    this.#gain = this.#next(struck ? 0 : this.#gain);
    const from = struck ? 0 : this.#heard;
    this.#heard = level * this.#gain;
    this.#play(from, this.#heard, mid, side);
  }

  /** Adds a hop whose gain goes from one value to another. */
  #play(from, to, mid, side) {
    const { samples, hop } = this;
    this.stream.process(this.magnitudes, samples);
    const step = (to - from) / hop;
    for (let n = 0; n < hop; n++) {
      const value = (from + step * (n + 1)) * samples[n];
      mid[n] += value;
      side[n] += this.side * value;
    }
  }

  #next(gain) {
    if (this.held) return Math.min(1, gain + this.seconds / this.attackSeconds);
    return gain * 10 ** ((-FALL_DB / 20) * (this.seconds / this.releaseSeconds));
  }

  /** Moves as the recording does; returns the level of the samples. */
  #move(coordinates, motion, follows) {
    this.#drawn.fill(NaN);
    this.#aim(coordinates);
    const { code: z, level, held, number } = this;
    const tone = { z, pitch: this.pitch + this.bend, level, held, number };
    this.mover.advance(tone, this.seconds, motion, follows, this.magnitudes);
    return this.mover.gain;
  }

  /** Draws where something has changed; a tone that stands still costs the network nothing. Returns its level. */
  #rest(coordinates, follows) {
    this.mover?.forget();
    const pitch = this.pitch + this.bend;
    if (follows && this.#changed(coordinates, pitch)) {
      this.#aim(coordinates);
      this.painter.draw(this.code, pitch, this.level, this.magnitudes);
    }
    return 10 ** ((this.level - this.painter.clipped("level", this.level)) / 20);
  }

  #aim(coordinates) {
    this.painter.code(coordinates, TIMBRE_AXIS, (2 * this.timbre - 1) * TIMBRE_REACH, this.code);
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
