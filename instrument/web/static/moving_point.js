/** Paints what moves on the pad: the point and its trail, notes that fingers hold, and anchors. */

import { resize } from "./sheet.js";

const TRAIL_SECONDS = 0.9;
const [POINT_REACH, NOTE_REACH] = [14, 52];

const clock = () => performance.now() / 1000;
const union = (one, other) => [
  Math.min(one[0], other[0]), Math.min(one[1], other[1]), Math.max(one[2], other[2]), Math.max(one[3], other[3]),
];

/** Positions are 0..1 from the left and lower edge of the canvas. */
export class MovingPoint {
  #size = { width: 1, height: 1, ratio: 1 };
  #styles = {};
  #target = [0.5, 0.5];
  #from = [0.5, 0.5];
  #began = 0;
  #seconds = 0;
  #home = [0.5, 0.5];
  #notes = [];
  #anchors = { all: [], active: false, editing: false };
  #trail = [];
  #shown = "";
  #version = 0;
  #box = null; // what was painted last and moves: left, top, right, bottom; null for everything

  constructor(canvas) {
    this.canvas = canvas;
    this.context = canvas.getContext("2d");
  }

  fit(size) {
    this.#size = size;
    resize(this.canvas, size);
    this.#repaint();
  }

  restyle(styles) {
    this.#styles = styles;
    this.#repaint();
  }

  /** Shows the point at `current`, on its way to `target` in so many seconds, and a cross at `home`. */
  go({ target, current, seconds, home }) {
    this.#from = current;
    this.#target = target;
    this.#began = clock();
    this.#seconds = seconds;
    if (home.join() !== this.#home.join()) this.#repaint();
    this.#home = home;
  }

  /** Shows notes {x, y, name}. */
  hold(notes) {
    this.#notes = notes;
    this.#version += 1;
  }

  /** Shows anchors {all: {name, x, y}, active, editing}. */
  anchor(anchors) {
    this.#anchors = anchors;
    this.#repaint();
  }

  /** Advances by one frame: follows the point and fades its trail. */
  tick() {
    const now = clock();
    const share = this.#seconds > 0 ? Math.min((now - this.#began) / this.#seconds, 1) : 1;
    const current = this.#from.map((value, n) => value + (this.#target[n] - value) * share);
    const shown = [this.#version, ...this.#target, ...current].join();
    if (shown !== this.#shown) this.#trail.push([...current, now]);
    while (this.#trail.length > 1 && now - this.#trail[0][2] > TRAIL_SECONDS) this.#trail.shift();
    if (shown === this.#shown && this.#trail.length <= 1) return;
    this.#shown = shown;
    this.#paint(current, now);
  }

  #repaint() {
    this.#box = null;
    this.#version += 1;
  }

  // Only what has changed is painted: the browser has to put together no more than that.
  #paint(current, now) {
    const { context } = this;
    const box = this.#moving(current);
    const [left, top, right, bottom] = this.#box ? union(this.#box, box) : [0, 0, this.#size.width, this.#size.height];
    this.#box = box;
    context.save();
    context.beginPath();
    context.rect(left, top, right - left, bottom - top);
    context.clip();
    context.clearRect(left, top, right - left, bottom - top);
    this.#paintHome();
    this.#paintAnchors();
    this.#paintTrail(now);
    this.#paintRing(this.#pixel(this.#target), 11);
    this.#paintDot(this.#pixel(current));
    for (const note of this.#notes) this.#paintNote(note);
    context.restore();
  }

  #moving(current) {
    const around = ([x, y], reach) => [Math.floor(x - reach), Math.floor(y - reach), Math.ceil(x + reach), Math.ceil(y + reach)];
    const { ratio } = this.#size;
    return [
      ...[this.#target, current, ...this.#trail].map((place) => around(this.#pixel(place), POINT_REACH * ratio)),
      ...this.#notes.map(({ x, y }) => around(this.#pixel([x, y]), NOTE_REACH * ratio)),
    ].reduce(union);
  }

  #pixel([x, y]) {
    return [x * this.#size.width, (1 - y) * this.#size.height];
  }

  #paintHome() {
    const { context } = this;
    const [x, y] = this.#pixel(this.#home);
    const reach = 7 * this.#size.ratio;
    context.strokeStyle = this.#styles["--quiet"];
    context.lineWidth = this.#size.ratio;
    context.beginPath();
    context.moveTo(x - reach, y);
    context.lineTo(x + reach, y);
    context.moveTo(x, y - reach);
    context.lineTo(x, y + reach);
    context.stroke();
  }

  #paintTrail(now) {
    const { context } = this;
    const points = this.#trail.map((place) => this.#pixel(place));
    context.strokeStyle = this.#styles["--accent"];
    context.lineCap = "round";
    for (let n = 1; n < points.length; n++) {
      const fresh = 1 - (now - this.#trail[n][2]) / TRAIL_SECONDS;
      context.globalAlpha = Math.max(0.75 * fresh, 0);
      context.lineWidth = (1 + 3 * fresh) * this.#size.ratio;
      context.beginPath();
      context.moveTo(...points[n - 1]);
      context.lineTo(...points[n]);
      context.stroke();
    }
    context.globalAlpha = 1;
  }

  #paintRing([x, y], radius) {
    const { context } = this;
    for (const [colour, thick] of [["--halo", 5], ["--text", 2]]) {
      context.strokeStyle = this.#styles[colour];
      context.lineWidth = thick * this.#size.ratio;
      context.beginPath();
      context.arc(x, y, radius * this.#size.ratio, 0, 2 * Math.PI);
      context.stroke();
    }
  }

  #paintDot([x, y]) {
    const { context } = this;
    context.fillStyle = this.#styles["--accent"];
    context.strokeStyle = this.#styles["--halo"];
    context.lineWidth = 1.5 * this.#size.ratio;
    context.beginPath();
    context.arc(x, y, 6.5 * this.#size.ratio, 0, 2 * Math.PI);
    context.fill();
    context.stroke();
  }

  #paintNote({ x, y, name }) {
    const { context } = this;
    const [across, up] = this.#pixel([x, y]);
    this.#paintRing([across, up], 24);
    context.fillStyle = this.#styles["--text"];
    context.font = `600 ${14 * this.#size.ratio}px system-ui, sans-serif`;
    context.textAlign = "center";
    context.fillText(name, across, up - 32 * this.#size.ratio);
  }

  // Squares on their tips, with their names.
  #paintAnchors() {
    const { context } = this;
    const { ratio } = this.#size;
    const { all, active, editing } = this.#anchors;
    context.font = `${12 * ratio}px system-ui, sans-serif`;
    context.textAlign = "left";
    context.lineWidth = 2 * ratio;
    const r = 8 * ratio;
    context.globalAlpha = active || editing ? 1 : 0.5;
    for (const { name, x: share, y: height } of all) {
      const [x, y] = this.#pixel([share, height]);
      context.beginPath();
      for (const [dx, dy] of [[0, -r], [r, 0], [0, r], [-r, 0]]) context.lineTo(x + dx, y + dy);
      context.closePath();
      context.fillStyle = this.#styles["--halo"];
      context.fill();
      context.strokeStyle = this.#styles[active ? "--accent" : "--text"];
      context.stroke();
      context.fillStyle = this.#styles["--text"];
      context.fillText(name, x + 1.5 * r, y + 4 * ratio);
    }
    context.globalAlpha = 1;
  }
}
