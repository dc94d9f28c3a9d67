/** Builds elements; whatever comes from elsewhere goes in as text, never as markup. */

/**
 * Returns a new element.
 *
 * `properties` are attributes, but for `on` (handlers by event), `text` (its content) and `data` (data attributes);
 * false, null and undefined leave an attribute out.
 */
export function element(tag, properties = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name === "on") for (const [event, handler] of Object.entries(value)) made.addEventListener(event, handler);
    else if (name === "text") made.textContent = value;
    else if (name === "data") Object.assign(made.dataset, value);
    else if (value === true) made.setAttribute(name, "");
    else if (value !== false && value != null) made.setAttribute(name, value);
  }
  made.append(...children.filter((child) => child != null));
  return made;
}

/** Returns a button with a text; `properties` as for `element`. */
export function button(text, press, properties = {}) {
  const { on, ...others } = properties;
  return element("button", { type: "button", text, on: { ...on, click: press }, ...others });
}

/** Returns the element with that id. */
export const byId = (id) => document.getElementById(id);

const light = window.matchMedia("(prefers-color-scheme: light)");
let styles = null;
let known = new Map();

/** Returns a colour or another property of the style sheet, as it is in the present theme. */
export function styleOf(name) {
  // Asked for many times a frame; the browser would compute it each time.
  if (!known.has(name)) {
    styles ??= getComputedStyle(document.documentElement);
    known.set(name, styles.getPropertyValue(name).trim());
  }
  return known.get(name);
}

const emptyIcon = new DOMParser().parseFromString("<svg aria-hidden='true'><path/></svg>", "text/html").querySelector("svg");

/** Returns a small picture of one path, in the colour of its text; `size` is its side in the path's units. */
export function icon(path, size) {
  const picture = document.importNode(emptyIcon, true);
  picture.setAttribute("viewBox", `0 0 ${size} ${size}`);
  picture.firstChild.setAttribute("d", path);
  return picture;
}

const sizes = new WeakMap();
const resized = new ResizeObserver((entries) => entries.forEach(({ target }) => sizes.delete(target)));

// Measured after a change alone: to ask in every frame would have the browser lay out the page once more in each.
function sizeOf(canvas) {
  if (!sizes.has(canvas)) {
    const { width, height } = canvas.getBoundingClientRect();
    sizes.set(canvas, { width, height });
    resized.observe(canvas);
  }
  return sizes.get(canvas);
}

/** Gives a canvas as many pixels as it covers on the display; returns width, height and pixels per CSS pixel. */
export function fitCanvas(canvas) {
  const ratio = Math.min(window.devicePixelRatio || 1, 2);
  const { width, height } = sizeOf(canvas);
  const [w, h] = [Math.max(1, Math.round(width * ratio)), Math.max(1, Math.round(height * ratio))];
  if (canvas.width !== w || canvas.height !== h) [canvas.width, canvas.height] = [w, h];
  return { width: w, height: h, ratio };
}

light.addEventListener("change", () => (known = new Map()));

/** Calls `act` when the theme changes. */
export const onTheme = (act) => light.addEventListener("change", act);

/** Keeps an iPhone from swiping to another page where a finger plays; elsewhere touch-action is enough, and quicker. */
export function keepSwipes(surface) {
  if (!("ongesturestart" in window)) return;
  surface.addEventListener("touchstart", (event) => event.preventDefault(), { passive: false });
}

/** Returns whether somebody types text now, so that letters are no shortcuts. */
export function typing() {
  const focused = document.activeElement;
  return Boolean(focused?.closest("input:not([type=range]):not([type=checkbox]), textarea, select"));
}
