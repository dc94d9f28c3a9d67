/** Snapshots of the demo page: coordinates by name, kept in this browser. */

import { LATENT_LIMIT } from "../static/position.js";

const MAX_KEPT = 64;

/** Holds the snapshots of a release of so many coordinates; what is damaged or foreign is left out. */
export class KeptSnapshots {
  #all = new Map();

  constructor(release, size) {
    this.key = `aitunes snapshots ${release}`;
    try {
      const kept = JSON.parse(localStorage.getItem(this.key) ?? "[]").slice(0, MAX_KEPT);
      this.#all = new Map(kept.filter(([name, place]) => typeof name === "string" && fits(place, size)));
    } catch {
      // A browser that keeps nothing still plays.
    }
  }

  get names() {
    return [...this.#all.keys()];
  }

  get(name) {
    return this.#all.get(name);
  }

  save(name, coordinates) {
    this.#all.set(name, [...coordinates]);
    try {
      localStorage.setItem(this.key, JSON.stringify([...this.#all]));
    } catch {
      // They are there until the page is left.
    }
  }
}

const fits = (place, size) =>
  Array.isArray(place) && place.length === size && place.every((value) => Math.abs(value) <= LATENT_LIMIT);
