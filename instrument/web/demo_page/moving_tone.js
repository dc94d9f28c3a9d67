/** Moves one tone as the recorded note that suits it: the twin of instrument/synthesis/moving_tones.py. */

import { Dice } from "./motion.js";
import { Trajectory } from "./trajectory.js";

const SEEDS_A_TONE = 40503;

const decibels = (db) => 10 ** (db / 20);

/** Keeps what one voice moves by; `slot` 0 is the drone. */
export class MovingTone {
  #trajectory = null;
  #begunAt;
  #point;
  #shift;
  #level;
  #drawn = null;
  #sinceDrawn = 0;
  #place;

  /** `choices` is a Choice, `painter` draws, `noise` lets frames fluctuate. */
  constructor(choices, painter, noise, slot) {
    Object.assign(this, { choices, painter, noise, slot, rules: choices.motion.rules });
    const { dim } = choices;
    [this.#begunAt, this.#point, this.#shift, this.#place] = Array.from({ length: 4 }, () => new Float32Array(dim));
    this.code = new Float32Array(dim);
    this.frame = new Float32Array(painter.comb.bins);
    this.#level = this.rules.SILENT_DB;
    this.gain = this.scale = this.drawnScale = 1;
  }

  /** Forgets the movement: nothing moves for now. */
  forget() {
    this.#trajectory = null;
    this.#level = this.rules.SILENT_DB;
  }

  /**
   * Moves on by a hop, and leaves the frame that sounds then in `out`; `gain` is the level of its samples.
   *
   * `tone` has z [dim], pitch, level (dB), held, and `number`, which another note changes; `motion` amount and speed;
   * `follows` says whether the network may be asked now.
   */
  advance(tone, seconds, { amount, speed }, follows, out) {
    const begins = !this.#trajectory || tone.number !== this.number;
    if (begins) this.#begin(tone);
    let left = this.#left(tone.z);
    if (left > this.rules.LEFT ** 2 && this.slot === 0) {
      const before = this.#trajectory;
      this.#begin(tone);
      this.#trajectory.follow(before, 1 / left);
      left = 0;
    }
    this.#trajectory.advance(seconds, tone.held, speed);
    this.#aim(tone, amount, amount / Math.max(1, left));
    this.#sinceDrawn += 1;
    const asked = tone.z.some((value, n) => value !== this.#place[n]) || !this.#drawn;
    const due = asked || (this.#sinceDrawn >= this.rules.DECODE_HOPS && this.#moved());
    if (begins || (follows && due)) this.#draw(tone.z);
    this.noiseFrame = (this.noiseFrame + 1) % this.noise.frames;
    this.noise.fluctuate(this.frame, this.#trajectory.share, amount, tone.pitch, this.noiseFrame, this.drawnScale, out);
  }

  #begin({ z, pitch, level, number }) {
    this.number = number;
    const dice = new Dice(Math.imul(number + 1, SEEDS_A_TONE) + this.slot);
    const velocity = decibels(level / 2);
    const choice = this.choices.choose(z, pitch, velocity);
    this.#trajectory = new Trajectory(this.choices, choice, dice, this.slot === 0);
    this.noiseFrame ??= dice.integers(this.noise.frames);
    this.#shift.fill(0);
    this.dynamicLevel = this.choices.shift(choice.index, velocity, this.#shift);
    this.#begunAt.set(z);
  }

  /** Returns how far a code is from where its note began, squared; 1 is within the same instrument. */
  #left(z) {
    const { motion, dim } = this.choices;
    for (let n = 0; n < dim; n++) this.code[n] = z[n] - this.#begunAt[n];
    motion.point(this.code, this.#point);
    return this.#point.reduce((sum, x) => sum + x * x, 0) / dim;
  }

  /** Finds the code, the pitch and the levels of this hop. */
  #aim({ z, pitch, level }, amount, reach) {
    const { rules, painter } = this, movement = this.#trajectory;
    this.#level = Math.max(amount * movement.level, rules.SILENT_DB, this.#level - rules.MAX_FALL_DB);
    this.gain = decibels(this.#level);
    for (let n = 0; n < this.code.length; n++) this.code[n] = z[n] + reach * (movement.offset[n] + this.#shift[n]);
    // A quiet frame is a darker one, too, so the network gets the level; the samples have it from `gain`.
    const fed = Math.max(this.#level, rules.MIN_FED_DB) - Math.min(amount, 1) * this.dynamicLevel;
    this.pitch = painter.clipped("pitch", pitch + 0.01 * amount * movement.cents);
    this.level = painter.clipped("level", level + fed);
    this.scale = decibels(level - this.level);
  }

  /** Returns whether the tone has moved so far since it was drawn that one may hear it. */
  #moved() {
    const { rules, choices: { motion, dim } } = this, drawn = this.#drawn;
    if (Math.abs(this.pitch - drawn.pitch) > rules.MOVED_CONTROL[0]) return true;
    if (Math.abs(this.level - drawn.level) > rules.MOVED_CONTROL[1]) return true;
    motion.point(this.code.map((value, n) => value - drawn.code[n]), this.#point);
    return this.#point.reduce((sum, x) => sum + x * x, 0) > rules.MOVED_CODE ** 2 * dim;
  }

  #draw(z) {
    this.painter.draw(this.code, this.pitch, this.level, this.frame);
    this.#place.set(z);
    this.#drawn ??= { code: new Float32Array(this.code.length) };
    this.#drawn.code.set(this.code);
    Object.assign(this.#drawn, { pitch: this.pitch, level: this.level });
    this.drawnScale = this.scale;
    this.#sinceDrawn = 0;
  }
}
