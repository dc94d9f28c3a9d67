// Runs the demo page's sound on what Python has written into a folder, and writes there what it makes.
//
// node demo_sound.mjs SITE FOLDER, with FOLDER/question.json:
//   {"draw": [[z, pitch, level], …], "streams": [{"frames": FILE, "count": N, "iterations": N}, …], "commands": [[hop, …], …],
//    "hops": N, "loads": [share of a hop, …], "choices": [[z, pitch, velocity], …], "trajectories": [{"choice", "drone", "seed",
//    "held": hops, "hops", "speed"}, …], "noise": {"frame": FILE, "share": FILE, "pitch"}}
// Writes drawings.f32, magnitudes.f32, stream-0.f32, …, trajectory-0.f32, …, noise.f32, played.f32 (left and right by
// turns); prints milliseconds of processor time a hop, and the choices, as JSON.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const [site, folder] = process.argv.slice(2);
const module = (name) => import(pathToFileURL(join(site, "demo_page", name)));
const floats = (path) => {
  const bytes = readFileSync(path);
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
};
const write = (name, values) => writeFileSync(join(folder, name), Buffer.from(values.buffer));

const { Choice } = await module("choice.js");
const { Effort } = await module("effort.js");
const { Dice, Motion } = await module("motion.js");
const { Noise } = await module("noise.js");
const { Painter } = await module("painter.js");
const { StreamingGriffinLim } = await module("griffin_lim.js");
const { Synth } = await module("synth.js");
const { Trajectory } = await module("trajectory.js");
const release = JSON.parse(readFileSync(join(site, "release", "release.json"), "utf-8"));
const weights = floats(join(site, "release", "weights.bin"));
const moved = join(site, "release", "motion.bin");
const motion = existsSync(moved) ? floats(moved).buffer : null;
const choices = motion && new Choice(new Motion(release.motion, motion));
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
  const synth = new Synth(release, weights, motion);
  const y = new Float32Array(2 * hops * synth.hop);
  const [left, right] = [new Float32Array(synth.hop), new Float32Array(synth.hop)];
  const waiting = [...commands];
  const took = timed(hops, (n) => {
    while (waiting.length && waiting[0][0] <= n) synth.command(...waiting.shift().slice(1));
    synth.render(left, right);
    for (let at = 0; at < synth.hop; at++) y.set([left[at], right[at]], 2 * (n * synth.hop + at));
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

/** Writes offset, level and cents of each hop of a movement. */
function move({ choice, drone, seed, held, hops, speed }, number) {
  const trajectory = new Trajectory(choices, choice, new Dice(seed), drone);
  const rows = Array.from({ length: hops }, (_, n) => {
    trajectory.advance(hopSeconds, n < held, speed);
    return [...trajectory.offset, trajectory.level, trajectory.cents];
  });
  write(`trajectory-${number}.f32`, Float32Array.from(rows.flat()));
}

/** Writes a frame as each frame of noise makes it move. */
function fluctuate({ frame, share, pitch }) {
  const noise = new Noise(release.features);
  const [S, shares] = [floats(join(folder, frame)), floats(join(folder, share))];
  const out = new Float32Array(noise.frames * bins);
  for (let n = 0; n < noise.frames; n++) {
    noise.fluctuate(S, shares, 1, pitch, n, 1, out.subarray(n * bins, (n + 1) * bins));
  }
  write("noise.f32", out);
}

const chosen = (question.choices ?? []).map(([z, pitch, velocity]) =>
  choices.choose(Float32Array.from(z), pitch, velocity));
(question.trajectories ?? []).forEach(move);
if (question.noise) fluctuate(question.noise);
draw(question.draw ?? []);
const streams = (question.streams ?? []).map(stream);
const played = play(question.commands ?? [], question.hops ?? 0);
console.log(JSON.stringify({ streams, played, chosen, limited: limited(question.loads ?? []) }));
