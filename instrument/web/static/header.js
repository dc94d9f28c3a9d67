/** The bar on top: which release plays, the connection, play, record and panic. */

import { byId } from "./dom.js";
import { clock, milliseconds } from "./formats.js";

const STATES = { here: "connected", gone: "no engine", starting: "the engine starts …", lost: "no connection" };

/** Shows the engine's and the connection's state, and acts on them. */
export class Header {
  #state = "lost";
  #recordedSince = null;

  constructor(engine, connection, can, pictures) {
    Object.assign(this, { engine, connection, can, pictures });
    byId("transport").addEventListener("click", () => engine.play(!engine.playing));
    byId("record").addEventListener("click", () => this.toggleRecord());
    byId("panic").addEventListener("click", () => this.onPanic());
    engine.on("release", () => this.#showRelease());
    engine.on("playing", () => this.#showPlaying());
    engine.on("status", (status) => this.#showStatus(status));
    engine.on("changed", (path) => path === "/record/start" && this.#showRecording());
    connection.on("engine", (state) => this.#setState(state));
    connection.on("state", (open) => open || this.#setState("lost"));
    connection.on("trip", (trip, engineMs) => this.#showTrip(trip, engineMs));
    setInterval(() => this.#poll(), 1000);
    this.#showPlaying();
    this.#showRecording();
    this.#setState("lost");
  }

  /** Records the output into a file named after the time, or ends that. */
  toggleRecord() {
    if (!this.can("record")) return;
    if (this.engine.value("/record/start")) this.engine.send("/record/stop");
    else {
      const now = new Date(Date.now() - 60000 * new Date().getTimezoneOffset()).toISOString();
      this.engine.send("/record/start", "s", `${now.slice(0, 10)} ${now.slice(11, 19).replaceAll(":", ".")}.wav`);
    }
  }

  #poll() {
    if (document.hidden) return;
    this.connection.send("/status");
    this.#showRecording();
  }

  #showRelease() {
    const { card, entry } = this.engine;
    byId("release-name").textContent = card.public_name || card.name;
    byId("release-description").textContent = card.description || entry?.description || "";
    document.title = `${card.public_name || card.name} – AiTunes`;
  }

  #showPlaying() {
    const { playing } = this.engine;
    byId("transport").setAttribute("aria-pressed", String(playing));
    byId("transport").setAttribute("aria-label", playing ? "Stop the sound" : "Play");
    document.body.dataset.playing = playing;
  }

  #showRecording() {
    const file = this.engine.value("/record/start");
    if (!file) this.#recordedSince = null;
    else this.#recordedSince ??= Date.now();
    const button = byId("record");
    button.hidden = !this.can("record");
    button.setAttribute("aria-pressed", String(Boolean(file)));
    button.setAttribute("aria-label", file ? `End the recording ${file}` : "Record");
    byId("record-time").textContent = file ? clock((Date.now() - this.#recordedSince) / 1000) : "";
  }

  #setState(state) {
    this.#state = state;
    document.body.dataset.link = state;
    byId("link-text").textContent = STATES[state] ?? state;
    byId("link").title = "";
  }

  #showTrip(trip, engineMs) {
    if (this.#state !== "here") return;
    byId("link-text").textContent = milliseconds(trip);
    const toEngine = engineMs === null ? "" : `, of which ${milliseconds(engineMs)} between server and engine`;
    byId("link").title = `Measured time to the server and back: ${milliseconds(trip)}${toEngine}`;
  }

  #showStatus(status) {
    const latency = ["control_ms", "synthesis_ms", "buffer_ms", "device_ms"].reduce((sum, name) => sum + status[name], 0);
    const parts = [
      `load ${Math.round(status.mean_load)} % (peak ${Math.round(status.peak_load)} %)`,
      `latency ${Math.round(latency)} ms`, `interruptions ${status.underruns}`, `late ${status.late_events}`,
    ];
    if (this.pictures.rate) parts.push(`${Math.round(this.pictures.rate)} frames a second`);
    byId("figures").textContent = parts.join("   ");
  }
}
