/** Where the sound goes: the device and its buffer. */

import { element } from "./dom.js";
import { fillDevices } from "./input.js";

const BLOCKS = [0, 64, 128, 256, 512, 1024, 2048];

/** Fills `root`, for those who may choose devices. */
export class DevicePanel {
  constructor(root, engine, can) {
    Object.assign(this, { root, engine });
    root.hidden = !can("devices");
    this.device = element("select", { on: { change: () => this.#choose("/device/set", "s", this.device.value) } });
    this.block = element("select", { on: { change: () => this.#choose("/device/block", "i", Number(this.block.value)) } });
    root.replaceChildren(choice("Sound device", this.device), choice("Buffer size", this.block));
    engine.on("changed", (path) => path.startsWith("/device/") && this.#show());
    engine.on("list", (kind) => kind === "device" && this.#show());
    this.#show();
  }

  // What is chosen is shown once the engine has changed to it.
  #choose(path, tag, value) {
    this.engine.send(path, tag, value);
    this.#show();
  }

  #show() {
    const { engine } = this;
    fillDevices(this.device, engine.lists.device, engine.value("/device/set") ?? "", "Default device");
    const present = engine.value("/device/block") ?? 0;
    const blocks = [...new Set([...BLOCKS, present])].sort((a, b) => a - b);
    this.block.replaceChildren(...blocks.map((value) => element("option", { value, text: value ? `${value} frames` : "Default" })));
    this.block.value = present;
  }
}

function choice(name, select) {
  return element("label", { class: "choice" }, element("span", { text: name }), select);
}
