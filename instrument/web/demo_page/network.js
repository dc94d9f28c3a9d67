/** Runs a release's network for one tone, by the plan that instrument/web/demo/plan.py has compiled its graph into. */

const PAIRS = {
  add: (a, b) => a + b,
  subtract: (a, b) => a - b,
  multiply: (a, b) => a * b,
  divide: (a, b) => a / b,
};
const SINGLES = {
  sigmoid: (x) => 1 / (1 + Math.exp(-x)),
  tanh: Math.tanh,
  relu: (x) => Math.max(x, 0),
};

/** Holds the steps of a plan {inputs, constants, steps, output} and the numbers between them. */
export class Network {
  #values = {};

  /** `weights` holds all constants as 32-bit floats, one after the other. */
  constructor(plan, weights) {
    for (const [name, size] of Object.entries(plan.inputs)) this.#values[name] = new Float32Array(size);
    for (const [name, { offset, size }] of Object.entries(plan.constants)) {
      this.#values[name] = weights.subarray(offset, offset + size);
    }
    this.steps = plan.steps.map((step) => this.#step(step));
    this.inputs = Object.fromEntries(Object.keys(plan.inputs).map((name) => [name, this.#values[name]]));
    this.output = this.#values[plan.output];
  }

  /** Computes the output from what `inputs` hold, and returns it; the next run overwrites it. */
  run() {
    for (const step of this.steps) step();
    return this.output;
  }

  #step({ op, from, to, size, epsilon }) {
    const inputs = from.map((name) => this.#values[name]);
    const out = (this.#values[to] = new Float32Array(size));
    if (op === "concatenate") return () => concatenate(inputs, out);
    if (op === "dense") return () => dense(...inputs, out);
    if (op === "normalise") return () => normalise(...inputs, epsilon, out);
    if (op in PAIRS) return () => pair(PAIRS[op], ...inputs, out);
    if (op in SINGLES) return () => single(SINGLES[op], ...inputs, out);
    throw new Error(`This page does not know the operation ${op}; build the site again.`);
  }
}

function concatenate(inputs, out) {
  let at = 0;
  for (const values of inputs) {
    out.set(values, at);
    at += values.length;
  }
}

/** Multiplies by weights [out, in] and adds a bias; four rows at a time take a number of `x` once. */
function dense(x, weights, bias, out) {
  const size = x.length, whole = out.length - (out.length % 4);
  for (let row = 0; row < whole; row += 4) {
    const p = row * size, q = p + size, r = q + size, s = r + size;
    let a = bias[row], b = bias[row + 1], c = bias[row + 2], d = bias[row + 3];
    for (let n = 0; n < size; n++) {
      const value = x[n];
      a += weights[p + n] * value;
      b += weights[q + n] * value;
      c += weights[r + n] * value;
      d += weights[s + n] * value;
    }
    out[row] = a;
    out[row + 1] = b;
    out[row + 2] = c;
    out[row + 3] = d;
  }
  for (let row = whole; row < out.length; row++) {
    let sum = bias[row];
    for (let n = 0; n < size; n++) sum += weights[row * size + n] * x[n];
    out[row] = sum;
  }
}

/** Subtracts the mean and divides by the standard deviation, then scales and shifts. */
function normalise(x, scale, shift, epsilon, out) {
  let mean = 0, square = 0;
  for (let n = 0; n < x.length; n++) mean += x[n];
  mean /= x.length;
  for (let n = 0; n < x.length; n++) square += (x[n] - mean) * (x[n] - mean);
  const gain = 1 / Math.sqrt(square / x.length + epsilon);
  for (let n = 0; n < x.length; n++) out[n] = (x[n] - mean) * gain * scale[n] + shift[n];
}

function pair(apply, a, b, out) {
  for (let n = 0; n < out.length; n++) out[n] = apply(a[a.length === 1 ? 0 : n], b[b.length === 1 ? 0 : n]);
}

function single(apply, x, out) {
  for (let n = 0; n < out.length; n++) out[n] = apply(x[n]);
}
