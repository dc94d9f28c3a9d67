/** The view that is played: pad, keys, snapshots, panels, level and spectrogram. */

import { AnchorPanel } from "./anchor_panel.js";
import { DevicePanel } from "./device.js";
import { byId, element, typing } from "./dom.js";
import { Deck } from "./deck.js";
import { GesturePanel } from "./gestures.js";
import { InputPanel } from "./input.js";
import { LatentPanel } from "./latent.js";
import { MidiPanel } from "./midi.js";
import { Notes } from "./notes.js";
import { Piano, pianoControls } from "./piano.js";
import { Snapshots, morphFader } from "./snapshots.js";
import { Surface } from "./surface.js";
import { Wander } from "./wander.js";

const PANIC_MS = 500;

/** Connects the parts of the view with the engine. */
export class PlayView {
  #escape = 0;

  constructor(engine, header, can, ticker, pictures) {
    Object.assign(this, { engine, header });
    this.notes = new Notes(engine);
    this.wander = new Wander((x, y) => this.surface.place(x, y));
    this.surface = new Surface(byId("stage"), engine, this.notes, pictures);
    this.piano = new Piano(byId("piano"), this.notes);
    this.deck = new Deck(byId("deck"), engine);
    this.latent = new LatentPanel(byId("panel-latent"), engine, this.surface, this.wander, ticker);
    this.gestures = new GesturePanel(byId("panel-gestures"), engine, can);
    this.anchors = new AnchorPanel(byId("panel-anchors"), engine, this.surface);
    this.input = new InputPanel(byId("panel-input"), engine, can, pictures);
    this.device = new DevicePanel(byId("device"), engine, can);
    if (can("midi")) this.midi = new MidiPanel(byId("panel-midi"), engine);
    this.deck.offer("midi", can("midi"));
    this.snapshots = new Snapshots(byId("snapshots"), engine, can);
    this.meter = pictures.add("meter", byId("meter"));
    this.spectrogram = pictures.add("spectrogram", byId("scope"));
    for (const part of [this.wander, this.latent]) ticker.add(part);
    this.#connect();
    byId("morph").replaceChildren(morphFader(this.snapshots).root);
    byId("keys").prepend(pianoControls(this.piano, (on) => this.#setTyping(on)));
    header.onPanic = () => this.panic();
    this.deck.show("sound");
  }

  /** Ends every sound at once. */
  panic() {
    this.notes.endAll();
    this.engine.panic();
  }

  #connect() {
    const { engine, meter } = this;
    engine.on("meter", (peak, rms) => meter.call("add", peak, rms));
    engine.on("scope", (levels) => this.spectrogram.call("add", levels));
    engine.on("playing", (playing) => playing || meter.call("clear"));
    engine.on("changed", (path) => path === "/set/song" && engine.value(path) && engine.emit("notice", `Song ${engine.value(path)}`));
    engine.connection.on("state", (open) => open || meter.call("clear"));
    engine.on("release", () => this.#showNotes());
    this.snapshots.onRecall = () => this.wander.on && this.latent.toggleWander();
    document.addEventListener("keydown", (event) => this.#press(event));
    document.addEventListener("keyup", (event) => event.key === "Escape" && this.#letGo());
  }

  #showNotes() {
    const { playsNotes, entry } = this.engine;
    document.body.dataset.notes = playsNotes;
    for (const name of ["keys", "notes"]) this.deck.offer(name, playsNotes);
    if (playsNotes && this.deck.root.dataset.panel === "sound" && !this.chosen) this.deck.show(narrow() ? "keys" : "sound");
    this.chosen = true;
    if (!playsNotes) this.#setTyping(false);
    const [low] = entry?.note_range ?? [48];
    this.surface.fingers.lowest = Math.ceil(Math.max(low, 36) / 12) * 12;
  }

  #setTyping(on) {
    this.piano.setTyping(on);
    byId("keys").querySelector(".typing").setAttribute("aria-pressed", String(on));
  }

  #press(event) {
    if (event.ctrlKey && /^[1-8]$/.test(event.key) && !typing()) {
      event.preventDefault();
      this.snapshots.press(Number(event.key) - 1, true);
    }
    if (event.ctrlKey || event.metaKey || event.altKey || typing() || document.body.dataset.view !== "play") return;
    if (event.key === "Escape" && !event.repeat) this.#escape = setTimeout(() => this.panic(), PANIC_MS);
    else if (!event.repeat) this.#act(event.key.toLowerCase());
  }

  #letGo() {
    clearTimeout(this.#escape);
  }

  #act(key) {
    if (key === "k" && this.engine.playsNotes) this.#setTyping(!this.piano.typing);
    else if (this.piano.typing && /^[a-z0-9]$/.test(key)) return;
    else if (/^[1-8]$/.test(key)) this.snapshots.press(Number(key) - 1);
    else if (key === "c") this.latent.random?.();
    else if (key === "b") this.anchors.toggle();
    else if (key === "n" && this.engine.value("/set/song")) this.engine.send("/set/next");
    else if (key === "w") this.latent.toggleWander();
    else if (key === "g") this.gestures.toggleRecord();
    else if (key === "r") this.header.toggleRecord();
    else if (key === "p") this.engine.play(!this.engine.playing);
    else if (key === "?") byId("shortcuts").showModal();
  }
}

const narrow = () => window.matchMedia("(max-width: 899px)").matches;

/** Fills the sheet of shortcuts. */
export function writeShortcuts(list) {
  const rows = [
    ["Arrow keys", "move the point, with Shift finely"], ["Page up, Page down", "move along the third axis"],
    ["Home, double-click", "to the middle of the training sounds"], ["1 … 8", "morph to a snapshot; Ctrl saves"],
    ["K", "the computer's keys play notes"], ["C", "a random code"], ["W", "wander"], ["B", "blend the anchors"], ["N", "the next song of a set"], ["G", "record a gesture"],
    ["R", "record the sound"], ["P", "play or stop"], ["Esc, held", "end every sound"],
  ];
  list.replaceChildren(...rows.flatMap(([keys, act]) => [element("dt", { text: keys }), element("dd", { text: act })]));
}
