/** Makes the controls of settings from the engine's namespace: types, ranges and meanings come from there. */

import { button, element } from "./dom.js";
import { Fader } from "./fader.js";
import * as formats from "./formats.js";

const beats = (value) => (value === 0 ? "none" : `${formats.plain(value)} beats`);

/**
 * What the namespace does not say: a setting's short name, its value at rest, how its numbers are written, the curve of
 * a fader, a narrower range for a hand. One entry for each argument.
 */
const HINTS = {
  "/gain": [{ name: "Gain", rest: 0, format: formats.decibels, curve: 0.5 }],
  "/smoothing": [{ name: "Smoothing", high: 10, curve: 3 }],
  "/width": [{ name: "Width", rest: 0.5, format: formats.percent }],
  "/pan": [{ name: "Pan", format: formats.pan }],
  "/quality": [{ name: "Iterations", rest: 8 }, { name: "Look-ahead" }],
  "/pitch": [{ name: "Drone pitch", rest: 60, format: formats.drone }],
  "/bend": [{ name: "Bend", low: -12, high: 12, format: (value) => formats.signed(value, 1) }],
  "/envelope": [{ name: "Attack", rest: 0.002, curve: 4 }, { name: "Release", rest: 0.3, curve: 4 }],
  "/voices": [{ name: "Voices", rest: 4 }],
  "/portamento": [{ name: "Portamento", curve: 3 }],
  "/drone": [{ name: "Drone" }],
  "/motion": [{ name: "Amount", rest: 1, format: formats.percent }],
  "/motion/speed": [{ name: "Speed", rest: 1, format: formats.times }],
  "/motion/attack": [{ name: "Note attack", rest: 1, format: formats.times, curve: 3 }],
  "/motion/decay": [{ name: "Note decay", format: (value) => `${formats.signed(value, 0)} dB/s` }],
  "/motion/seed": [{ name: "Seed", high: 99 }],
  "/motion/mode": [{ name: "Then", choices: { wander: "Wander", loop: "Loop", once: "Once" } }],
  "/dream": [{ name: "Dream", format: formats.percent }],
  "/tempo": [{ name: "Tempo", rest: 120, format: (value) => `${formats.whole(value)} bpm` }],
  "/gesture/quantise": [{ name: "Gesture grid", high: 16, format: beats }],
  "/motion/quantise": [{ name: "Grid", high: 16, format: beats }],
  "/freeze": [{ name: "Freeze" }],
  "/position": [{ name: "Position", format: formats.percent }],
  "/speed": [{ name: "Speed", rest: 1, format: formats.times }],
  "/input/gain": [{ name: "Input gain", format: formats.decibels }],
  "/input/gate": [{ name: "Input gate", rest: -50, format: formats.decibels }],
  "/input/follow/timbre": [{ name: "Follow timbre", rest: 1, format: formats.percent }],
  "/input/follow/pitch": [{ name: "Follow pitch", rest: 1, format: formats.percent }],
  "/input/follow/level": [{ name: "Follow level", rest: 1, format: formats.percent }],
  "/input/transpose": [{ name: "Input transpose", low: -24, high: 24, format: (value) => formats.signed(value, 1) }],
  "/input/mix": [{ name: "Input mix", rest: 1, format: formats.percent }],
  "/input/hold": [{ name: "Hold input" }],
  "/voice/pressure/level": [{ name: "Pressure → level", rest: 1, format: formats.percent }],
  "/voice/pressure/axis": [{ name: "Pressure moves axis", high: 15 }, { name: "… by", format: formats.signed }],
  "/voice/timbre/axis": [{ name: "Timbre moves axis", rest: 1, high: 15 }, { name: "… by", rest: 1.5, format: formats.signed }],
};
const UNITS = { "time.second": formats.seconds, "gain.db": formats.decibels };
const LATENT = /^\/(latent|pad)(\/|$)/;

/** Returns the addresses of settings that no panel has taken, for the panel of the rest. */
export function otherSettings(engine, taken) {
  return [...engine.nodes.values()]
    .filter((node) => node.TAGS?.includes("setting") && /^[fiT]+$/.test(node.TYPE ?? ""))
    .map((node) => node.FULL_PATH.replace(/^\/aitunes/, ""))
    .filter((path) => !taken.has(path) && !LATENT.test(path));
}

/** Returns the controls {path, root, show} of a setting, one an argument; none where this engine has no such address. */
export function controls(engine, path) {
  const node = engine.nodes.get(path);
  if (!node) return [];
  return [...node.TYPE].map((tag, n) => control(engine, path, node, tag, n));
}

function control(engine, path, node, tag, n) {
  const hint = { ...HINTS[path]?.[n] };
  hint.name ??= [...path.slice(1).split("/"), n ? node.EXTENDED_TYPE?.[n] ?? "" : ""].join(" ").trim();
  const makers = { T: toggle, F: toggle, s: choice };
  const made = (makers[tag] ?? fader)(engine, path, node, hint, n);
  Object.assign(made.root.dataset, { address: path, argument: n + 1 });
  const show = () => made.show(engine.value(path, n));
  show();
  return { path, root: made.root, show };
}

function fader(engine, path, node, hint, n) {
  const range = node.RANGE?.[n] ?? {};
  const low = Math.max(hint.low ?? -Infinity, range.MIN ?? 0);
  const high = Math.min(hint.high ?? Infinity, range.MAX ?? 1);
  const whole = node.TYPE[n] === "i";
  return new Fader({
    name: hint.name,
    low, high, whole,
    rest: hint.rest ?? Math.min(Math.max(0, low), high),
    format: hint.format ?? UNITS[node.UNIT?.[n]] ?? (whole ? formats.whole : formats.plain),
    curve: hint.curve,
    hint: node.DESCRIPTION,
    move: (value) => {
      const values = [...(engine.values.get(path) ?? new Array(node.TYPE.length).fill(0))];
      values[n] = value;
      engine.set(path, ...values);
    },
  });
}

function toggle(engine, path, node, hint) {
  const root = button(hint.name, () => engine.set(path, !engine.value(path)), {
    class: "toggle", "aria-pressed": "false", title: node.DESCRIPTION,
  });
  return { root, show: (on) => root.setAttribute("aria-pressed", String(Boolean(on))) };
}

function choice(engine, path, node, hint) {
  const options = Object.entries(hint.choices ?? {}).map(([value, text]) => element("option", { value, text }));
  const select = element("select", { on: { change: () => engine.set(path, select.value) } }, ...options);
  const root = element("label", { class: "choice", title: node.DESCRIPTION }, element("span", { text: hint.name }), select);
  return { root, show: (value) => value !== undefined && (select.value = value) };
}
