/** The view that renders sounds: a release, a way over its map, seconds, a seed; then listen, look and download. */

import { call } from "./api.js";
import { levelColours, writeColumn } from "./colours.js";
import { byId, element, onTheme, styleOf } from "./dom.js";
import { melSpectrogram } from "./fft.js";
import { bytes, clock } from "./formats.js";
import { DrawnPath } from "./path.js";

const COLUMNS = 600;
const BANDS = 96;
const FLOOR_DB = -90;
const CEILING_DB = -10;

/** Fills and follows the form #generate-form. */
export class GenerateView {
  #job = null;
  #events = null;
  #picture = null;

  constructor(releases) {
    this.releases = releases;
    this.form = byId("generate-form");
    this.path = new DrawnPath(byId("path-pad"));
    this.path.onChange = () => this.#showWay();
    this.audio = byId("result-audio");
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.generate();
    });
    this.form.elements.release.addEventListener("change", () => this.#showRelease());
    byId("path-clear").addEventListener("click", () => this.path.clear());
    byId("new-seed").addEventListener("click", () => (this.form.elements.seed.value = Math.floor(Math.random() * 1e6)));
    byId("cancel").addEventListener("click", () => this.#cancel());
    this.audio.addEventListener("timeupdate", () => this.#follow());
    onTheme(() => this.#paint());
    releases.on("changed", () => this.#fill());
    this.#fill();
  }

  #fill() {
    const { release } = this.form.elements;
    const before = release.value || this.releases.first;
    release.replaceChildren(
      ...this.releases.all.map(({ name, public_name: text }) => element("option", { value: name, text: text || name })),
    );
    release.value = before;
    this.#showRelease();
  }

  #showRelease() {
    const { value } = this.form.elements.release;
    const release = this.releases.all.find(({ name }) => name === value);
    byId("generate-description").textContent = release?.description ?? "";
    if (release) this.path.showMap(release.name);
  }

  #showWay() {
    byId("path-hint").textContent = this.path.empty
      ? "Draw a way over the map with a finger, the mouse or the arrow keys. Without one the seed draws a walk."
      : "The sound follows your way in the rhythm in which you drew it.";
    byId("path-clear").disabled = this.path.empty;
  }

  /** Sends the form, follows the rendering, and shows the sound. */
  async generate() {
    const { release, seconds, seed, format } = this.form.elements;
    const wanted = {
      release: release.value, seconds: Number(seconds.value), seed: Number(seed.value), format: format.value,
    };
    if (!this.path.empty) wanted.points = this.path.points(wanted.seconds);
    this.#show({ state: "queued", progress: 0 });
    try {
      this.#watch(await call("POST", "/api/v1/renders", wanted));
    } catch (problem) {
      const later = problem.retryAfter ? ` Try again in ${problem.retryAfter} s.` : "";
      this.#show({ state: "failed", error: problem.message + later });
    }
  }

  #watch(job) {
    this.#show(job);
    const events = new EventSource(job.links.events);
    this.#events = events;
    events.addEventListener("progress", ({ data }) => this.#show(JSON.parse(data)));
    events.addEventListener("end", ({ data }) => {
      events.close();
      this.#show(JSON.parse(data));
    });
    events.onerror = () => {
      if (events.readyState === EventSource.CLOSED) this.#show({ ...this.#job, state: "failed", error: "The connection was lost." });
    };
  }

  async #cancel() {
    this.#events?.close();
    if (this.#job?.links) await call("DELETE", this.#job.links.self).catch(() => {});
    this.#show({ state: "cancelled" });
  }

  #show(job) {
    this.#job = job;
    const runs = job.state === "queued" || job.state === "running";
    byId("generate-button").disabled = runs;
    byId("generate-button").textContent = runs ? "Generating …" : "Generate";
    byId("progress").hidden = !runs;
    byId("progress-bar").value = job.progress ?? 0;
    byId("progress-text").textContent = job.state === "queued" && job.ahead ? `${job.ahead} before this one`
      : job.seconds_left ? `${Math.ceil(job.seconds_left)} s left` : "";
    byId("generate-error").textContent = job.state === "failed" ? job.error ?? "It could not be rendered." : "";
    byId("result").hidden = job.state !== "done";
    if (job.state === "done") this.#showResult(job);
  }

  async #showResult(job) {
    byId("result-title").textContent = [
      this.releases.all.find(({ name }) => name === job.release)?.public_name ?? job.release, clock(job.seconds),
      job.format.toUpperCase(), bytes(job.bytes ?? 0),
    ].join(" · ");
    this.audio.src = job.links.audio;
    byId("download").href = job.links.audio;
    try {
      const sound = await (await fetch(job.links.audio)).arrayBuffer();
      const decoded = await new OfflineAudioContext(1, 1, 44100).decodeAudioData(sound);
      this.#picture = melSpectrogram(decoded.getChannelData(0), decoded.sampleRate, COLUMNS, BANDS);
      this.#paint();
    } catch {
      byId("generate-error").textContent = "The sound is there, but this browser cannot draw its spectrogram.";
    }
  }

  #paint() {
    if (!this.#picture) return;
    const canvas = byId("result-picture");
    [canvas.width, canvas.height] = [COLUMNS, BANDS];
    const image = new ImageData(COLUMNS, BANDS);
    const colours = levelColours(styleOf);
    this.#picture.forEach((levels, column) => {
      writeColumn(image, column, levels.map((db) => (db - FLOOR_DB) / (CEILING_DB - FLOOR_DB)), colours);
    });
    canvas.getContext("2d").putImageData(image, 0, 0);
  }

  #follow() {
    const share = this.audio.duration ? this.audio.currentTime / this.audio.duration : 0;
    byId("result-cursor").style.left = `${100 * share}%`;
    this.path.progress = share;
    this.path.paint();
  }
}
