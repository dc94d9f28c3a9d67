/** Paints a release's map: the light of its landmarks, the landmarks, and a grid; and writes the legend. */

import { element, fitCanvas, icon, styleOf } from "./dom.js";
import { glow, labelColour, markOutline, markPath } from "./landmarks.js";

/** Paints onto a whole canvas; positions 0..1 span it, y rising. */
export function paintMap(canvas, landmarks) {
  const { width, height, ratio } = fitCanvas(canvas);
  const context = canvas.getContext("2d", { alpha: false }); // nothing behind it has to be painted
  context.fillStyle = styleOf("--floor");
  context.fillRect(0, 0, width, height);
  if (landmarks.all.length) {
    context.imageSmoothingQuality = "high";
    context.drawImage(glow(landmarks), 0, 0, width, height);
  }
  paintGrid(context, width, height, ratio);
  paintMarks(context, width, height, landmarks, ratio * (landmarks.all.length > 1000 ? 1.8 : 2.5));
}

function paintGrid(context, width, height, ratio) {
  context.strokeStyle = styleOf("--grid");
  context.lineWidth = ratio;
  context.beginPath();
  for (const share of [0.25, 0.5, 0.75]) {
    context.moveTo(share * width, 0);
    context.lineTo(share * width, height);
    context.moveTo(0, share * height);
    context.lineTo(width, share * height);
  }
  context.stroke();
}

function paintMarks(context, width, height, landmarks, radius) {
  context.globalAlpha = 0.86;
  for (let number = 0; number <= landmarks.labels.length; number++) {
    context.fillStyle = labelColour(number < landmarks.labels.length ? number : Infinity);
    context.beginPath();
    for (const mark of landmarks.all) {
      if (mark.number === number) markPath(context, mark.x * width, (1 - mark.y) * height, radius, number);
    }
    context.fill();
  }
  context.globalAlpha = 1;
}

/** Writes the labels with their marks into a list. */
export function writeLegend(list, landmarks) {
  const items = landmarks.labels.map((label, number) => {
    const mark = icon(markOutline(10, 10, 6.5, number), 20);
    mark.style.color = labelColour(number);
    return element("li", {}, mark, element("span", { text: label }));
  });
  if (landmarks.others > 0) items.push(element("li", { class: "quiet", text: `${landmarks.others} more` }));
  list.replaceChildren(...items);
}
