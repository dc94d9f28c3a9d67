/** Plays the synth in the browser's audio thread. */

import { Effort } from "./effort.js";
import { Synth } from "./synth.js";

const ITERATIONS = 8;
const REHEARSED_HOPS = 150;

/** Plays for nobody, so that the browser has compiled everything before the first sound. */
function rehearse(release, weights) {
  const synth = new Synth(release, weights);
  const samples = new Float32Array(synth.hop);
  synth.setDrone(true);
  for (let n = 0; n < REHEARSED_HOPS; n++) {
    synth.move([n / REHEARSED_HOPS]);
    synth.render(samples);
  }
}

class DemoProcessor extends AudioWorkletProcessor {
  #at = 0;

  constructor({ processorOptions: { release, weights } }) {
    super();
    rehearse(release, weights);
    this.synth = new Synth(release, weights);
    this.effort = new Effort(ITERATIONS);
    this.samples = new Float32Array(this.synth.hop);
    this.#at = this.samples.length;
    this.port.onmessage = ({ data }) => this.synth.command(...data);
  }

  process(_, [[out]]) {
    for (let n = 0; n < out.length; ) {
      if (this.#at === this.samples.length) this.#render();
      const count = Math.min(out.length - n, this.samples.length - this.#at);
      for (let end = n + count; n < end; n++) out[n] = this.samples[this.#at++];
    }
    return true;
  }

  #render() {
    const { synth, effort } = this;
    const begin = Date.now();
    synth.iterations = effort.iterations;
    synth.render(this.samples);
    this.#at = 0;
    if (effort.count((Date.now() - begin) / 1000, synth.seconds)) {
      this.port.postMessage({ load: effort.load, iterations: effort.iterations });
    }
  }
}

registerProcessor("demo", DemoProcessor);
