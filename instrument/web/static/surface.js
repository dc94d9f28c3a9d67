/** The pad itself: shows the map and the point, and follows fingers, pen, mouse and keys. */

import { AnchorSet } from "./anchors.js";
import { onTheme } from "./dom.js";
import { Landmarks } from "./landmarks.js";
import { paintMap, writeLegend } from "./map_view.js";
import { Fingers } from "./fingers.js";

const KEY_STEP = 0.02;
const FINE_STEP = 0.002;
const WHEEL_STEP = 0.1;
const REACH = 0.035;
const GRASP_PIXELS = 18;
const NEAR_MS = 200;

/** Draws into the elements of `root`: .backdrop, .legend, .across, .up, .near, .spoken; `pictures` into .moving. */
export class Surface {
  #hovering = null;
  #landmarks = new Landmarks();
  #asked = "";

  constructor(root, engine, notes, pictures) {
    this.root = root;
    this.engine = engine;
    this.part = (name) => root.querySelector(`.${name}`);
    this.pad = this.part("pad");
    this.point = pictures.add("point", this.part("moving"));
    this.third = 2;
    this.anchors = new AnchorSet(engine);
    this.hand = [0.5, 0.5];
    this.fingers = new Fingers(this.pad, this, notes);
    this.fingers.onChange = () => {
      pictures.hold(this.fingers.active);
      this.point.call("hold", this.fingers.notes());
    };
    this.#listen();
    new ResizeObserver(() => this.#repaint()).observe(this.pad);
    onTheme(() => this.#repaint());
    this.anchors.on("changed", () => this.#showAnchors());
    engine.on("moved", () => this.#show());
    engine.on("release", () => {
      this.#show();
      this.showMap();
    });
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
    this.pad.addEventListener("pointerleave", () => this.#name(""));
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

  // Several times a second and no oftener: a text that changes has the browser lay out the page.
  #hover(event) {
    const waiting = this.#hovering !== null;
    this.#hovering = event;
    if (!waiting) setTimeout(() => this.#nameNearest(), NEAR_MS);
  }

  #nameNearest() {
    const near = this.#hovering && this.#landmarks.nearest(...this.fingers.position(this.#hovering), REACH);
    const label = near ? this.#landmarks.labels[near.number] : undefined;
    this.#name(near ? [label, near.source].filter(Boolean).join(" · ") : "");
  }

  #name(text) {
    this.#hovering = null;
    if (text !== this.part("near").textContent) this.part("near").textContent = text;
  }

  // What is seen.

  #show() {
    const { position } = this.engine;
    const places = [position.target, position.current].map((place) => position.project(place));
    const blends = this.anchors.active;
    if (!blends) [this.hand] = places;
    const [target, current] = blends ? [this.hand, this.hand] : places;
    this.point.call("go", { target, current, seconds: position.remaining, home: position.project([]) });
  }

  #showAnchors() {
    const { all, active, editing } = this.anchors;
    this.point.call("anchor", { all: all.map(({ name, x, y }) => ({ name, x, y })), active, editing });
    this.#show();
  }
}
