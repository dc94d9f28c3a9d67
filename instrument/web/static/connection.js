/** Exchanges OSC with the engine over a WebSocket that comes back after every loss. */

import { Emitter } from "./emitter.js";
import { PacketError, decode, encode } from "./osc.js";

const PING_MS = 1000;
const MAX_WAIT_MS = 4000;
const MAX_BUFFERED = 2048;
const FRAME_MS = 8; // of a display with 120 a second; a mouse that reports no oftener is never kept waiting
const MAX_KEYS = 256;
const SILENT_MS = 6000;
const KEPT_TRIPS = 9;

/**
 * Events: `state` (open: boolean), `message` ({address, tags, values}), `hello`, `engine` ("here", "gone",
 * "starting"), `trip` (milliseconds there and back, median of the last ones; the server's to the engine, or null).
 */
export class Connection extends Emitter {
  #socket = null;
  #wait = 250;
  #latest = new Map();
  #sentAt = new Map();
  #flushing = 0;
  #trips = [];
  #heard = 0;
  #timer = 0;
  #streams = [];
  #renew;

  /** `renew` is awaited before another try, where the server has refused the last one. */
  constructor(renew) {
    super();
    this.#renew = renew;
    this.dropped = 0;
    setInterval(() => this.#ping(), PING_MS);
    document.addEventListener("visibilitychange", () => this.#wake());
    window.addEventListener("online", () => this.#wake());
  }

  get open() {
    return this.#socket?.readyState === WebSocket.OPEN;
  }

  connect() {
    clearTimeout(this.#timer);
    const url = new URL("/api/v1/osc", location.href);
    url.protocol = location.protocol === "https:" ? "wss:" : "ws:";
    const socket = new WebSocket(url);
    socket.binaryType = "arraybuffer";
    socket.onopen = () => this.#opened();
    socket.onmessage = ({ data }) => this.#receive(data);
    socket.onclose = ({ code }) => this.#closed(socket, code);
    this.#socket = socket;
  }

  /** Ends the connection; another one follows. */
  close() {
    this.#socket?.close();
  }

  /** Chooses what arrives 25 times a second: "meter", "scope". */
  stream(...names) {
    this.#streams = names;
    this.#command({ streams: names });
  }

  /** Sends one message now; returns false where nobody is connected. */
  send(address, tags = "", ...values) {
    if (!this.open) return false;
    this.#socket.send(encode(address, tags, ...values));
    return true;
  }

  /**
   * Sends the newest of several messages: at once, and then one a frame for each `key`.
   *
   * While the socket is congested the messages wait, and only the last one of each key is sent.
   */
  sendLatest(key, address, tags, ...values) {
    if (!this.open) return;
    const now = performance.now();
    const wait = (this.#sentAt.get(key) ?? -Infinity) + FRAME_MS - now;
    if (wait <= 0 && this.#socket.bufferedAmount < MAX_BUFFERED) {
      if (this.#sentAt.size > MAX_KEYS) this.#sentAt.clear();
      this.#sentAt.set(key, now);
      this.#latest.delete(key);
      this.send(address, tags, ...values);
      return;
    }
    if (this.#latest.has(key)) this.dropped += 1;
    this.#latest.set(key, [address, tags, ...values]);
    this.#flushing ||= setTimeout(() => this.#flush(), wait > 0 ? wait : FRAME_MS);
  }

  #flush() {
    this.#flushing = 0;
    for (const [key, message] of [...this.#latest]) this.sendLatest(key, ...message);
  }

  #opened() {
    this.#wait = 250;
    this.#heard = performance.now();
    this.emit("state", true);
    this.stream(...this.#streams);
    this.#ping();
  }

  #closed(socket, code) {
    if (socket !== this.#socket) return;
    this.#latest.clear();
    this.#trips = [];
    this.emit("state", false);
    this.#timer = setTimeout(() => this.#retry(code), this.#wait);
    this.#wait = Math.min(2 * this.#wait, MAX_WAIT_MS);
  }

  async #retry(code) {
    // A server that was started again knows no session; one that is gone answers nothing, and is tried again.
    if (code === 1008 || code === 1006) await this.#renew().catch(() => {});
    this.connect();
  }

  #wake() {
    if (document.hidden || this.open || this.#socket?.readyState === WebSocket.CONNECTING) return;
    this.connect();
  }

  #ping() {
    if (!this.open) return;
    if (performance.now() - this.#heard > SILENT_MS && !document.hidden) this.#socket.close();
    else this.#command({ ping: performance.now() });
  }

  #command(command) {
    if (this.open) this.#socket.send(JSON.stringify(command));
  }

  #receive(data) {
    this.#heard = performance.now();
    if (typeof data === "string") {
      this.#handle(JSON.parse(data));
      return;
    }
    try {
      for (const message of decode(new Uint8Array(data))) this.emit("message", message);
    } catch (error) {
      if (!(error instanceof PacketError)) throw error;
    }
  }

  #handle({ hello, engine, pong, engine_ms: engineMs }) {
    if (hello) this.emit("hello", hello);
    if (hello?.engine ?? engine) this.emit("engine", hello?.engine ?? engine);
    if (pong === undefined) return;
    this.#trips.push(performance.now() - pong);
    if (this.#trips.length > KEPT_TRIPS) this.#trips.shift();
    const sorted = [...this.#trips].sort((a, b) => a - b);
    this.emit("trip", sorted[sorted.length >> 1], engineMs ?? null);
  }
}
