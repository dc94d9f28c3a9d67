/** Lists the anchors: adds, names, moves and removes them, and blends them. */

import { button, element } from "./dom.js";

const STEP = 0.02;

/** Fills `root`; anchors can be dragged on the pad while it is shown. */
export class AnchorPanel {
  #shown = "";

  constructor(root, engine, surface) {
    Object.assign(this, { root, engine, surface, anchors: surface.anchors });
    this.blend = button("Blend the anchors", () => this.toggle(), {
      "aria-pressed": "false", title: "The pad plays what lies between the anchors (B)",
    });
    this.list = element("ul", { class: "list", "aria-label": "Anchors" });
    this.restore = button("Restore", () => this.anchors.restore());
    root.replaceChildren(
      this.blend, this.list,
      element("div", { class: "row" },
        button("Anchor here", () => this.#add(), { title: "The present sound becomes an anchor at the point" }), this.restore),
      element("p", { class: "quiet", text: "Drag anchors on the pad while this panel is open. They are kept in this browser." }),
    );
    this.anchors.on("changed", () => this.#show());
    new MutationObserver(() => this.anchors.edit(!root.hidden)).observe(root, { attributes: true, attributeFilter: ["hidden"] });
    this.#show();
  }

  /** Switches between blending and the map. */
  toggle() {
    this.anchors.activate(!this.anchors.active);
    if (this.anchors.active) this.surface.place(...this.surface.hand);
  }

  #add() {
    const { engine, surface } = this;
    if (!this.anchors.add(engine.position.target, ...surface.hand)) engine.emit("notice", "There are too many anchors; remove one first.");
  }

  #show() {
    const { all, active, removed } = this.anchors;
    this.blend.setAttribute("aria-pressed", String(active));
    this.blend.disabled = !all.length;
    this.restore.disabled = !removed;
    this.restore.title = removed && `Puts “${removed}” back`;
    const names = JSON.stringify(all.map(({ name }) => name));
    if (names === this.#shown) return;
    this.#shown = names;
    this.list.replaceChildren(...all.map(({ name }, n) => this.#row(name, n)));
    this.list.hidden = !all.length;
  }

  #row(name, n) {
    const field = element("input", {
      type: "text", value: name, maxlength: 200, "aria-label": `Name of ${name}`,
      on: { change: () => this.anchors.rename(n, field.value) },
    });
    const move = button("✥", () => {}, {
      "aria-label": `Move ${name} with the arrow keys`, title: "Arrow keys move it", on: { keydown: (event) => this.#step(event, n) },
    });
    return element("li", {}, field, move, button("Remove", () => this.anchors.remove(n), { "aria-label": `Remove ${name}` }));
  }

  #step(event, n) {
    const step = { ArrowLeft: [-STEP, 0], ArrowRight: [STEP, 0], ArrowDown: [0, -STEP], ArrowUp: [0, STEP] }[event.key];
    if (!step) return;
    event.preventDefault();
    const { x, y } = this.anchors.all[n];
    this.surface.dragAnchor(n, x + step[0], y + step[1]);
    this.anchors.save();
  }
}
