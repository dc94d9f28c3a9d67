/** The releases that are here: a gallery with maps, previews to hear, licences; one press loads. */

import { call } from "./api.js";
import { button, byId, element, onTheme } from "./dom.js";
import { Emitter } from "./emitter.js";
import { bytes } from "./formats.js";
import { readLandmarks } from "./maps.js";
import { paintMap } from "./map_view.js";

/** Holds what the server lists. Event: `changed`. */
export class Releases extends Emitter {
  constructor() {
    super();
    this.all = [];
    this.first = "";
  }

  async read() {
    const { releases, default: first } = await call("GET", "/api/v1/releases");
    this.all = releases;
    this.first = first;
    this.emit("changed");
  }
}

/** Fills #gallery; a map is read when its picture comes into sight. */
export class ReleasesView {
  #maps = new Map();
  #sight = new IntersectionObserver((entries) => entries.forEach((entry) => entry.isIntersecting && this.#draw(entry.target)));

  constructor(releases, engine, can, loaded) {
    Object.assign(this, { releases, engine, can, loaded });
    releases.on("changed", () => this.#fill());
    engine.on("release", () => this.#mark());
    onTheme(() => byId("gallery").querySelectorAll("canvas").forEach((canvas) => this.#draw(canvas)));
    this.#fill();
  }

  #fill() {
    byId("gallery").replaceChildren(...this.releases.all.map((release) => this.#card(release)));
    for (const canvas of byId("gallery").querySelectorAll("canvas")) this.#sight.observe(canvas);
    this.#mark();
  }

  #card(release) {
    const { links } = release;
    const name = release.public_name || release.name;
    const picture = element("canvas", { role: "img", "aria-label": `Map of ${name}`, data: { map: release.name } });
    const heard = links.preview && element("audio", { src: links.preview, controls: true, preload: "none" });
    heard?.setAttribute("aria-label", `Preview of ${name}`);
    const load = button(`Play ${name}`, () => this.#load(release.name), { class: "load" });
    load.hidden = !this.can("load");
    const facts = [
      `${release.latent_dim} latent dimensions`, release.plays_notes ? "plays notes" : "no notes",
      `${release.sample_rate / 1000} kHz`, bytes(release.bytes),
    ].join(" · ");
    return element("article", { data: { release: release.name } },
      picture, element("h3", { text: name }), element("p", { text: release.description }),
      element("p", { class: "quiet", text: facts }),
      licenceOf(release),
      heard || null, load);
  }

  async #draw(canvas) {
    const name = canvas.dataset.map;
    if (!this.#maps.has(name)) this.#maps.set(name, readLandmarks(name, [0, 1]));
    const landmarks = await this.#maps.get(name);
    if (canvas.clientWidth) paintMap(canvas, landmarks);
  }

  #load(name) {
    this.engine.load(name);
    this.loaded();
  }

  #mark() {
    for (const card of byId("gallery").children) {
      const plays = card.dataset.release === this.engine.card?.name;
      card.classList.toggle("plays", plays);
      if (plays) card.setAttribute("aria-current", "true");
      else card.removeAttribute("aria-current");
      card.querySelector(".load").textContent = `${plays ? "Playing" : "Play"} ${card.querySelector("h3").textContent}`;
    }
  }
}

function licenceOf({ licence }) {
  const whole = licence || "not stated";
  const [short] = whole.split(/[:;]/, 1);
  if (short === whole) return element("p", { class: "quiet", text: `Licence of its sounds: ${whole}` });
  return element("details", { class: "quiet" },
    element("summary", { text: `Licence of its sounds: ${short} …` }), element("p", { text: whole }));
}
