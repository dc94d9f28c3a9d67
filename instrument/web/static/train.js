/** Makes an instrument of the player's sounds: drop or choose them, bring them to the server, watch, play. */

import { call, openSession, sendPiece } from "./api.js";
import { byId, element } from "./dom.js";
import { Emitter } from "./emitter.js";
import { bytes, clock } from "./formats.js";
import { droppedSounds, chosenSounds, sample } from "./sounds.js";

const ROOT = "/api/v1/training";
const RETRY_MS = 2000;

/** Fills and follows #train. Event: `made` (a release's name) with every version. */
export class TrainView extends Emitter {
  #sounds = [];
  #state = { state: "empty", sentences: [] };
  #bringing = false;
  #version = 0;
  #events = null;
  #known;
  #endings = new Promise((known) => (this.#known = known));

  /** `play` is called with the name of a release that is to be heard. */
  constructor(play) {
    super();
    const zone = byId("train-drop");
    zone.addEventListener("dragover", (event) => this.#hover(event, true));
    zone.addEventListener("dragleave", (event) => this.#hover(event, false));
    zone.addEventListener("drop", (event) => this.#drop(event));
    for (const kind of ["folder", "files"]) {
      const input = byId(`train-${kind}`);
      byId(`train-choose-${kind}`).addEventListener("click", () => input.click());
      input.addEventListener("change", async () => this.#take(await chosenSounds(input.files, this.#endings)));
    }
    byId("train-form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.make();
    });
    byId("train-stop").addEventListener("click", () => this.#stop());
    byId("train-again").addEventListener("click", () => this.#again());
    byId("train-play").addEventListener("click", () => play(this.#state.release));
    this.#show();
  }

  /** Follows the server's training while the view is seen; one that was begun before the page was loaded is found. */
  follow(seen) {
    this.seen = seen;
    if (seen) this.#events ??= this.#open();
    else {
      this.#events?.close();
      this.#events = null;
    }
  }

  #open() {
    const events = new EventSource(`${ROOT}/events`);
    events.addEventListener("training", ({ data }) => this.#update(JSON.parse(data)));
    events.addEventListener("error", () => {
      if (events.readyState !== EventSource.CLOSED || events !== this.#events) return;
      // A server that was started again knows no session.
      this.#events = null;
      setTimeout(() => openSession().catch(() => {}).then(() => this.follow(this.seen)), RETRY_MS);
    });
    return events;
  }

  get #limits() {
    return this.#state.limits; // which are known once there are sounds
  }

  #hover(event, over) {
    event.preventDefault();
    byId("train-drop").classList.toggle("over", over && this.#idle);
  }

  async #drop(event) {
    this.#hover(event, false);
    if (this.#idle) this.#take(await droppedSounds(event.dataTransfer, this.#endings));
  }

  #take({ name, sounds, others }) {
    if (!this.#idle) return;
    const { files, bytes: most } = this.#limits;
    const kept = sample(sounds, files, most);
    this.#sounds = kept;
    if (name) byId("train-form").elements.name.value = name;
    const size = kept.reduce((sum, { file }) => sum + file.size, 0);
    const left = sounds.length - kept.length;
    byId("train-found").textContent = !sounds.length ? "There is no sound file in it."
      : [`${kept.length} ${kept.length === 1 ? "sound" : "sounds"}, ${bytes(size)}`,
        left && `an even sample: ${left} more are too many`, others && `${others} other files are left out`,
      ].filter(Boolean).join("; ") + ".";
    byId("train-error").textContent = "";
    this.#show();
  }

  /** Brings the sounds, and has them learnt. */
  async make() {
    const { name, minutes } = byId("train-form").elements;
    if (!this.#sounds.length || !this.#idle) return;
    byId("train-error").textContent = "";
    this.#bringing = true;
    this.#show();
    try {
      const total = this.#sounds.reduce((sum, { file }) => sum + file.size, 0);
      const begun = await call("POST", ROOT, { name: name.value, files: this.#sounds.length, bytes: total });
      await this.#bring(begun, total);
      this.#update(await call("POST", `${ROOT}/start`, { id: begun.id, minutes: Number(minutes.value) }));
      this.#sounds = [];
    } catch (problem) {
      byId("train-error").textContent = problem.message;
    }
    this.#bringing = false;
    this.#show();
  }

  async #bring({ id, limits }, total) {
    let brought = 0;
    for (const [number, { name, file }] of this.#sounds.entries()) {
      for (let at = 0; at < file.size; at += limits.piece) {
        const piece = file.slice(at, at + limits.piece);
        await sendPiece(`${ROOT}/piece?${new URLSearchParams({ id, number, name, at })}`, piece);
        brought += piece.size;
        this.#progress(brought / total, `${bytes(brought)} of ${bytes(total)} brought`);
      }
    }
  }

  async #stop() {
    await call("POST", `${ROOT}/stop`, {}).catch((problem) => (byId("train-error").textContent = problem.message));
  }

  async #again() {
    await call("DELETE", ROOT).catch((problem) => (byId("train-error").textContent = problem.message));
    byId("train-found").textContent = "";
  }

  get #idle() {
    return !this.#bringing && this.#state.state !== "learning";
  }

  #update(state) {
    const before = this.#state;
    this.#state = state;
    this.#known(state.limits.endings);
    if (state.version && state.version !== this.#version) this.emit("made", state.release);
    this.#version = state.version;
    if (before.state === "learning" && state.state !== "learning") byId("train-found").textContent = "";
    this.#show();
  }

  #show() {
    const { state, name, stage, sentences } = this.#state;
    const learning = state === "learning";
    const form = byId("train-form");
    for (const field of form.elements) field.disabled = !this.#idle;
    byId("train-make").disabled = !this.#idle || !this.#sounds.length;
    byId("train-make").textContent = this.#bringing ? "Bringing the sounds …" : learning ? "Learning …" : "Make an instrument";
    byId("train-stop").hidden = !learning;
    byId("train-stop").textContent = this.#state.stopping ? "End it now" : "Stop and keep the best";
    byId("train-progress").hidden = !(learning || this.#bringing);
    if (learning) this.#progress(this.#state.progress, this.#left(stage));
    const over = state === "done" || state === "failed";
    byId("train-again").hidden = !over;
    byId("train-watch").hidden = !(learning || over);
    byId("train-title").textContent = learning ? `Learning “${name}”` : state === "done" ? `“${name}” is learnt` : `“${name}”`;
    byId("train-version").textContent = this.#heard();
    byId("train-play").hidden = !this.#state.version;
    if (state === "failed" && this.#state.error) byId("train-error").textContent = this.#state.error;
    this.#say(sentences);
  }

  #left(stage) {
    const { stopping, seconds_left: left } = this.#state;
    if (stopping) return "Stopping; the best so far is kept …";
    if (!stage) return "Looking at the sounds …";
    return `${stage[0].toUpperCase()}${stage.slice(1)}${left === null ? "" : `, ${clock(left)} left`}`;
  }

  #heard() {
    const { version, plays, held_db: db, state } = this.#state;
    if (!version) return state === "learning" ? "A first version plays within a minute or so." : "";
    const where = plays ? "the engine plays it" : "it is among the releases";
    return `Version ${version}: ${where}; ${db.toFixed(2)} dB from sound that it has not heard.`;
  }

  // Only what is new is added, so that a screen reader reads no sentence twice.
  #say(sentences) {
    const log = byId("train-said");
    const known = [...log.children].map((line) => line.textContent);
    if (known.some((line, n) => line !== sentences[n])) log.replaceChildren();
    for (const text of sentences.slice(log.children.length)) log.append(element("p", { text }));
    if (known.length < sentences.length) log.scrollTop = log.scrollHeight;
  }

  #progress(share, text) {
    byId("train-bar").value = share;
    byId("train-left").textContent = text;
  }
}
