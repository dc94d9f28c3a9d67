/** Tells several fingers on the pad apart: the first moves the point, further ones are notes or the third axis. */

import { keepSwipes } from "./dom.js";
import { noteName } from "./formats.js";

const OCTAVES = 2;
const SLOWEST_VELOCITY = 40;
const TURN_PER_HEIGHT = 4;
const DOUBLE_MS = 350;
const DOUBLE_PIXELS = 24;

/** Follows pointers on `pad`, and moves `surface` and `notes` by them; `onChange` is called when what they hold changes. */
export class Fingers {
  #down = new Map();
  #frame = null;
  #last = { time: -Infinity, x: 0, y: 0 };

  constructor(pad, surface, notes) {
    this.pad = pad;
    this.surface = surface;
    this.held = notes;
    pad.addEventListener("pointerdown", (event) => this.#press(event));
    // Raw updates come at once, and not only before the next frame; browsers give them to secure pages.
    const moved = "onpointerrawupdate" in pad && window.isSecureContext ? "pointerrawupdate" : "pointermove";
    pad.addEventListener(moved, (event) => this.#move(event));
    for (const end of ["pointerup", "pointercancel", "lostpointercapture"]) {
      pad.addEventListener(end, (event) => this.#lift(event.pointerId));
    }
    window.addEventListener("blur", () => this.#liftAll());
    document.addEventListener("visibilitychange", () => document.hidden && this.#liftAll());
    keepSwipes(pad);
  }

  /** Returns where an event lies on the pad: 0..1 within its edges, y rising. */
  position(event) {
    const frame = this.#down.size && this.#frame ? this.#frame : this.pad.getBoundingClientRect();
    return [(event.clientX - frame.left) / frame.width, 1 - (event.clientY - frame.top) / frame.height];
  }

  /** Returns whether any finger is down. */
  get active() {
    return this.#down.size > 0;
  }

  /** Returns the notes that fingers hold: {x, y, name}. */
  notes() {
    return [...this.#down.values()].filter(({ kind }) => kind === "note").map(({ x, y, name }) => ({ x, y, name }));
  }

  #press(event) {
    if (event.pointerType === "mouse" && event.button !== 0) return;
    if (!this.#down.size) this.#frame = this.pad.getBoundingClientRect();
    event.preventDefault();
    this.pad.setPointerCapture(event.pointerId);
    this.pad.focus({ preventScroll: true });
    const [x, y] = this.position(event);
    const kinds = new Set([...this.#down.values()].map(({ kind }) => kind));
    const anchor = this.surface.anchorAt(x, y);
    const kind = anchor !== null ? "anchor" : !kinds.has("point") ? "point" : this.surface.engine.playsNotes ? "note" : "turn";
    const finger = { kind, anchor, x, y, fromX: x };
    this.#down.set(event.pointerId, finger);
    if (kind === "note") this.#start(finger);
    else if (kind === "point" && this.#isSecondTap(event)) this.surface.home();
    else if (kind === "point") this.surface.moveTo(x, y);
    this.onChange?.();
  }

  // As the pad keeps touches from becoming a mouse, it has to see double taps itself.
  #isSecondTap({ pointerType, timeStamp: time, clientX: x, clientY: y }) {
    const { time: before, x: fromX, y: fromY } = this.#last;
    this.#last = { time, x, y };
    return pointerType !== "mouse" && time - before < DOUBLE_MS && Math.hypot(x - fromX, y - fromY) < DOUBLE_PIXELS;
  }

  #start(finger) {
    const note = (this.lowest ?? 48) + Math.round(Math.min(Math.max(finger.x, 0), 1) * 12 * OCTAVES);
    finger.name = noteName(note);
    finger.id = this.held.start(note, Math.round(SLOWEST_VELOCITY + (127 - SLOWEST_VELOCITY) * finger.y));
  }

  #move(event) {
    const finger = this.#down.get(event.pointerId);
    if (!finger) return;
    const [x, y] = this.position(event);
    if (finger.kind === "point") this.surface.moveTo(x, y);
    else if (finger.kind === "anchor") this.surface.dragAnchor(finger.anchor, x, y);
    else if (finger.kind === "turn") this.surface.turn(TURN_PER_HEIGHT * (y - finger.y));
    else this.#steer(finger, x, y);
    Object.assign(finger, { x, y });
    if (finger.kind === "note") this.onChange?.();
  }

  #steer(finger, x, y) {
    if (x !== finger.x) this.held.bend(finger.id, 12 * OCTAVES * (x - finger.fromX));
    if (y !== finger.y) this.held.timbre(finger.id, Math.min(Math.max(y, 0), 1));
  }

  #lift(pointer) {
    const finger = this.#down.get(pointer);
    this.#down.delete(pointer);
    if (finger?.kind === "note") this.held.end(finger.id);
    else if (finger?.kind === "anchor") this.surface.anchors.save();
    this.onChange?.();
  }

  #liftAll() {
    for (const pointer of [...this.#down.keys()]) this.#lift(pointer);
  }
}
