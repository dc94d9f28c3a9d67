/** Has what moves painted by a worker, so that painting keeps no hand waiting; by the page where no worker can. */

import { onTheme, styleOf } from "./dom.js";
import { STYLES, Scene } from "./scene.js";

const MAX_RATIO = 2;
const ASKED = ["call", "restyle", "hold", "run"];

/** Returns what passes on to the scene of a worker whatever is asked of it. */
function farScene(worker) {
  const send = (name) => (...values) => worker.postMessage([name, ...values]);
  const add = (number, kind, canvas) => {
    const surface = canvas.transferControlToOffscreen();
    worker.postMessage(["add", number, kind, surface], [surface]);
  };
  return { add, ...Object.fromEntries(ASKED.map((name) => [name, send(name)])) };
}

/** One picture: `call` calls a method of it. */
class Picture {
  constructor(number, pictures) {
    Object.assign(this, { number, pictures });
  }

  call(method, ...values) {
    this.pictures.act((scene) => scene.call(this.number, method, ...values));
  }
}

/** Holds the moving pictures of a page; `rate`, `frames`, `slow` and `aside` are as the scene tells. */
export class Pictures {
  rate = 0;
  frames = 0;
  slow = 0;
  aside = 0;
  #scene = null;
  #waiting = [];
  #added = new Map();
  #sizes = new ResizeObserver((entries) => entries.forEach(({ target }) => this.#fit(target)));

  constructor() {
    if ("transferControlToOffscreen" in HTMLCanvasElement.prototype) this.#hire();
    else this.#paintHere();
    onTheme(() => this.#restyle());
    window.addEventListener("resize", () => this.#added.forEach((_, canvas) => this.#fit(canvas)));
  }

  /** Returns a picture of a kind that the scene knows, painted onto a canvas from now on. */
  add(kind, canvas) {
    const picture = new Picture(this.#added.size, this);
    this.#added.set(canvas, picture);
    this.act((scene) => scene.add(picture.number, kind, canvas));
    this.#sizes.observe(canvas);
    return picture;
  }

  /** Says whether a hand plays. */
  hold(held) {
    this.act((scene) => scene.hold(held));
  }

  /** Paints from now on, or pauses. */
  run(running) {
    if (!running) this.rate = 0;
    this.act((scene) => scene.run(running));
  }

  /** Calls `does` with the scene, as soon as there is one. */
  act(does) {
    if (this.#scene) does(this.#scene);
    else this.#waiting.push(does);
  }

  // Canvases are handed over only when the worker has answered: what is handed over does not come back.
  #hire() {
    const worker = new Worker(new URL("./pictures_worker.js", import.meta.url), { type: "module", name: "pictures" });
    worker.onmessage = ({ data }) => (data === "ready" ? this.#begin(farScene(worker)) : Object.assign(this, data));
    worker.onerror = () => this.#scene ?? this.#paintHere();
  }

  #paintHere() {
    this.#begin(new Scene((counts) => Object.assign(this, counts)));
  }

  #begin(scene) {
    this.#scene = scene;
    this.#restyle();
    for (const does of this.#waiting.splice(0)) does(scene);
  }

  #restyle() {
    this.act((scene) => scene.restyle(Object.fromEntries(STYLES.map((name) => [name, styleOf(name)]))));
  }

  #fit(canvas) {
    const ratio = Math.min(window.devicePixelRatio || 1, MAX_RATIO);
    const { width, height } = canvas.getBoundingClientRect();
    const [w, h] = [width, height].map((side) => Math.max(1, Math.round(side * ratio)));
    this.#added.get(canvas).call("fit", { width: w, height: h, ratio });
  }
}
