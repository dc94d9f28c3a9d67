/** The landmarks of a release on two axes of its pad: who they are, and how dense they lie. */

import { components } from "./colours.js";
import { styleOf } from "./dom.js";
import { sheet } from "./sheet.js";

const MAX_LABELS = 12;
const GRID = 96;
const BLUR = 3.5;
const GLOW = 0.62;
const KNEE = 0.35;

/** Holds landmarks {x, y, number, source}; `number` is an index into `labels`, whose length stands for all others. */
export class Landmarks {
  constructor({ labels = [], landmarks = [], titles = [] } = {}) {
    const counts = labels.map(() => 0);
    for (const [, , label] of landmarks) counts[label] += 1;
    const frequent = labels.map((_, n) => n).sort((a, b) => counts[b] - counts[a]).slice(0, MAX_LABELS);
    const shown = frequent.sort((a, b) => String(labels[a]).localeCompare(String(labels[b])));
    const numbers = new Map(shown.map((label, number) => [label, number]));
    this.labels = shown.map((label) => String(labels[label]).replaceAll("_", " "));
    this.others = labels.length - shown.length;
    this.titles = titles.map(String);
    this.all = landmarks.map(([x, y, label, source]) => ({
      x, y, number: numbers.get(label) ?? shown.length, source: String(source ?? ""),
    }));
  }

  /** Returns the landmark nearest to a position, null where none is within `reach` of it. */
  nearest(x, y, reach) {
    let best = null;
    let least = reach * reach;
    for (const landmark of this.all) {
      const distance = (landmark.x - x) ** 2 + (landmark.y - y) ** 2;
      if (distance < least) [best, least] = [landmark, distance];
    }
    return best;
  }

  /** Returns the density of each label, [labels + 1] grids from the top row on, their sum at most 1. */
  density() {
    const grids = Array.from({ length: this.labels.length + 1 }, () => new Float32Array(GRID * GRID));
    for (const { x, y, number } of this.all) {
      const column = Math.min(Math.floor(x * GRID), GRID - 1);
      const row = Math.min(Math.floor((1 - y) * GRID), GRID - 1);
      grids[number][row * GRID + column] += 1;
    }
    const smooth = grids.map(blurred);
    const most = smooth[0].reduce((high, _, cell) => Math.max(high, total(smooth, cell)), 1e-9);
    for (const grid of smooth) for (let cell = 0; cell < grid.length; cell++) grid[cell] /= most;
    return smooth;
  }
}

const total = (grids, cell) => grids.reduce((sum, grid) => sum + grid[cell], 0);

function blurred(grid) {
  const kernel = Float32Array.from({ length: GRID }, (_, distance) => Math.exp(-0.5 * (distance / BLUR) ** 2));
  const turned = (source) => {
    const result = new Float32Array(GRID * GRID);
    for (let cell = 0; cell < source.length; cell++) {
      if (source[cell] < 1e-6) continue;
      const [row, column] = [Math.floor(cell / GRID), cell % GRID];
      for (let other = 0; other < GRID; other++) {
        result[other * GRID + row] += source[cell] * kernel[Math.abs(column - other)];
      }
    }
    return result;
  };
  return turned(turned(grid));
}

/** Returns the colour of a label in the present theme, or the one that all others share. */
export const labelColour = (number) => styleOf(number < MAX_LABELS ? `--label-${number}` : "--quiet");

/** Paints light in the labels' colours where landmarks are dense; returns a canvas of GRID × GRID pixels. */
export function glow(landmarks) {
  const canvas = sheet(GRID, GRID);
  const context = canvas.getContext("2d");
  const image = context.createImageData(GRID, GRID);
  const density = landmarks.density();
  const floor = components(styleOf("--floor"));
  const colours = density.map((_, n) => components(labelColour(n < landmarks.labels.length ? n : MAX_LABELS)));
  for (let cell = 0; cell < GRID * GRID; cell++) {
    // Squared, so that the most frequent label gives the colour; a linear mixture is brown everywhere.
    const weights = density.map((grid) => grid[cell] ** 2);
    const sum = weights.reduce((a, b) => a + b, 1e-12);
    const dense = total(density, cell);
    const light = (GLOW * dense) / (dense + KNEE);
    for (let n = 0; n < 3; n++) {
      const mixed = weights.reduce((value, weight, label) => value + weight * colours[label][n], 0) / sum;
      image.data[4 * cell + n] = floor[n] * (1 - light) + mixed * light;
    }
    image.data[4 * cell + 3] = 255;
  }
  context.putImageData(image, 0, 0);
  return canvas;
}

/** Adds a label's mark to the context's path: circle, square, diamond, triangle by turns, as colour is not enough. */
export function markPath(context, x, y, radius, number) {
  const shape = number % 4;
  const r = 1.25 * radius;
  if (shape === 0) {
    context.moveTo(x + radius, y);
    context.arc(x, y, radius, 0, 2 * Math.PI);
  } else if (shape === 1) {
    context.rect(x - 0.88 * radius, y - 0.88 * radius, 1.76 * radius, 1.76 * radius);
  } else {
    const corners = shape === 2 ? [[0, -r], [r, 0], [0, r], [-r, 0]] : [[0, -r], [r, r], [-r, r]];
    corners.forEach(([dx, dy], n) => (n ? context.lineTo(x + dx, y + dy) : context.moveTo(x + dx, y + dy)));
    context.closePath();
  }
}

/** Returns a label's mark as the path of an SVG. */
export function markOutline(x, y, radius, number) {
  const line = [];
  const pen = {
    moveTo: (px, py) => line.push(`M${px} ${py}`),
    lineTo: (px, py) => line.push(`L${px} ${py}`),
    rect: (px, py, width, height) => line.push(`M${px} ${py}h${width}v${height}h${-width}z`),
    arc: (px, py, r) => line.push(`M${px - r} ${py}a${r} ${r} 0 1 0 ${2 * r} 0a${r} ${r} 0 1 0 ${-2 * r} 0`),
    closePath: () => line.push("z"),
  };
  markPath(pen, x, y, radius, number);
  return line.join("");
}
