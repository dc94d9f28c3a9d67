/** Plays the synth in the browser's audio thread. */

import { Effort } from "./effort.js";
import { Synth } from "./synth.js";

const ITERATIONS = 8;
const REHEARSED_HOPS = 150;

/** Plays for nobody, so that the browser has compiled everything before the first sound. */
function rehearse(...release) {
  const synth = new Synth(...release);
  const [left, right] = [new Float32Array(synth.hop), new Float32Array(synth.hop)];
  synth.setDrone(true);
  for (let n = 0; n < REHEARSED_HOPS; n++) {
    synth.move([n / REHEARSED_HOPS]);
    synth.render(left, right);
  }
}

class DemoProcessor extends AudioWorkletProcessor {
  #at = 0;

  constructor({ processorOptions: { release, weights, motion } }) {
    super();
    rehearse(release, weights, motion);
    this.synth = new Synth(release, weights, motion);
    this.effort = new Effort(ITERATIONS);
    [this.left, this.right] = [new Float32Array(this.synth.hop), new Float32Array(this.synth.hop)];
    this.#at = this.synth.hop;
    this.port.onmessage = ({ data }) => this.synth.command(...data);
  }

  process(_, [[left, right]]) {
    for (let n = 0; n < left.length; n++) {
      if (this.#at === this.synth.hop) this.#render();
      left[n] = this.left[this.#at];
      right[n] = this.right[this.#at++];
    }
    return true;
  }

  #render() {
    const { synth, effort } = this;
    const begin = Date.now();
    synth.iterations = effort.iterations;
    synth.render(this.left, this.right);
    this.#at = 0;
    if (effort.count((Date.now() - begin) / 1000, synth.seconds)) {
      this.port.postMessage({ load: effort.load, iterations: effort.iterations });
    }
  }
}

registerProcessor("demo", DemoProcessor);
