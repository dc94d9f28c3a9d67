/** Plays the release in this browser, behind the interface that pad, notes and keys know from the engine's page. */

import { Emitter } from "../static/emitter.js";
import { Landmarks } from "../static/landmarks.js";
import { Position } from "../static/position.js";
import { KeptSnapshots } from "./kept.js";

const FADE_SECONDS = 0.03;
const ANALYSED = 2048;
const SMOOTHING_SECONDS = 0.04;

/**
 * Holds the state of the instrument; `start` is to be called by a gesture, as browsers want it.
 *
 * Events: `release`, `moved`, `playing` (boolean), `drone` (boolean), `list` ("snapshot"), `effort` ({load, iterations}).
 */
export class LocalEngine extends Emitter {
  #waiting = [];
  #context = null;
  #suspend = 0;

  constructor(release, weights, motion = null) {
    super();
    Object.assign(this, { release, weights, motion, card: release.card, entry: release.entry, playing: false });
    this.position = new Position(release.latent.ranges);
    this.kept = new KeptSnapshots(this.card.name, this.position.size);
    this.drone = true;
    this.pitch = 69;
    this.volume = 1;
    this.analyser = null;
    this.connection = { on: () => {}, sendLatest: (...words) => this.#steer(...words) };
  }

  get lists() {
    return { snapshot: this.kept.names };
  }

  get playsNotes() {
    return "pitch" in this.release.inputs;
  }

  landmarks(axes) {
    const { map } = this.release;
    return Promise.resolve(new Landmarks(axes.join() === map.axes.join() ? map : {}));
  }

  /** Begins to sound, or goes on. */
  async start() {
    clearTimeout(this.#suspend);
    this.#setPlaying(true);
    this.#context ??= await this.#open();
    await this.#context.resume();
    this.#fade(this.volume);
  }

  stop() {
    this.#setPlaying(false);
    this.#command("panic");
    this.#fade(0);
    if (this.drone) this.#command("drone", true, this.pitch);
    this.#suspend = setTimeout(() => this.#context?.suspend(), 3000 * FADE_SECONDS);
  }

  /** Ends every sound at once. */
  panic() {
    this.setDrone(false);
    this.#command("panic");
  }

  setDrone(sounding, pitch = this.pitch) {
    const before = this.drone;
    Object.assign(this, { drone: sounding, pitch });
    this.#command("drone", sounding, pitch);
    if (before !== sounding) this.emit("drone", sounding);
  }

  setVolume(volume) {
    this.volume = volume;
    if (this.playing) this.#fade(volume);
  }

  /** Sets how far and how fast notes move as recorded, 1 as they were. */
  setMotion(amount, speed) {
    this.#command("motion", amount, speed);
  }

  /** Sets the stereo width, 0 to 1. */
  setWidth(width) {
    this.#command("width", width);
  }

  movePad(x, y) {
    this.moveTo(this.position.onPad(x, y));
  }

  moveCoordinate(n, value) {
    this.moveTo(this.position.target.with(n, value));
  }

  moveTo(coordinates, seconds = SMOOTHING_SECONDS) {
    this.position.move(coordinates, seconds);
    this.#command("move", this.position.target, seconds);
    this.emit("moved");
  }

  /** Takes what pad, keys and buttons send: notes and snapshots. */
  send(path, tags, ...values) {
    if (path === "/snapshot/save") {
      this.kept.save(values[0], this.position.target);
      this.emit("list", "snapshot");
    } else if (path === "/snapshot/recall") this.moveTo(this.kept.get(values[0]), Math.max(values[1], SMOOTHING_SECONDS));
    else this.#note(...values);
    return true;
  }

  // A note begins only while the page sounds.
  #note(note, velocity, id) {
    if (velocity && !this.playing) this.start();
    if (velocity && this.drone) this.setDrone(false);
    this.#command("note", note, velocity, id);
  }

  #steer(key, address, tags, id, value) {
    this.#command(address.endsWith("/bend") ? "bend" : "timbre", id, value);
  }

  #command(...words) {
    if (this.node) this.node.port.postMessage(words);
    else this.#waiting.push(words);
  }

  async #open() {
    const { release, weights, motion } = this;
    // A context at the release's own rate: the browser resamples, better than a page could in the audio thread.
    const context = new AudioContext({ sampleRate: release.features.sampleRate, latencyHint: "interactive" });
    await context.audioWorklet.addModule(new URL("./worklet.js", import.meta.url));
    const options = { numberOfInputs: 0, outputChannelCount: [2], processorOptions: { release, weights, motion } };
    const node = new AudioWorkletNode(context, "demo", options);
    node.port.onmessage = ({ data }) => this.emit("effort", data);
    this.gain = new GainNode(context, { gain: 0 });
    this.analyser = new AnalyserNode(context, { fftSize: ANALYSED, smoothingTimeConstant: 0 });
    node.connect(this.gain).connect(this.analyser).connect(context.destination);
    this.node = node;
    for (const words of this.#waiting.splice(0)) this.#command(...words);
    if (this.drone) this.#command("drone", true, this.pitch);
    return context;
  }

  #fade(to) {
    if (!this.gain) return;
    const { currentTime } = this.#context;
    this.gain.gain.cancelScheduledValues(currentTime);
    this.gain.gain.setTargetAtTime(to, currentTime, FADE_SECONDS / 3);
  }

  #setPlaying(playing) {
    if (playing === this.playing) return;
    this.playing = playing;
    this.emit("playing", playing);
  }
}
