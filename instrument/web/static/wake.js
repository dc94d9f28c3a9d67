/** Keeps the screen on while it sounds, where the browser lets a page do so: on this machine and over HTTPS. */

const SILENT_DB = -60;
const LINGER_MS = 30_000;

/** Holds a wake lock from the first sound until half a minute after the last one. */
export class WakeLock {
  #lock = null;
  #wanted = false;
  #timer = 0;

  constructor(engine, screen = navigator.wakeLock) {
    if (!screen) return; // a plain page in the network has none, and nothing is to be said about it
    this.screen = screen;
    engine.on("meter", (peak) => engine.playing && peak > SILENT_DB && this.#sound());
    engine.on("playing", (playing) => playing || this.#release());
    // The system takes it away whenever the page is hidden.
    document.addEventListener("visibilitychange", () => this.#wanted && this.#hold());
  }

  #sound() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#release(), LINGER_MS);
    if (this.#wanted) return;
    this.#wanted = true;
    this.#hold();
  }

  async #hold() {
    if (document.hidden || this.#lock) return;
    try {
      const lock = await this.screen.request("screen");
      this.#lock = lock;
      lock.addEventListener("release", () => this.#lock === lock && (this.#lock = null));
      if (!this.#wanted) this.#release();
    } catch {
      // A battery that is nearly empty refuses it, among others.
    }
  }

  #release() {
    clearTimeout(this.#timer);
    this.#wanted = false;
    this.#lock?.release();
  }
}
