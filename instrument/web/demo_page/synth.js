/** The instrument in one object without a clock: commands go in, hops come out. It runs in the worklet, and in Node. */

import { Choice } from "./choice.js";
import { Motion } from "./motion.js";
import { Noise } from "./noise.js";
import { Output } from "./output.js";
import { Painter } from "./painter.js";
import { Voice } from "./voice.js";

export const VOICES = 4;
const MIN_ITERATIONS = 2;
const DRAWN_A_HOP = 2;
const SMOOTHING_SECONDS = 0.04;
const DRONE_ATTACK_SECONDS = 0.05;

/** Returns the refinements of each of several tones, so that many cost little more than one. */
export const shared = (iterations, among) =>
  Math.max(Math.floor(iterations / Math.max(1, among)), Math.min(iterations, MIN_ITERATIONS));

/** Plays a drone and up to four notes of one release. */
export class Synth {
  #target;
  #left = 0;
  #notes = 0;
  #hops = 0;

  /** `release` as the site's release.json has it, `weights` its constants, `motion` the bytes of its movements. */
  constructor(release, weights, motion = null) {
    const { features } = release;
    const painter = new Painter(release, weights);
    this.hop = features.hop;
    this.seconds = features.hop / features.sampleRate;
    this.iterations = 8;
    this.pitch = 69;
    this.place = new Float64Array(painter.latentDim);
    this.#target = Float64Array.from(this.place);
    const movements = motion
      && { choices: new Choice(new Motion(release.motion, motion)), noise: new Noise(features) };
    this.motion = { amount: 1, speed: 1 };
    this.output = new Output(release.stereo);
    [this.drone, ...this.voices] = Array.from({ length: VOICES + 1 }, (_, slot) =>
      new Voice(painter, features, slot, release.stereo.spreads[slot], movements));
  }

  /** Takes a command of the table below: its name, then its values. */
  command(name, ...values) {
    const act = COMMANDS[name];
    if (!act) throw new Error(`There is no command ${name}.`);
    act(this, ...values);
  }

  /** Sets off for a place, coordinates in standard deviations, reached after so many seconds. */
  move(coordinates, seconds = SMOOTHING_SECONDS) {
    this.#target.set(coordinates);
    this.#left = Math.max(1, Math.round(seconds / this.seconds));
  }

  /** Plays a note: velocity 1 to 127, or 0 to end it. The first one ends the drone. */
  note(note, velocity, id) {
    if (velocity === 0) {
      this.#with(id)?.end();
      return;
    }
    this.drone.end();
    const voice = this.voices.find((each) => each.resting) ?? this.#oldest();
    voice.id = id;
    voice.number = ++this.#notes;
    voice.begin(note, 40 * Math.log10(velocity / 127));
  }

  steer(id, change) {
    const voice = this.#with(id);
    if (voice) Object.assign(voice, change);
  }

  /** Lets the drone sound, or ends it; its pitch is a MIDI note. */
  setDrone(sounding, pitch = this.pitch) {
    this.pitch = pitch;
    if (!sounding) this.drone.end();
    else if (this.drone.held) this.drone.pitch = pitch;
    else this.drone.begin(pitch, 0, DRONE_ATTACK_SECONDS);
  }

  panic() {
    for (const voice of [this.drone, ...this.voices]) voice.silence();
  }

  /** Leaves the next hop in `left` and `right` [hop]. */
  render(left, right) {
    this.#advance();
    left.fill(0);
    right.fill(0);
    const sounding = [this.drone, ...this.voices].filter((voice) => !voice.resting);
    const each = shared(this.iterations, sounding.length);
    // The network is asked for two tones a hop at most; the others follow the pad a hop later.
    const turns = Math.ceil(sounding.length / DRAWN_A_HOP);
    this.#hops += 1;
    sounding.forEach((voice, n) =>
      voice.render(this.place, each, this.motion, left, right, (this.#hops + n) % turns === 0));
    this.output.process(left, right);
  }

  #advance() {
    if (!this.#left) return;
    for (let n = 0; n < this.place.length; n++) this.place[n] += (this.#target[n] - this.place[n]) / this.#left;
    this.#left -= 1;
  }

  #with(id) {
    return this.voices.find((voice) => voice.held && voice.id === id);
  }

  #oldest() {
    return this.voices.reduce((oldest, voice) => (voice.number < oldest.number ? voice : oldest));
  }
}

const COMMANDS = {
  move: (synth, coordinates, seconds) => synth.move(coordinates, seconds),
  note: (synth, note, velocity, id) => synth.note(note, velocity, id),
  bend: (synth, id, bend) => synth.steer(id, { bend }),
  timbre: (synth, id, timbre) => synth.steer(id, { timbre }),
  drone: (synth, sounding, pitch) => synth.setDrone(sounding, pitch),
  panic: (synth) => synth.panic(),
  motion: (synth, amount, speed = 1) => Object.assign(synth.motion, { amount, speed }),
  width: (synth, width) => Object.assign(synth.output, { width }),
};
