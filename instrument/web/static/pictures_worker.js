/** Paints the pictures of a page beside it. */

import { Scene } from "./scene.js";

const scene = new Scene((counts) => postMessage(counts));
onmessage = ({ data: [method, ...values] }) => scene[method](...values);
postMessage("ready");
