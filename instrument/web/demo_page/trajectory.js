/**
 * Plays the recorded movement of one note: attack, sustain that never repeats, decay, release.
 *
 * The twin of `NotePlayer` in instrument/synthesis/motion.py, always in its mode `wander`.
 */

const [ATTACK_END, LOOP_START, LOOP_END, RELEASE_START, END] = [0, 1, 2, 3, 4];
const clipped = (value, low, high) => Math.min(Math.max(value, low), high);

/** Moves on hop by hop; `offset` [dim], `level` dB and `cents` are where the movement is. */
export class Trajectory {
  #position = 0;
  #lift = 0;
  #heldSeconds = 0;
  #fallen = 0;
  #releasing = false;
  #apart;

  /** `choices` is a Choice, `choice` what it chose, `dice` draws; a drone begins in the loop and keeps its level. */
  constructor(choices, choice, dice, drone = false) {
    const { motion } = choices, { index } = choice;
    Object.assign(this, { motion, rules: motion.rules, choice, dice, drone });
    this.marks = motion.marks5(index);
    this.levels = motion.level.subarray(motion.levelStarts[index], motion.levelStarts[index + 1]);
    const [first, end] = motion.codeStarts.subarray(index, index + 2);
    this.allCents = motion.cents.subarray(first, end);
    this.offsets = motion.offsets.subarray(first * motion.dim, end * motion.dim);
    this.share = motion.noise.subarray(index * (motion.noise.length / motion.pitch.length),
      (index + 1) * (motion.noise.length / motion.pitch.length));
    this.rate = motion.levelRate;
    this.ratio = motion.codeRate / motion.levelRate;
    this.decays = choices.decays(index);
    this.falls = this.decays && !drone;
    const loop = this.#loop();
    this.mean = this.levels.subarray(this.marks[LOOP_START], this.marks[LOOP_END]).reduce((a, b) => a + b, 0) / loop;
    this.slope = motion.slopes[index];
    this.fadeFrames = Math.max(1, Math.min(this.rules.NOTE_FADE_SECONDS * this.rate, 0.25 * loop));
    this.faded = this.fadeFrames;
    this.offset = new Float32Array(motion.dim);
    this.#apart = { offset: new Float32Array(motion.dim), level: 0, cents: 0 };
    if (drone) this.#position = this.marks[LOOP_START] + dice.integers(loop);
    this.nextJump = this.#drawJump();
  }

  /** Moves on by a hop of so many seconds. */
  advance(seconds, held, speed) {
    const { rules, marks } = this;
    if (!held && !this.#releasing && !this.drone) this.#release();
    const frames = seconds * this.rate, quick = Math.max(Math.abs(speed), rules.MIN_ATTACK_SPEED);
    if (this.#releasing) this.#playRelease(frames * quick, seconds);
    else if (this.#position < marks[ATTACK_END]) this.#position += (frames * quick) / this.choice.stretch;
    else this.#playLoop(frames, seconds, speed);
    this.#move(frames);
  }

  /** Begins where another movement is, whose timbre was heard to that share, and lets the difference fade. */
  follow(other, reach) {
    other.#move(0);
    this.#fadeFrom({ offset: other.offset.map((value) => reach * value), level: other.level, cents: other.cents });
  }

  #playLoop(frames, seconds, asked) {
    const speed = this.falls ? Math.abs(asked) : asked;
    this.#position += frames * speed;
    this.#heldSeconds += seconds * Math.abs(speed);
    const start = this.marks[LOOP_START], forward = speed >= 0;
    if (this.#position >= this.marks[LOOP_END] - 1 || (!forward && this.#position < start)) this.#jump(forward);
    else if (this.#position > start && (this.nextJump -= Math.abs(frames * speed)) <= 0) this.#jump(forward);
  }

  /** Goes on from a frame that is about like this one: what differs fades away, and a decay falls on from where it is. */
  #jump(forward) {
    const to = this.#similar(forward), before = this.#now();
    if (this.falls) this.#lift += this.#levelAt(this.#position) - this.#levelAt(to);
    this.#position = to;
    this.#fadeFrom(before);
    this.nextJump = this.#drawJump();
  }

  #similar(forward) {
    const { ratio, marks, allCents: cents, levels, rules } = this, count = cents.length;
    let first = Math.trunc(marks[LOOP_START] * ratio);
    const last = Math.min(Math.max(Math.trunc(marks[LOOP_END] * ratio), first + 2), count - 1);
    first = Math.max(0, Math.min(first, last - 1));
    // The last quarter in the direction of play leaves too little to go on with.
    const room = Math.min(Math.max(1, Math.floor((last - first) / 4)), last - first);
    const here = Math.min(Math.trunc(this.#position * ratio), count - 1);
    const rising = cents[here] - cents[Math.max(here - 1, 0)], level = this.#levelAt(this.#position);
    const found = [];
    for (let n = forward ? first : first + room; n <= (forward ? last - room : last); n++) {
      const frame = Math.min(Math.trunc(n / ratio), levels.length - 1);
      let cost = Math.abs(cents[n] - cents[here]) + Math.abs(cents[n] - cents[Math.max(n - 1, 0)] - rising);
      cost += 2 * rules.CENTS_PER_DB * this.#timbreApart(n, here);
      if (!this.decays) cost += rules.CENTS_PER_DB * Math.abs(levels[frame] - level);
      found.push({ frame, cost: cost + (Math.abs(n - here) <= 2 ? 1e3 : 0) });
    }
    const best = found.sort((a, b) => a.cost - b.cost).slice(0, rules.SIMILAR_MOMENTS);
    return best[this.dice.integers(best.length)].frame;
  }

  #timbreApart(a, b) {
    const { offsets, motion: { dim } } = this;
    let sum = 0;
    for (let k = 0; k < dim; k++) sum += (offsets[a * dim + k] - offsets[b * dim + k]) ** 2;
    return Math.sqrt(sum);
  }

  #release() {
    this.#releasing = true;
    const release = this.marks[RELEASE_START];
    if (this.marks[END] - release < 2 || this.#position >= release) return;
    const before = this.#now();
    this.#position = release;
    this.#lift += before.level - this.#now().level;
    this.#fadeFrom(before);
  }

  /** Plays the recorded release; without one, goes on as before: the envelope ends the note. */
  #playRelease(frames, seconds) {
    const { marks, rules } = this;
    this.#position += frames;
    if (marks[END] - marks[RELEASE_START] >= 2) {
      if (this.#position >= marks[END] - 1) this.#fallen += rules.END_DB_PER_SECOND * seconds;
    } else if (this.#position >= marks[LOOP_END] - 1) this.#jump(true);
  }

  #fadeFrom({ offset, level, cents }) {
    this.faded = this.fadeFrames;
    this.#move(0);
    this.#apart = { offset: offset.map((value, n) => value - this.offset[n]), level: level - this.level, cents: cents - this.cents };
    this.faded = 0;
  }

  /** Returns where the movement is, as it will not be changed. */
  #now() {
    this.#move(0);
    return { offset: this.offset.slice(), level: this.level, cents: this.cents };
  }

  /** Finds where the movement is, so many frames further in its fade. */
  #move(frames) {
    let level = this.#shownLevel() - this.#fallen;
    this.#readCode();
    if (this.faded < this.fadeFrames) {
      this.faded += frames;
      let rest = 1 - Math.min(1, this.faded / this.fadeFrames);
      rest = rest * rest * (3 - 2 * rest);
      for (let n = 0; n < this.offset.length; n++) this.offset[n] += rest * this.#apart.offset[n];
      level += rest * this.#apart.level;
      this.cents += rest * this.#apart.cents;
    }
    this.level = Math.max(level, this.rules.SILENT_DB);
  }

  #shownLevel() {
    const corrected = this.falls ? this.choice.correction * this.#heldSeconds : 0;
    return this.#levelAt(this.#position) - this.#trend() + this.#lift + corrected;
  }

  /** Returns the mean level of the loop and its slope, which a drone does without. */
  #trend() {
    if (!this.drone) return 0;
    const middle = 0.5 * (this.marks[LOOP_START] + this.marks[LOOP_END]);
    return this.mean + (this.slope * (this.#position - middle)) / this.rate;
  }

  #levelAt(position) {
    const { levels } = this, last = levels.length - 1;
    const left = clipped(Math.trunc(position), 0, last);
    return levels[left] + (levels[Math.min(left + 1, last)] - levels[left]) * clipped(position - left, 0, 1);
  }

  #readCode() {
    const { allCents, offsets, motion: { dim }, offset } = this, last = allCents.length - 1;
    const at = clipped((this.#position + 0.5) * this.ratio - 0.5, 0, last);
    const left = Math.trunc(at), right = Math.min(left + 1, last), share = at - left;
    this.cents = allCents[left] * (1 - share) + allCents[right] * share;
    for (let k = 0; k < dim; k++) {
      offset[k] = offsets[left * dim + k] + share * (offsets[right * dim + k] - offsets[left * dim + k]);
    }
  }

  #loop() {
    return this.marks[LOOP_END] - this.marks[LOOP_START];
  }

  #drawJump() {
    return this.#loop() * this.dice.uniform(...this.rules.JUMP_SHARE);
  }
}
