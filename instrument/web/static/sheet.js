/** Makes canvases, and gives them their sizes. */

/** Returns a canvas that nobody sees; in browsers without OffscreenCanvas it is an element of the page. */
export function sheet(width, height) {
  if (typeof OffscreenCanvas !== "undefined") return new OffscreenCanvas(width, height);
  return resize(document.createElement("canvas"), { width, height });
}

/** Gives a canvas a size in pixels, which clears it; returns it. */
export function resize(canvas, { width, height }) {
  return Object.assign(canvas, { width, height });
}
