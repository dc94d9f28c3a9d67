/** Turns places of the latent space into magnitudes: code, network, comb. */

import { HarmonicComb } from "./comb.js";
import { Network } from "./network.js";

/** Holds a release {features, latent, inputs, drawing} and its weights. */
export class Painter {
  constructor({ features, latent, inputs, drawing }, weights) {
    Object.assign(this, { latent, ranges: inputs, latentDim: latent.mean.length });
    this.network = new Network(drawing.plan, weights);
    this.comb = new HarmonicComb(features, drawing.points, drawing.harmonics);
  }

  /** Leaves the latent code of coordinates, with one axis shifted, in `out`. */
  code(coordinates, axis, shift, out) {
    const { mean, deviations, axes } = this.latent;
    for (let n = 0; n < out.length; n++) {
      let sum = mean[n];
      for (let a = 0; a < axes.length; a++) {
        sum += ((coordinates[a] ?? 0) + (a === axis ? shift : 0)) * deviations[a] * axes[a][n];
      }
      out[n] = sum;
    }
  }

  /** Returns a pitch or a level within what the network was trained on. */
  clipped(input, value) {
    const [low, high] = this.ranges[input];
    return Math.min(Math.max(value, low), high);
  }

  /** Leaves magnitudes in `out`. */
  draw(code, pitch, level, out) {
    const { inputs } = this.network;
    inputs.z.set(code);
    inputs.pitch[0] = this.clipped("pitch", pitch);
    inputs.level[0] = this.clipped("level", level);
    this.comb.draw(this.network.run(), inputs.pitch[0], inputs.level[0], out);
  }
}
