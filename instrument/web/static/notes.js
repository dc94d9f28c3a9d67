/** Keeps the notes that are held here, each with an identity of its own, so that every one of them is ended. */

let newest = Math.floor(Math.random() * 2 ** 20) * 1000;

/** Starts and ends notes; whoever loses the hand that held one calls `endAll`. */
export class Notes {
  #held = new Map();

  constructor(engine) {
    this.engine = engine;
    this.changed = () => {};
    const endAll = () => this.endAll();
    window.addEventListener("blur", endAll);
    window.addEventListener("pagehide", endAll);
    document.addEventListener("visibilitychange", () => document.hidden && endAll());
    // The server ends what a lost socket had started; here they are forgotten, so that no key looks held.
    engine.connection.on("state", (open) => open || this.#forget());
  }

  /** Starts a note; returns its identity. */
  start(note, velocity) {
    const id = (newest = (newest + 1) % 2 ** 31);
    if (!this.engine.send("/note", "iii", note, velocity, id)) return null;
    this.#held.set(id, note);
    this.changed();
    return id;
  }

  end(id) {
    const note = this.#held.get(id);
    if (note === undefined) return;
    this.#held.delete(id);
    this.engine.send("/note", "iii", note, 0, id);
    this.changed();
  }

  endAll() {
    for (const id of [...this.#held.keys()]) this.end(id);
  }

  /** Bends a held note by semitones. */
  bend(id, semitones) {
    this.#steer("/voice/bend", id, semitones);
  }

  /** Moves a held note's timbre, 0..1; 0.5 leaves it where the pad is. */
  timbre(id, share) {
    this.#steer("/voice/timbre", id, share);
  }

  /** Returns the held notes. */
  get sounding() {
    return new Set(this.#held.values());
  }

  #steer(path, id, value) {
    if (this.#held.has(id)) this.engine.connection.sendLatest(`${path} ${id}`, `/aitunes${path}`, "if", id, value);
  }

  #forget() {
    this.#held.clear();
    this.changed();
  }
}
