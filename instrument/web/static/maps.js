/** Asks the server for maps. */

import { call } from "./api.js";
import { Landmarks } from "./landmarks.js";

/** Reads a release's landmarks on two axes; one that only the engine has gives none. */
export async function readLandmarks(release, axes) {
  const path = `/api/v1/releases/${encodeURIComponent(release)}/map?axes=${axes.join(",")}`;
  return new Landmarks(await call("GET", path).catch(() => ({})));
}
