/** A way over a map, drawn by hand: its points with their times, and its picture. */

import { fitCanvas, keepSwipes, onTheme, styleOf } from "./dom.js";
import { Landmarks } from "./landmarks.js";
import { paintMap } from "./map_view.js";
import { readLandmarks } from "./maps.js";

const MAX_POINTS = 2000;
const KEY_STEP = 0.03;

/** Lets a hand draw on `pad`, which holds a canvas .backdrop and a canvas .moving. */
export class DrawnPath {
  #points = [];
  #pointer = null;
  #began = 0;
  #landmarks = new Landmarks();

  constructor(pad) {
    this.pad = pad;
    this.onChange = () => {};
    this.progress = null;
    pad.addEventListener("pointerdown", (event) => this.#press(event));
    pad.addEventListener("pointermove", (event) => event.pointerId === this.#pointer && this.#add(event));
    for (const end of ["pointerup", "pointercancel"]) pad.addEventListener(end, () => (this.#pointer = null));
    keepSwipes(pad);
    pad.addEventListener("keydown", (event) => this.#step(event));
    new ResizeObserver(() => this.#repaint()).observe(pad);
    onTheme(() => this.#repaint());
  }

  /** Shows another release's map, and forgets the way. */
  async showMap(release) {
    this.clear();
    this.#landmarks = await readLandmarks(release, [0, 1]);
    this.#repaint();
  }

  clear() {
    this.#points = [];
    this.paint();
    this.onChange();
  }

  get empty() {
    return this.#points.length === 0;
  }

  /** Returns the points of a way that takes so many seconds: {seconds, x, y}, in the rhythm in which it was drawn. */
  points(seconds) {
    const last = this.#points.at(-1)?.time || 1;
    return this.#points.map(({ time, x, y }) => ({ seconds: (time / last) * seconds, x, y }));
  }

  #press(event) {
    if (event.pointerType === "mouse" && event.button !== 0) return;
    this.pad.setPointerCapture(event.pointerId);
    this.#pointer = event.pointerId;
    this.#points = [];
    this.#began = event.timeStamp;
    this.#add(event);
  }

  #add(event) {
    const frame = this.pad.getBoundingClientRect();
    const x = (event.clientX - frame.left) / frame.width;
    this.#push(x, 1 - (event.clientY - frame.top) / frame.height, (event.timeStamp - this.#began) / 1000);
  }

  // With the keys every step takes as long.
  #step(event) {
    const steps = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key];
    if (event.key === "Backspace" || event.key === "Delete") this.clear();
    if (!steps) return;
    event.preventDefault();
    const last = this.#points.at(-1) ?? { x: 0.5, y: 0.5, time: 0 };
    if (this.empty) this.#push(last.x, last.y, 0);
    this.#push(last.x + KEY_STEP * steps[0], last.y + KEY_STEP * steps[1], last.time + 0.1);
  }

  #push(x, y, time) {
    if (this.#points.length >= MAX_POINTS) return;
    const [cx, cy] = [x, y].map((value) => Math.min(Math.max(value, 0), 1));
    this.#points.push({ x: cx, y: cy, time });
    this.paint();
    this.onChange();
  }

  #repaint() {
    if (!this.pad.clientWidth) return;
    paintMap(this.pad.querySelector(".backdrop"), this.#landmarks);
    this.paint();
  }

  /** Paints the way, and where the sound is on it, `progress` 0..1. */
  paint() {
    const canvas = this.pad.querySelector(".moving");
    const { width, height, ratio } = fitCanvas(canvas);
    const context = canvas.getContext("2d");
    context.clearRect(0, 0, width, height);
    context.lineJoin = context.lineCap = "round";
    for (const [colour, thick] of [["--halo", 6], ["--accent", 3]]) {
      context.strokeStyle = styleOf(colour);
      context.lineWidth = thick * ratio;
      context.beginPath();
      this.#points.forEach(({ x, y }, n) => context[n ? "lineTo" : "moveTo"](x * width, (1 - y) * height));
      context.stroke();
    }
    const place = this.#points[0] && this.#at(this.progress ?? 0);
    if (!place) return;
    context.fillStyle = styleOf("--text");
    context.beginPath();
    context.arc(place.x * width, (1 - place.y) * height, 6 * ratio, 0, 2 * Math.PI);
    context.fill();
  }

  #at(share) {
    const time = share * this.#points.at(-1).time;
    return this.#points.find((point) => point.time >= time) ?? this.#points.at(-1);
  }
}
