// Runs the demo page's sound on what Python has written into a folder, and writes there what it makes.
//
// node demo_sound.mjs SITE FOLDER, with FOLDER/question.json:
//   {"draw": [[z, pitch, level], …], "streams": [{"frames": FILE, "count": N, "iterations": N}, …], "commands": [[hop, …], …],
//    "hops": N, "loads": [share of a hop, …]}
// Writes drawings.f32, magnitudes.f32, stream-0.f32, …, played.f32; prints milliseconds of processor time a hop as JSON.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const [site, folder] = process.argv.slice(2);
const module = (name) => import(pathToFileURL(join(site, "demo_page", name)));
const floats = (path) => {
  const bytes = readFileSync(path);
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
};
const write = (name, values) => writeFileSync(join(folder, name), Buffer.from(values.buffer));

const { Effort } = await module("effort.js");
const { Painter } = await module("painter.js");
const { StreamingGriffinLim } = await module("griffin_lim.js");
const { Synth } = await module("synth.js");
const release = JSON.parse(readFileSync(join(site, "release", "release.json"), "utf-8"));
const weights = floats(join(site, "release", "weights.bin"));
const question = JSON.parse(readFileSync(join(folder, "question.json"), "utf-8"));
const { transform, hop, sampleRate } = release.features;
const hopSeconds = hop / sampleRate;
const bins = transform / 2 + 1;

/** Returns the processor time of each of `count` calls, ms. */
function timed(count, act) {
  const took = new Float64Array(count);
  for (let n = 0; n < count; n++) {
    const begin = process.cpuUsage();
    act(n);
    const { user, system } = process.cpuUsage(begin);
    took[n] = (user + system) / 1000;
  }
  return [...took];
}

function draw(questions) {
  const painter = new Painter(release, weights);
  const width = painter.network.output.length;
  const [drawings, magnitudes] = [new Float32Array(questions.length * width), new Float32Array(questions.length * bins)];
  questions.forEach(([z, pitch, level], n) => {
    painter.draw(z, pitch, level, magnitudes.subarray(n * bins, (n + 1) * bins));
    drawings.set(painter.network.output, n * width);
  });
  write("drawings.f32", drawings);
  write("magnitudes.f32", magnitudes);
}

function stream({ frames, count, iterations }, number) {
  const S = floats(join(folder, frames));
  const griffinLim = new StreamingGriffinLim(transform, hop, iterations);
  const y = new Float32Array(count * hop);
  const took = timed(count, (n) =>
    griffinLim.process(S.subarray(n * bins, (n + 1) * bins), y.subarray(n * hop, (n + 1) * hop)));
  write(`stream-${number}.f32`, y);
  return took;
}

function play(commands, hops) {
  const synth = new Synth(release, weights);
  const y = new Float32Array(hops * synth.hop);
  const waiting = [...commands];
  const took = timed(hops, (n) => {
    while (waiting.length && waiting[0][0] <= n) synth.command(...waiting.shift().slice(1));
    synth.render(y.subarray(n * synth.hop, (n + 1) * synth.hop));
  });
  write("played.f32", y);
  return took;
}

/** Returns the refinements in use after each hop of such loads. */
function limited(loads) {
  const effort = new Effort(8);
  return loads.map((load) => {
    effort.count(load * hopSeconds, hopSeconds);
    return effort.iterations;
  });
}

draw(question.draw ?? []);
const streams = (question.streams ?? []).map(stream);
const played = play(question.commands ?? [], question.hops ?? 0);
console.log(JSON.stringify({ streams, played, limited: limited(question.loads ?? []) }));
