/** Anchors: sounds at places of the pad that the player has chosen, and what lies between them. Kept in this browser. */

import { Emitter } from "./emitter.js";
import { LATENT_LIMIT } from "./position.js";

export const MAX_ANCHORS = 64;
const AT_ANCHOR = 1e-4;
const MAX_NAME = 200;
const KEY = "aitunes anchors ";

const clipped = (value, low, high) => Math.min(Math.max(value, low), high);

/**
 * Returns how much of each anchor sounds at a place: inverse squared distances, summing to 1 (Shepard, 1968).
 *
 * Exactly at an anchor it alone sounds.
 */
export function weights(anchors, x, y) {
  const distances = anchors.map((anchor) => Math.hypot(anchor.x - x, anchor.y - y));
  const nearest = distances.indexOf(Math.min(...distances));
  if (distances[nearest] < AT_ANCHOR) return distances.map((_, n) => Number(n === nearest));
  const inverse = distances.map((distance) => distance ** -2);
  const sum = inverse.reduce((a, b) => a + b, 0);
  return inverse.map((weight) => weight / sum);
}

/** Holds the anchors of the playing release: {name, x, y, coordinates}. Event: `changed`. */
export class AnchorSet extends Emitter {
  #removed = [];

  constructor(engine) {
    super();
    this.engine = engine;
    this.all = [];
    this.active = false;
    this.editing = false;
    engine.on("release", () => this.#read());
  }

  /** Returns the coordinates that sound at a place. */
  blend(x, y) {
    const shares = weights(this.all, x, y);
    return this.engine.position.target.map((_, axis) =>
      this.all.reduce((sum, { coordinates }, n) => sum + shares[n] * coordinates[axis], 0));
  }

  /** Puts a sound on the pad; returns false where there is no room for more. */
  add(coordinates, x, y) {
    if (this.all.length >= MAX_ANCHORS) return false;
    const taken = new Set(this.all.map(({ name }) => name));
    let number = 1;
    while (taken.has(`anchor ${number}`)) number += 1;
    this.all.push({ name: `anchor ${number}`, x, y, coordinates: [...coordinates] });
    this.save();
    return true;
  }

  /** Moves an anchor while it is dragged; `save` ends that. */
  move(n, x, y) {
    Object.assign(this.all[n], { x: clipped(x, 0, 1), y: clipped(y, 0, 1) });
    this.#tell();
  }

  rename(n, name) {
    this.all[n].name = name.trim().slice(0, MAX_NAME) || this.all[n].name;
    this.save();
  }

  remove(n) {
    this.#removed.push([n, ...this.all.splice(n, 1)]);
    this.save();
  }

  /** Returns the name of the anchor that `restore` would bring back. */
  get removed() {
    return this.#removed.at(-1)?.[1].name ?? "";
  }

  restore() {
    if (!this.#removed.length || this.all.length >= MAX_ANCHORS) return;
    const [n, anchor] = this.#removed.pop();
    this.all.splice(n, 0, anchor);
    this.save();
  }

  /** Lets anchors be dragged, or not. */
  edit(editing) {
    this.editing = editing;
    this.#tell();
  }

  activate(active) {
    this.active = active && this.all.length > 0;
    this.#tell();
  }

  /** Returns the number of the nearest anchor within `reach` of a place, as a share of the pad; null where there is none. */
  at(x, y, reach) {
    let [found, nearest] = [null, reach];
    this.all.forEach((anchor, n) => {
      const distance = Math.hypot(anchor.x - x, anchor.y - y);
      if (distance < nearest) [found, nearest] = [n, distance];
    });
    return found;
  }

  /** Keeps the anchors in this browser. */
  save() {
    this.active &&= this.all.length > 0;
    try {
      localStorage.setItem(KEY + this.engine.card.name, JSON.stringify(this.all));
    } catch {
      // A browser that keeps nothing still plays.
    }
    this.#tell();
  }

  #read() {
    this.active = false;
    this.#removed = [];
    this.all = [];
    try {
      const kept = JSON.parse(localStorage.getItem(KEY + this.engine.card.name) ?? "[]");
      this.all = kept.slice(0, MAX_ANCHORS).filter((anchor) => this.#fits(anchor));
    } catch {
      // What is damaged, or kept by something else, is no anchor.
    }
    this.#tell();
  }

  #fits({ name, x, y, coordinates }) {
    const numbers = [x, y, ...coordinates];
    const limits = coordinates.length === this.engine.position.size && coordinates.every((c) => Math.abs(c) <= LATENT_LIMIT);
    return typeof name === "string" && limits && numbers.every(Number.isFinite);
  }

  #tell() {
    this.emit("changed");
  }
}
