/** Starts the demo page: reads the release, and connects pad, keys, panels and pictures with it. */

import { byId, typing } from "../static/dom.js";
import { percent } from "../static/formats.js";
import { Notes } from "../static/notes.js";
import { Piano, pianoControls } from "../static/piano.js";
import { Pictures } from "../static/pictures.js";
import { Snapshots, morphFader } from "../static/snapshots.js";
import { Surface } from "../static/surface.js";
import { Ticker } from "../static/ticker.js";
import { Analysis } from "./analysis.js";
import { LocalEngine } from "./engine.js";
import { Tabs, soundPanel, timbrePanel } from "./panels.js";

const narrow = () => window.matchMedia("(max-width: 899px)").matches;

function notify(sentence) {
  byId("notice").textContent = sentence;
  byId("notice").classList.toggle("shown", Boolean(sentence));
}

async function read(path) {
  const answer = await fetch(path);
  if (!answer.ok) throw new Error(`${path} is missing from this site (${answer.status}); copy the whole folder.`);
  return answer;
}

async function readRelease() {
  const bytes = (name) => read(`release/${name}.bin`).then((answer) => answer.arrayBuffer());
  const [release, weights] = await Promise.all([read("release/release.json").then((answer) => answer.json()), bytes("weights")]);
  return new LocalEngine(release, new Float32Array(weights), release.motion ? await bytes("motion") : null);
}

function showFacts({ card, entry, release }) {
  document.title = `${card.public_name} – AiTunes`;
  byId("release-name").textContent = card.public_name;
  byId("release-description").textContent = entry.description;
  const { sampleRate, hop } = release.features;
  byId("rate").textContent = `${Math.round(sampleRate / hop)} times a second`;
  byId("facts").textContent = `${card.public_name}: ${entry.description} Learnt from ${entry.items} sounds of ${entry.data} `
    + `(${entry.licence}). AiTunes ${release.version}.`;
}

function connectTransport(engine) {
  const [transport, begin] = [byId("transport"), byId("begin-button")];
  const start = () => engine.start().catch((problem) => {
    notify(`This browser gives the page no sound: ${problem.message}`);
    engine.stop();
  });
  transport.disabled = begin.disabled = false;
  begin.textContent = "Play";
  begin.addEventListener("click", () => {
    start();
    document.querySelector("#stage .pad").focus({ preventScroll: true });
  });
  transport.addEventListener("click", () => (engine.playing ? engine.stop() : start()));
  engine.on("playing", (playing) => {
    document.body.dataset.playing = playing;
    transport.setAttribute("aria-pressed", String(playing));
    transport.setAttribute("aria-label", playing ? "Stop the sound" : "Play");
    byId("begin").hidden ||= playing;
  });
  byId("drone").addEventListener("click", () => engine.setDrone(!engine.drone));
  engine.on("drone", (sounding) => byId("drone").setAttribute("aria-pressed", String(sounding)));
}

function connectKeys(engine, notes, snapshots) {
  const piano = new Piano(byId("piano"), notes);
  const toggle = (on) => {
    piano.setTyping(on);
    byId("keys").querySelector(".typing").setAttribute("aria-pressed", String(on));
  };
  byId("keys").prepend(pianoControls(piano, toggle));
  toggle(!narrow());
  document.addEventListener("keydown", (event) => {
    const slot = /^[1-8]$/.test(event.key) && !typing() ? Number(event.key) - 1 : null;
    if (slot !== null && event.ctrlKey) {
      event.preventDefault();
      snapshots.press(slot, true);
    }
    if (event.repeat || event.ctrlKey || event.metaKey || event.altKey || typing()) return;
    const key = event.key.toLowerCase();
    if (slot !== null && !piano.typing) snapshots.press(slot);
    if (key === "k") toggle(!piano.typing);
    else if (key === "p") byId("transport").click();
    else if (key === "escape") {
      notes.endAll();
      engine.panic();
    }
  });
}

async function start() {
  if (!window.isSecureContext || !("AudioWorkletNode" in window)) {
    notify("Browsers let a page make its own sound only over https, or from this machine: open it at localhost.");
    return;
  }
  let engine;
  try {
    engine = await readRelease();
  } catch (problem) {
    notify(problem.message);
    return;
  }
  const notes = new Notes(engine);
  const [pictures, ticker] = [new Pictures(), new Ticker()];
  const surface = new Surface(byId("stage"), engine, notes, pictures);
  const meter = pictures.add("meter", byId("meter"));
  ticker.add(new Analysis(engine, meter, pictures.add("spectrogram", byId("scope"))));
  surface.fingers.lowest = engine.entry.note_range[0];
  showFacts(engine);
  connectTransport(engine);
  const snapshots = new Snapshots(byId("snapshots"), engine, () => true);
  byId("morph").replaceChildren(morphFader(snapshots).root);
  connectKeys(engine, notes, snapshots);
  timbrePanel(byId("panel-timbre"), engine);
  soundPanel(byId("panel-sound"), engine);
  const tabs = new Tabs(byId("deck"));
  tabs.show(byId(narrow() ? "tab-keys" : "tab-timbre"));
  engine.on("effort", ({ load, iterations }) => {
    byId("figures").textContent = `${percent(load)} of the audio thread   ${iterations} refinements`;
  });
  engine.emit("release", engine.card);
  engine.on("playing", (playing) => (playing ? ticker.wake() : meter.call("clear")));
  document.addEventListener("visibilitychange", () => pictures.run(!document.hidden));
  pictures.run(!document.hidden);
  // For tests and for the curious at the browser's console.
  window.aitunes = { engine, pictures };
}

start();
