/** Mirrors the engine's state, and sends every change that the page makes. */

import { call, namespace } from "./api.js";
import { Emitter } from "./emitter.js";
import { readLandmarks } from "./maps.js";
import { Position } from "./position.js";

export const ROOT = "/aitunes";
const STATUS_FIELDS = [
  "underruns", "late_events", "malformed_packets", "subscribers", "mean_load", "peak_load", "nominal_sample_rate",
  "measured_sample_rate", "control_ms", "synthesis_ms", "buffer_ms", "device_ms", "release", "playing", "iterations",
  "held_events", "interruption", "missing", "reserve_ms",
];
const REST_MS = 200;
const MISSING_MS = 3000;
const LISTS = ["snapshot", "gesture", "device", "input/device"];
const LISTED_ALWAYS = ["snapshot", "gesture", "device"];
const CHANGING = {
  "/snapshot/save": "snapshot", "/snapshot/delete": "snapshot",
  "/gesture/stop": "gesture", "/gesture/delete": "gesture", "/gesture/record": "gesture",
};

/**
 * Addresses are below the root, such as "/gain".
 *
 * Events: `namespace` (its nodes were read), `changed` (address), `moved`, `release` (its card), `playing` (boolean),
 * `status` (by name), `meter` (peak, RMS in dB), `scope` (64 levels in dB), `input` (peak, RMS, open, pitch, clarity),
 * `input-scope`, `list` (its kind), `notice` (a sentence for the player).
 */
export class Engine extends Emitter {
  #heard = new Set();
  #reading = false;
  #outdated = false;
  #missing = { name: "", at: 0 };
  #arriving = Object.fromEntries(LISTS.map((kind) => [kind, []]));

  constructor(connection) {
    super();
    this.connection = connection;
    this.nodes = new Map();
    this.values = new Map();
    this.card = null;
    this.entry = null;
    this.position = new Position();
    this.lists = Object.fromEntries(LISTS.map((kind) => [kind, []]));
    this.status = {};
    this.playing = true;
    this.loading = "";
    connection.on("message", (message) => this.#receive(message));
    connection.on("engine", (state) => state === "here" && this.refresh());
  }

  // What the page does.

  send(path, tags = "", ...values) {
    return this.connection.send(ROOT + path, tags, ...values);
  }

  /** Changes a setting here and in the engine; of many changes in one frame only the last one is sent. */
  set(path, ...values) {
    const tags = this.tags(path);
    const typed = tags === "T" ? (values[0] ? "T" : "F") : tags;
    const sent = tags === "T" ? [] : values.map((value, n) => (tags[n] === "i" ? Math.round(value) : value));
    this.connection.sendLatest(path, ROOT + path, typed, ...sent);
    this.#store(path, values);
  }

  /** Goes to a position of the pad, 0..1; the other coordinates stay. */
  movePad(x, y) {
    this.connection.sendLatest("/pad/xy", `${ROOT}/pad/xy`, "ff", x, y);
    this.#move(this.position.onPad(x, y));
  }

  moveCoordinate(n, value) {
    const target = [...this.position.target];
    target[n] = value;
    this.#move(target);
    this.connection.sendLatest(`/latent/${n}`, `${ROOT}/latent/${n}`, "f", this.position.target[n]);
  }

  moveTo(coordinates) {
    this.#move(coordinates);
    const { target } = this.position;
    this.connection.sendLatest("/latent", `${ROOT}/latent`, "f".repeat(target.length), ...target);
  }

  chooseAxes(first, second) {
    this.send("/pad/axes", "ii", first, second);
    this.#chooseAxes([first, second]);
  }

  play(playing) {
    this.send(playing ? "/play" : "/stop");
    this.#storePlaying(playing);
  }

  panic() {
    this.send("/panic");
    this.#storePlaying(false);
  }

  load(name) {
    this.loading = name;
    this.send("/release/load", "s", name);
  }

  /** Asks for a list again; `list` tells when it is here. */
  list(kind) {
    this.#arriving[kind] = [];
    this.send(`/${kind}/list`);
  }

  // What it knows.

  tags(path) {
    return this.nodes.get(path)?.TYPE ?? "f";
  }

  value(path, n = 0) {
    return this.values.get(path)?.[n];
  }

  get playsNotes() {
    return Boolean(this.card?.inputs?.some((input) => input.name === "pitch"));
  }

  /** Reads the playing release's landmarks on two axes of its pad. */
  landmarks(axes) {
    return readLandmarks(this.card.name, axes);
  }

  /**
   * Reads everything again: of an engine that has come, or after many values have changed at once.
   *
   * Asked for meanwhile, however often, it does so once more afterwards: a busy server is not asked all the more.
   */
  async refresh() {
    this.#outdated = this.#reading;
    if (this.#reading) return;
    this.#reading = true;
    try {
      await this.#readAll();
    } finally {
      setTimeout(() => {
        this.#reading = false;
        if (this.#outdated) this.refresh();
      }, REST_MS);
    }
  }

  async #readAll() {
    this.#heard.clear();
    this.send("/release/info");
    for (const kind of LISTED_ALWAYS) this.list(kind);
    this.connection.send("/status");
    let root;
    try {
      root = await namespace();
    } catch (problem) {
      if (problem.status !== 503) this.emit("notice", problem.message);
      return;
    }
    this.nodes.clear();
    this.#read(root);
    this.emit("namespace");
    for (const path of this.nodes.keys()) if (this.values.has(path)) this.emit("changed", path);
  }

  #read(node) {
    const path = node.FULL_PATH.slice(ROOT.length);
    if (node.TYPE) this.nodes.set(path, node);
    // What was heard while the question was under way is newer than its answer.
    if (node.VALUE && !this.#heard.has(path)) this.#apply(path, node.VALUE);
    for (const child of Object.values(node.CONTENTS ?? {})) this.#read(child);
  }

  // What the engine tells.

  #receive({ address, values }) {
    if (address === "/status.reply") this.#handleStatus(values);
    else if (address === "/done") this.#handleDone(String(values[0] ?? ""), values.slice(1));
    else if (address === "/fail") this.#handleFail(String(values[0] ?? ""), String(values[1] ?? ""));
    else if (address === "/error") this.#notice(String(values[0] ?? ""));
    else if (address.startsWith(`${ROOT}/`)) this.#handle(address.slice(ROOT.length), values);
  }

  #handle(path, values) {
    if (path === "/meter") this.emit("meter", ...values);
    else if (path === "/midi/notice") this.#notice(String(values[0] ?? ""));
    else if (path === "/input/meter") this.emit("input", ...values);
    else if (path === "/scope" || path === "/input/scope") this.#handleScope(path === "/scope" ? "scope" : "input-scope", values[0]);
    else if (path === "/device/changed") this.list("device");
    else if (path === "/release/info") this.#handleCard(values[0]);
    else if (path === "/play" || path === "/stop") this.#storePlaying(path === "/play");
    else if (path === "/release/load") this.#handleRelease(values[0]);
    else if (LISTS.includes(path.slice(1))) this.#arriving[path.slice(1)].push(String(values[0]));
    else if (path in CHANGING) this.#handleDone(ROOT + path, values);
    else if (values.length) {
      this.#heard.add(path);
      this.#apply(path, values);
    }
  }

  #apply(path, values) {
    const { position } = this;
    const latent = path.match(/^\/latent\/(\d+)$/);
    if (path === "/latent" && values.length === position.size) this.#move(values);
    else if (latent && Number(latent[1]) < position.size) this.#move(position.target.with(Number(latent[1]), values[0]));
    else if (path === "/pad/xy") this.#move(position.onPad(...values));
    else if (path === "/pad/x") this.#move(position.onPad(values[0], null));
    else if (path === "/pad/y") this.#move(position.onPad(null, values[0]));
    else if (path === "/pad/axes") this.#chooseAxes(values);
    else this.#store(path, values);
  }

  #handleScope(event, bytes) {
    if (!(bytes instanceof Uint8Array) || bytes.length % 4) return;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    this.emit(event, Float32Array.from({ length: bytes.length / 4 }, (_, n) => view.getFloat32(4 * n)));
  }

  #handleStatus(values) {
    this.status = Object.fromEntries(STATUS_FIELDS.map((name, n) => [name, values[n]]));
    this.#storePlaying(Boolean(this.status.playing));
    if (this.card && this.status.release !== this.card.name) this.#handleRelease(this.status.release);
    this.emit("status", this.status);
  }

  #handleDone(address, values) {
    const path = address.slice(ROOT.length);
    const kind = path.replace(/^\/(.+)\/list$/, "$1");
    if (kind !== path && LISTS.includes(kind)) {
      this.lists[kind] = this.#arriving[kind];
      this.emit("list", kind);
    } else if (path === "/release/load") this.#handleRelease(values[0]);
    else if (path === "/snapshot/recall") this.refresh();
    else if (path === "/device/set" || path === "/input/device/set") this.send(path);
    else if (this.nodes.has(path) && values.length) this.#store(path, values);
    if (path === "/gesture/stop") for (const state of ["/gesture/record", "/gesture/play"]) this.#store(state, [""]);
    if (path === "/record/stop") this.#store("/record/start", [""]);
    if (path in CHANGING) this.list(CHANGING[path]);
  }

  #handleFail(address, reason) {
    if (address === `${ROOT}/release/load`) this.loading = "";
    this.#notice(reason);
  }

  #notice(reason) {
    if (reason) this.emit("notice", `${reason[0].toUpperCase()}${reason.slice(1).replace(/\.$/, "")}.`);
  }

  #handleRelease(name) {
    this.loading = "";
    this.#store("/release/load", [name]);
    if (name === this.card?.name) return;
    // Every status names the release: one whose card does not come is asked for now and then.
    const now = performance.now();
    if (name === this.#missing.name && now - this.#missing.at < MISSING_MS) return;
    this.#missing = { name, at: now };
    this.refresh();
  }

  async #handleCard(text) {
    let card;
    try {
      card = JSON.parse(text);
    } catch {
      return;
    }
    if (card.name === this.card?.name && card.latent_dim === this.position.size) return;
    this.card = card;
    this.position = new Position(card.latent?.pad_range ?? []);
    this.entry = await call("GET", `/api/v1/releases/${encodeURIComponent(card.name)}`).catch(() => null);
    if (this.card !== card) return;
    this.emit("release", card);
    await this.refresh();
  }

  #move(target) {
    this.position.move(target, Number(this.value("/smoothing") ?? 0));
    this.emit("moved");
  }

  #chooseAxes(axes) {
    if (Math.max(...axes) >= this.position.size || axes.join() === this.position.axes.join()) return;
    this.position.axes = [...axes];
    this.emit("changed", "/pad/axes");
    this.emit("moved");
  }

  #store(path, values) {
    const before = this.values.get(path);
    if (before && before.length === values.length && before.every((value, n) => value === values[n])) return;
    this.values.set(path, [...values]);
    this.emit("changed", path);
  }

  #storePlaying(playing) {
    if (playing === this.playing) return;
    this.playing = playing;
    this.emit("playing", playing);
  }
}
