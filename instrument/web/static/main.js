/** Starts the page: session, connection, views. */

import { call, openSession } from "./api.js";
import { Connection } from "./connection.js";
import { byId } from "./dom.js";
import { Engine } from "./engine.js";
import { GenerateView } from "./generate.js";
import { Header } from "./header.js";
import { takeReleases } from "./install.js";
import { Listener } from "./listen.js";
import { PhoneSheet, enter, refusalSentence } from "./phones.js";
import { Pictures } from "./pictures.js";
import { PlayView, writeShortcuts } from "./play.js";
import { Releases, ReleasesView } from "./releases.js";
import { Ticker } from "./ticker.js";
import { TrainView } from "./train.js";
import { WakeLock } from "./wake.js";

const VIEWS = ["play", "generate", "releases", "train"];
const NOTICE_MS = 6000;

let noticeTimer = 0;

function notify(sentence) {
  clearTimeout(noticeTimer);
  byId("notice").textContent = sentence;
  byId("notice").classList.toggle("shown", Boolean(sentence));
  noticeTimer = setTimeout(() => byId("notice").classList.remove("shown"), NOTICE_MS);
}

function show(view) {
  document.body.dataset.view = view;
  for (const name of VIEWS) byId(name).hidden = name !== view;
  for (const link of document.querySelectorAll("nav a")) {
    if (link.hash === `#${view}`) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
}

/** Streams only what is seen: nothing while the page is hidden or another view is open. */
function followSight(connection, ticker, pictures) {
  const seen = () => !document.hidden && document.body.dataset.view === "play";
  const follow = () => {
    const input = byId("panel-input").hidden ? [] : ["input-meter", "input-scope"];
    connection.stream(...(seen() ? ["meter", "scope", ...input] : []));
    ticker.wake();
    pictures.run(seen());
  };
  ticker.wanted = seen;
  document.addEventListener("visibilitychange", follow);
  new MutationObserver(follow).observe(byId("panel-input"), { attributeFilter: ["hidden"] });
  window.addEventListener("hashchange", () => {
    const view = location.hash.slice(1);
    show(VIEWS.includes(view) ? view : "play");
    follow();
  });
  follow();
}

function connectListening(can) {
  const listener = new Listener();
  const button = byId("listen");
  button.hidden = !can("listen");
  button.addEventListener("click", () => listener.toggle());
  listener.on("state", (state) => {
    button.setAttribute("aria-pressed", String(listener.active));
    byId("listen-text").textContent = listener.active ? "Listening" : "Listen";
    button.querySelector(".here").hidden = listener.active;
    if (!["off", "on", "starting"].includes(state)) notify(state);
  });
  listener.on("latency", (ms) => (byId("listen-text").textContent = `Listening, ${Math.round(ms)} ms`));
}

function offerTraining(engine, releases) {
  const train = new TrainView((name) => {
    engine.load(name);
    location.hash = "play";
  });
  train.on("made", () => releases.read().catch(() => {}));
  const follow = () => train.follow(!byId("train").hidden);
  new MutationObserver(follow).observe(byId("train"), { attributeFilter: ["hidden"] });
  document.querySelector("nav a[href='#train']").hidden = false;
  follow();
}

async function start() {
  const asked = location.hash.slice(1);
  show(VIEWS.includes(asked) ? asked : "play");
  writeShortcuts(byId("shortcut-list"));
  let session;
  try {
    session = await enter();
  } catch (problem) {
    byId("door").hidden = false;
    byId("door-sentence").textContent = refusalSentence(problem);
    return;
  }
  const can = (word) => session.can.includes(word);
  document.body.dataset.role = session.role;
  const [ticker, pictures] = [new Ticker(), new Pictures()];
  const connection = new Connection(openSession);
  const engine = new Engine(connection);
  const header = new Header(engine, connection, can, pictures);
  const play = new PlayView(engine, header, can, ticker, pictures);
  engine.on("notice", notify);
  new WakeLock(engine);
  const releases = new Releases();
  new ReleasesView(releases, engine, can, () => (location.hash = "play"));
  if (can("render")) new GenerateView(releases);
  for (const link of document.querySelectorAll("a[href='#generate']")) link.hidden = !can("render");
  if (can("train")) offerTraining(engine, releases);
  if (can("install")) takeReleases(releases, engine, notify);
  releases.read().catch((problem) => notify(problem.message));
  connectListening(can);
  const phones = new PhoneSheet(byId("phone-sheet"));
  byId("phone").hidden = !can("phones");
  byId("phone").addEventListener("click", () => phones.open());
  for (const close of document.querySelectorAll("dialog .close")) {
    close.addEventListener("click", () => close.closest("dialog").close());
  }
  byId("help").addEventListener("click", () => byId("shortcuts").showModal());
  followSight(connection, ticker, pictures);
  connection.connect();
  // For tests and for the curious at the browser's console.
  window.aitunes = { engine, connection, play, pictures, call };
}

start();
