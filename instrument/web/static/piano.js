/** Piano keys for several fingers, the mouse, and the computer's keyboard. */

import { button, element, keepSwipes, typing } from "./dom.js";
import { isBlack, noteName } from "./formats.js";

const ROWS = "zsxdcvgbhnjmq2w3er5t6y7u";
const KEY_PIXELS = 42;
const MIN_WHITES = 8;
const MAX_WHITES = 22;
const TYPED_VELOCITY = 100;

/** Shows keys in `root`; as many as its width has room for. */
export class Piano {
  #fingers = new Map();
  #typed = new Map();
  #keys = [];

  constructor(root, notes) {
    this.root = root;
    this.notes = notes;
    this.lowest = 48;
    this.typing = false;
    notes.changed = () => this.#show();
    root.addEventListener("pointerdown", (event) => this.#press(event));
    root.addEventListener("pointermove", (event) => this.#fingers.has(event.pointerId) && this.#slide(event));
    for (const end of ["pointerup", "pointercancel", "lostpointercapture"]) {
      root.addEventListener(end, (event) => this.#lift(event.pointerId));
    }
    keepSwipes(root);
    root.addEventListener("keydown", (event) => this.#pressFocused(event));
    document.addEventListener("keydown", (event) => this.#typeDown(event));
    document.addEventListener("keyup", (event) => this.#typeUp(event));
    window.addEventListener("blur", () => this.#typed.clear());
    new ResizeObserver(() => this.#build()).observe(root);
  }

  /** Transposes the keys by octaves. */
  shift(octaves) {
    this.notes.endAll();
    this.lowest = Math.min(Math.max(this.lowest + 12 * octaves, 0), 96);
    this.#build();
  }

  #build() {
    const width = this.root.clientWidth;
    if (!width) return;
    const whites = Math.min(Math.max(Math.floor(width / KEY_PIXELS), MIN_WHITES), MAX_WHITES);
    const shown = `${this.lowest} ${whites} ${this.typing}`;
    if (shown === this.root.dataset.shown) return;
    this.root.dataset.shown = shown;
    this.#keys = [];
    for (let note = this.lowest, count = 0; ; note++) {
      if (isBlack(note) ? count === whites : count++ === whites) break;
      if (note <= 127) this.#keys.push(this.#key(note, (isBlack(note) ? count : count - 1) / whites, whites));
    }
    this.root.replaceChildren(...this.#keys.map(({ made }) => made));
    if (this.#keys.length) this.#keys[0].made.tabIndex = 0;
    this.#show();
  }

  #key(note, left, whites) {
    const black = isBlack(note);
    const typed = this.typing ? ROWS[note - this.lowest]?.toUpperCase() : "";
    const made = button(typed || (note % 12 === 0 ? noteName(note) : ""), () => {}, {
      class: `key ${black ? "black" : "white"}`, tabindex: -1, "aria-label": noteName(note), data: { note },
    });
    made.style.left = `${100 * (left - (black ? 0.3 / whites : 0))}%`;
    made.style.width = `${(black ? 60 : 100) / whites}%`;
    return { note, black, made };
  }

  #show() {
    const sounding = this.notes.sounding;
    for (const { note, made } of this.#keys) made.classList.toggle("held", sounding.has(note));
  }

  // Fingers and the mouse.

  #press(event) {
    if (event.pointerType === "mouse" && event.button !== 0) return;
    event.preventDefault();
    this.root.setPointerCapture(event.pointerId);
    this.#fingers.set(event.pointerId, { note: null, id: null });
    this.#slide(event);
  }

  #slide(event) {
    const finger = this.#fingers.get(event.pointerId);
    const hit = this.#hit(event.clientX, event.clientY);
    const note = hit?.note ?? null;
    if (note === finger.note) return;
    const before = finger.id;
    finger.note = note;
    // The new note first, so that one voice plays legato.
    finger.id = hit ? this.notes.start(note, hit.velocity) : null;
    if (before !== null) this.notes.end(before);
  }

  #hit(x, y) {
    const inside = (key) => {
      const box = key.made.getBoundingClientRect();
      return x >= box.left && x < box.right && y >= box.top && y < box.bottom ? box : null;
    };
    const keys = [...this.#keys].sort((a, b) => b.black - a.black);
    for (const key of keys) {
      const box = inside(key);
      if (box) return { note: key.note, velocity: Math.round(48 + (72 * (y - box.top)) / box.height) };
    }
    return null;
  }

  #lift(pointer) {
    const finger = this.#fingers.get(pointer);
    this.#fingers.delete(pointer);
    if (finger && finger.id !== null) this.notes.end(finger.id);
  }

  // The computer's keys.

  #pressFocused(event) {
    const key = this.#keys.findIndex(({ made }) => made === document.activeElement);
    if (key < 0) return;
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (step) {
      event.preventDefault();
      const next = this.#keys[Math.min(Math.max(key + step, 0), this.#keys.length - 1)];
      this.#keys[key].made.tabIndex = -1;
      next.made.tabIndex = 0;
      next.made.focus();
    } else if (event.key === " " || event.key === "Enter") {
      event.preventDefault();
      this.#typeNote(event, this.#keys[key].note);
    }
  }

  #typeDown(event) {
    if (!this.typing || event.ctrlKey || event.metaKey || event.altKey || typing()) return;
    const step = ROWS.indexOf(event.key.toLowerCase());
    if (step >= 0 && event.key.length === 1 && this.root.clientWidth) this.#typeNote(event, this.lowest + step);
  }

  #typeNote(event, note) {
    if (event.repeat || this.#typed.has(event.code)) return;
    this.#typed.set(event.code, this.notes.start(note, TYPED_VELOCITY));
  }

  #typeUp(event) {
    if (!this.#typed.has(event.code)) return;
    this.notes.end(this.#typed.get(event.code));
    this.#typed.delete(event.code);
  }

  /** Lets the computer's keys play notes, or ends that. */
  setTyping(typing) {
    this.typing = typing;
    this.notes.endAll();
    this.#build();
  }
}

/** Returns the controls beside the keys: octave down and up, and the computer's keys. */
export function pianoControls(piano, toggled) {
  const keys = button("Keys", () => toggled(!piano.typing), {
    "aria-pressed": "false", title: "The computer's keys Z … M and Q … U play notes (K)", class: "typing",
  });
  return element("div", { class: "octaves" },
    button("−", () => piano.shift(-1), { "aria-label": "An octave down" }),
    button("+", () => piano.shift(1), { "aria-label": "An octave up" }), keys);
}
