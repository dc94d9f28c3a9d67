/** The pad itself: shows the map and the point, and follows fingers, pen, mouse and keys. */

import { AnchorSet, paintAnchors } from "./anchors.js";
import { fitCanvas, onTheme, styleOf } from "./dom.js";
import { Landmarks } from "./landmarks.js";
import { paintMap, writeLegend } from "./map_view.js";
import { Fingers } from "./fingers.js";

const TRAIL_SECONDS = 0.9;
const KEY_STEP = 0.02;
const FINE_STEP = 0.002;
const WHEEL_STEP = 0.1;
const REACH = 0.035;
const GRASP_PIXELS = 18;

/** Draws into the elements of `root`: .backdrop, .moving, .legend, .across, .up, .near, .spoken. */
export class Surface {
  #trail = [];
  #shown = "";
  #near = "";
  #landmarks = new Landmarks();
  #asked = "";

  constructor(root, engine, notes) {
    this.root = root;
    this.engine = engine;
    this.part = (name) => root.querySelector(`.${name}`);
    this.pad = this.part("pad");
    this.moving = this.part("moving");
    this.third = 2;
    this.anchors = new AnchorSet(engine);
    this.hand = [0.5, 0.5];
    this.fingers = new Fingers(this.pad, this, notes);
    this.#listen();
    new ResizeObserver(() => this.#repaint()).observe(this.pad);
    onTheme(() => this.#repaint());
    engine.on("release", () => this.showMap());
    engine.on("changed", (path) => path === "/pad/axes" && this.showMap());
  }

  /** Reads the map of the playing release on the present axes, and paints it. */
  async showMap() {
    const { engine } = this;
    const { axes, size } = engine.position;
    if (!engine.card || !size) return;
    if (axes.includes(this.third)) this.third = [0, 1, 2].find((n) => !axes.includes(n) && n < size) ?? size;
    const asked = `${engine.card.name} ${axes}`;
    if (asked === this.#asked) return;
    this.#asked = asked;
    const landmarks = await engine.landmarks(axes);
    if (asked !== this.#asked) return;
    this.#landmarks = landmarks;
    this.#writeTitles(axes);
    this.#repaint();
  }

  #writeTitles(axes) {
    const { entry } = this.engine;
    ["across", "up"].forEach((name, n) => {
      const axis = entry?.axes?.[axes[n]];
      const share = axis ? ` · ${Math.round(100 * axis.share)} % of variance` : "";
      this.part(name).textContent = `${axis?.title ?? `PC ${axes[n] + 1}`}${share} →`;
    });
  }

  #repaint() {
    paintMap(this.part("backdrop"), this.#landmarks);
    writeLegend(this.part("legend"), this.#landmarks);
    this.#shown = "";
  }

  // What a hand does.

  /** Moves the point to a position of the pad, 0..1 within its edges. */
  moveTo(x, y) {
    const [cx, cy] = [x, y].map((value) => Math.min(Math.max(value, 0), 1));
    this.place(cx, cy);
    this.onMove?.(cx, cy);
  }

  /** Plays a position of the pad: of the map, or of what lies between the anchors. */
  place(x, y) {
    this.hand = [x, y];
    if (this.anchors.active) this.engine.moveTo(this.anchors.blend(x, y));
    else this.engine.movePad(x, y);
  }

  /** Returns the number of the anchor that a hand grasps at a position; null where there is none. */
  anchorAt(x, y) {
    return this.anchors.editing ? this.anchors.at(x, y, GRASP_PIXELS / this.pad.clientWidth) : null;
  }

  /** Moves an anchor; where the anchors are blended, the sound follows. */
  dragAnchor(n, x, y) {
    this.anchors.move(n, x, y);
    if (this.anchors.active) this.place(...this.hand);
  }

  /** Moves along the third axis by so many standard deviations. */
  turn(change) {
    const { position } = this.engine;
    if (this.third < position.size) this.engine.moveCoordinate(this.third, position.target[this.third] + change);
  }

  /** Goes to the mean of all training sounds. */
  home() {
    this.engine.moveTo(this.engine.position.target.map(() => 0));
    this.onMove?.(...this.engine.position.project(this.engine.position.target));
  }

  #listen() {
    this.pad.addEventListener("wheel", (event) => {
      event.preventDefault();
      this.turn(-Math.sign(event.deltaY) * WHEEL_STEP);
    }, { passive: false });
    this.pad.addEventListener("dblclick", (event) => {
      if (this.anchorAt(...this.fingers.position(event)) === null) this.home();
    });
    this.pad.addEventListener("keydown", (event) => this.#press(event));
    this.pad.addEventListener("pointermove", (event) => this.#hover(event));
    this.pad.addEventListener("pointerleave", () => (this.part("near").textContent = this.#near = ""));
  }

  #press(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const step = event.shiftKey ? FINE_STEP : KEY_STEP;
    const moves = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowDown: [0, -step], ArrowUp: [0, step] };
    const turns = { PageUp: WHEEL_STEP, PageDown: -WHEEL_STEP };
    const [x, y] = this.#place;
    if (event.key in moves) this.moveTo(x + moves[event.key][0], y + moves[event.key][1]);
    else if (event.key in turns) this.turn(turns[event.key]);
    else if (event.key === "Home") this.home();
    else return;
    event.preventDefault();
    this.#speak();
  }

  get #place() {
    return this.anchors.active ? this.hand : this.engine.position.project(this.engine.position.target);
  }

  #speak() {
    const [x, y] = this.#place;
    const near = this.#landmarks.nearest(x, y, 2 * REACH);
    const label = near ? `, near ${this.#landmarks.labels[near.number] ?? "others"}` : "";
    this.part("spoken").textContent = `${Math.round(100 * x)} across, ${Math.round(100 * y)} up${label}`;
  }

  #hover(event) {
    const [x, y] = this.fingers.position(event);
    const near = this.#landmarks.nearest(x, y, REACH);
    const label = near ? this.#landmarks.labels[near.number] : undefined;
    const text = near ? [label, near.source].filter(Boolean).join(" · ") : "";
    if (text !== this.#near) this.part("near").textContent = text;
    this.#near = text;
  }

  // What is seen.

  /** Advances by one frame: follows the point and fades its trail. */
  tick() {
    const { position } = this.engine;
    const now = performance.now() / 1000;
    const blends = this.anchors.active;
    const [target, current] = [position.target, position.current].map((place) => blends ? this.hand : position.project(place));
    if (!blends) this.hand = target;
    const shown = [this.anchors.version, ...target, ...current, ...this.fingers.notes().flatMap(({ x, y }) => [x, y])].join();
    if (shown !== this.#shown) this.#trail.push([...current, now]);
    while (this.#trail.length > 1 && now - this.#trail[0][2] > TRAIL_SECONDS) this.#trail.shift();
    if (shown === this.#shown && this.#trail.length <= 1) return;
    this.#shown = shown;
    this.#paint(target, current, now);
  }

  #paint(target, current, now) {
    const { width, height, ratio } = fitCanvas(this.moving);
    const context = this.moving.getContext("2d");
    const pixel = ([x, y]) => [x * width, (1 - y) * height];
    context.clearRect(0, 0, width, height);
    paintHome(context, pixel(this.engine.position.project([])), ratio);
    paintAnchors(context, this.anchors, pixel, ratio);
    paintTrail(context, this.#trail.map(([x, y, moment]) => [...pixel([x, y]), (now - moment) / TRAIL_SECONDS]), ratio);
    paintRing(context, pixel(target), 11 * ratio, ratio);
    paintDot(context, pixel(current), 6.5 * ratio, ratio);
    for (const note of this.fingers.notes()) paintNote(context, pixel([note.x, note.y]), note.name, ratio);
  }
}

function paintHome(context, [x, y], ratio) {
  const reach = 7 * ratio;
  context.strokeStyle = styleOf("--quiet");
  context.lineWidth = ratio;
  context.beginPath();
  context.moveTo(x - reach, y);
  context.lineTo(x + reach, y);
  context.moveTo(x, y - reach);
  context.lineTo(x, y + reach);
  context.stroke();
}

function paintTrail(context, points, ratio) {
  context.strokeStyle = styleOf("--accent");
  context.lineCap = "round";
  for (let n = 1; n < points.length; n++) {
    const fresh = 1 - points[n][2];
    context.globalAlpha = 0.75 * fresh;
    context.lineWidth = (1 + 3 * fresh) * ratio;
    context.beginPath();
    context.moveTo(points[n - 1][0], points[n - 1][1]);
    context.lineTo(points[n][0], points[n][1]);
    context.stroke();
  }
  context.globalAlpha = 1;
}

function paintRing(context, [x, y], radius, ratio) {
  for (const [colour, thick] of [["--halo", 5], ["--text", 2]]) {
    context.strokeStyle = styleOf(colour);
    context.lineWidth = thick * ratio;
    context.beginPath();
    context.arc(x, y, radius, 0, 2 * Math.PI);
    context.stroke();
  }
}

function paintDot(context, [x, y], radius, ratio) {
  context.fillStyle = styleOf("--accent");
  context.strokeStyle = styleOf("--halo");
  context.lineWidth = 1.5 * ratio;
  context.beginPath();
  context.arc(x, y, radius, 0, 2 * Math.PI);
  context.fill();
  context.stroke();
}

function paintNote(context, [x, y], name, ratio) {
  paintRing(context, [x, y], 24 * ratio, ratio);
  context.fillStyle = styleOf("--text");
  context.font = `600 ${14 * ratio}px system-ui, sans-serif`;
  context.textAlign = "center";
  context.fillText(name, x, y - 32 * ratio);
}
