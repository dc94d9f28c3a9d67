/** Installs packed releases that are dropped anywhere on the page, or chosen, and plays the last of them. */

import { call, sendPiece } from "./api.js";
import { byId } from "./dom.js";

const ENDING = ".aitunes";
const PIECE_BYTES = 1 << 20;
const ROOT = "/api/v1/releases";

const packed = (files) => [...files].filter(({ name }) => name.toLowerCase().endsWith(ENDING));

/** Offers it: a drop on any view, and the button over the gallery. `notify` shows a sentence. */
export function takeReleases(releases, engine, notify) {
  let busy = false;
  const take = async (files) => {
    if (busy) return notify("Another release is being installed; drop it again in a moment.");
    busy = true;
    try {
      for (const file of files) engine.load(await install(file, notify));
      await releases.read();
    } catch (problem) {
      notify(problem.message);
    } finally {
      busy = false;
    }
  };
  // Before the view under the pointer, which may take sounds.
  document.addEventListener("dragover", (event) => event.preventDefault(), true);
  document.addEventListener("drop", (event) => {
    const files = packed(event.dataTransfer.files);
    event.preventDefault();
    if (!files.length) return;
    event.stopPropagation();
    take(files);
  }, true);
  const input = byId("install-file");
  byId("install-choose").addEventListener("click", () => input.click());
  input.addEventListener("change", () => take(packed(input.files)));
  byId("install").hidden = false;
}

async function install(file, notify) {
  notify(`Installing “${file.name}” …`);
  const { id } = await call("POST", ROOT, { name: file.name, bytes: file.size });
  for (let at = 0; at < file.size; at += PIECE_BYTES) {
    await sendPiece(`${ROOT}/piece?id=${id}&at=${at}`, file.slice(at, at + PIECE_BYTES));
  }
  const { release } = await call("POST", `${ROOT}/install?id=${id}`);
  notify(`“${file.name}” is installed as ${release}.`);
  return release;
}
