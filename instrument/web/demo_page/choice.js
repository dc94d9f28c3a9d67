/** Chooses the recorded movement that suits a note: the twin of aitunes/motion/choice.py and velocity_timbre.py. */

const square = (x) => x * x;
const clipped = (value, low, high) => Math.min(Math.max(value, low), high);

/** Knows the movements of a release. */
export class Choice {
  #point;

  constructor(motion) {
    Object.assign(this, { motion, dim: motion.dim });
    this.#point = new Float32Array(motion.dim);
  }

  /** Returns {index, stretch, correction} for a code z [dim], a MIDI note with fraction and a velocity 0..1. */
  choose(z, pitch, velocity) {
    const { motion, dim } = this;
    const { NEIGHBOURS, ATTACK_NEIGHBOURS, PITCH_SPREAD, CODE_WEIGHT, TYPICAL_WEIGHT } = motion.rules;
    const point = this.#point;
    motion.point(z, point);
    const members = this.#group(point, pitch);
    const louder = this.#louder(members, velocity);
    const found = Array.from(members, (index, n) => {
      const apart = square((motion.pitch[index] - pitch) / PITCH_SPREAD) + louder[n];
      let code = 0;
      for (let k = 0; k < dim; k++) code += square(motion.points[index * dim + k] - point[k]);
      return { index, apart, cost: apart + (CODE_WEIGHT * code) / dim, weight: 1 / (1 + apart) };
    }).sort((a, b) => a.cost - b.cost);
    const near = found.slice(0, NEIGHBOURS);
    const attack = this.#median(found.slice(0, ATTACK_NEIGHBOURS), 0), slope = this.#median(near, 1);
    const unlike = ({ index }) =>
      Math.abs(motion.figures[2 * index] - attack) + Math.abs(motion.figures[2 * index + 1] - slope);
    const costs = near.map((each) => each.cost + TYPICAL_WEIGHT * unlike(each));
    return this.#corrected(near[costs.indexOf(Math.min(...costs))].index, attack, slope, pitch);
  }

  decays(index) {
    return this.motion.slopes[index] < this.motion.rules.DECAYING_DB;
  }

  /** Adds to a code `z` what a velocity makes of a movement's timbre; returns that dynamic's level, dB. */
  shift(index, velocity, z) {
    const { motion, dim } = this;
    const group = motion.group[index], loudest = motion.loudest[group], recorded = motion.dynamic[index];
    if (loudest < 0 || recorded < 0) return 0;
    const dynamic = clipped(velocity, motion.softest[group], loudest);
    for (let n = 0; n < dim; n++) z[n] += motion.trends[group * dim + n] * (dynamic - recorded);
    return 40 * Math.log10(Math.max(dynamic, 1e-3));
  }

  /** Returns the notes of the instrument that a point names. */
  #group(point, pitch) {
    const { dim, motion: { rules, lines, groupStarts, members, pitch: pitches } } = this;
    const octaves = (pitch - rules.CENTRE) / rules.OCTAVE;
    let nearest = 0, least = Infinity;
    for (let group = 0; group + 1 < groupStarts.length; group++) {
      let apart = 0, beyond = Infinity;
      for (let n = 0; n < dim; n++) {
        apart += square(point[n] - lines[2 * group * dim + n] - octaves * lines[(2 * group + 1) * dim + n]);
      }
      for (let n = groupStarts[group]; n < groupStarts[group + 1]; n++) {
        beyond = Math.min(beyond, Math.abs(pitches[members[n]] - pitch));
      }
      apart += rules.RANGE_WEIGHT * square(Math.max(beyond - rules.RANGE_SEMITONES, 0));
      if (apart < least) [nearest, least] = [group, apart];
    }
    return members.subarray(groupStarts[nearest], groupStarts[nearest + 1]);
  }

  #louder(members, velocity) {
    const { dynamic, rules } = this.motion;
    const costs = Array.from(members, (index) =>
      rules.DYNAMIC_WEIGHT * square((dynamic[index] >= 0 ? dynamic[index] : rules.UNSAID_DYNAMIC) - velocity));
    const least = Math.min(...costs);
    return costs.map((cost) => cost - least);
  }

  /** Returns the median by weight of one of the figures, 0 for the attack, 1 for the slope. */
  #median(found, which) {
    const figure = ({ index }) => this.motion.figures[2 * index + which];
    const sorted = [...found].sort((a, b) => figure(a) - figure(b));
    const half = 0.5 * sorted.reduce((sum, { weight }) => sum + weight, 0);
    let sum = 0;
    return figure(sorted.find(({ weight }) => (sum += weight) >= half) ?? sorted.at(-1));
  }

  #corrected(index, attack, slope, pitch) {
    const { rules, attacks, slopes } = this.motion;
    const hertz = 440 * 2 ** ((pitch - 69) / 12);
    // What the window of the measurement has added is not played.
    const window = (rules.RISE_OF_WINDOW * Math.ceil(rules.LEVEL_SECONDS * hertz)) / hertz;
    const measured = Math.exp(attack) - rules.ATTACK_FLOOR_SECONDS;
    const seconds = Math.sqrt(Math.max(square(measured) - square(window), 0));
    const stretch = clipped(seconds / Math.max(attacks[index], 1e-3), ...rules.STRETCH);
    const asked = rules.SLOPE_UNIT * Math.sinh(slope);
    let correction = 0;
    if (this.decays(index) && asked < rules.DECAYING_DB) {
      const most = -rules.MAX_CORRECTION * slopes[index];
      correction = clipped(asked - slopes[index], -most, most);
    }
    return { index, stretch, correction };
  }
}
