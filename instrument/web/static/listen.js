/** Plays the engine's output here: PCM over a WebSocket, with a queue that adapts to how evenly packets arrive. */

import { Emitter } from "./emitter.js";

const HEADER_BYTES = 16;
const PING_MS = 2000;
const RETRY_MS = 1500;
const TRIES = 5;

/** Events: `state` ("off", "starting", "on", a sentence where it failed), `latency` (ms from the engine to the ear). */
export class Listener extends Emitter {
  #socket = null;
  #context = null;
  #sink = null;
  #timer = 0;
  #tries = 0;
  #clockAhead = null;
  #queued = 0;

  get active() {
    return this.#context !== null;
  }

  /** Starts or ends; to be called by a press, as browsers play nothing without one. */
  async toggle() {
    if (this.active) this.stop();
    else await this.start();
  }

  async start() {
    this.emit("state", "starting");
    this.#context = new AudioContext({ latencyHint: "interactive" });
    try {
      await this.#context.resume();
      // Worklets need a secure page: loopback or HTTPS. A phone on a plain LAN address gets scheduled buffers.
      this.#sink = this.#context.audioWorklet ? await workletSink(this.#context) : new ScheduledSink(this.#context);
    } catch (error) {
      this.stop(`The sound cannot be played here: ${error.message}`);
      return;
    }
    this.#sink.onQueue = (seconds) => this.#showLatency(seconds);
    this.#tries = 0;
    this.#connect();
  }

  stop(reason = "off") {
    clearTimeout(this.#timer);
    const [socket, context] = [this.#socket, this.#context];
    this.#socket = this.#context = this.#sink = null;
    socket?.close();
    context?.close();
    this.emit("state", reason);
  }

  #connect() {
    const url = new URL("/api/v1/listen", location.href);
    url.protocol = location.protocol === "https:" ? "wss:" : "ws:";
    const socket = new WebSocket(url);
    this.#socket = socket;
    this.#clockAhead = null;
    socket.binaryType = "arraybuffer";
    socket.onmessage = ({ data }) => (typeof data === "string" ? this.#handle(JSON.parse(data)) : this.#receive(data));
    socket.onopen = () => this.#ping();
    socket.onclose = ({ reason }) => this.#closed(socket, reason);
  }

  #closed(socket, reason) {
    if (socket !== this.#socket) return;
    if (++this.#tries > TRIES) this.stop(reason || "Nothing can be heard from the engine.");
    else this.#timer = setTimeout(() => this.#connect(), RETRY_MS);
  }

  #ping() {
    if (this.#socket?.readyState !== WebSocket.OPEN) return;
    this.#socket.send(JSON.stringify({ ping: performance.now() }));
    this.#timer = setTimeout(() => this.#ping(), PING_MS);
  }

  #handle({ pong, milliseconds }) {
    if (pong === undefined) return;
    // The server's clock minus ours, from the quickest exchange of the last ones.
    const now = performance.now();
    const ahead = { value: milliseconds - (pong + now) / 2, trip: now - pong };
    if (!this.#clockAhead || ahead.trip < 1.5 * this.#clockAhead.trip) this.#clockAhead = ahead;
  }

  #receive(buffer) {
    if (!this.#sink || buffer.byteLength < HEADER_BYTES) return;
    if (this.#tries || this.#queued === 0) this.emit("state", "on");
    this.#tries = 0;
    this.#queued += 1;
    const view = new DataView(buffer);
    const packet = {
      sequence: view.getUint32(0, true), rate: view.getUint32(4, true), channels: view.getUint16(8, true),
      frames: view.getUint16(10, true), left: view.getUint32(12, true),
    };
    packet.samples = planes(new Int16Array(buffer, HEADER_BYTES), packet.channels, packet.frames);
    this.#sink.play(packet);
    this.age = this.#clockAhead ? wrapped(performance.now() + this.#clockAhead.value - packet.left) : null;
  }

  #showLatency(queueSeconds) {
    if (!this.active || this.age === null || this.age === undefined) return;
    const device = (this.#context.outputLatency || this.#context.baseLatency || 0) + queueSeconds;
    this.emit("latency", this.age + 1000 * device);
  }
}

const wrapped = (ms) => ((ms + 2 ** 31) % 2 ** 32) - 2 ** 31;

function planes(interleaved, channels, frames) {
  return Array.from({ length: channels }, (_, channel) => {
    const plane = new Float32Array(frames);
    for (let n = 0; n < frames; n++) plane[n] = interleaved[n * channels + channel] / 32768;
    return plane;
  });
}

async function workletSink(context) {
  await context.audioWorklet.addModule(new URL("./listen_worklet.js", import.meta.url));
  const node = new AudioWorkletNode(context, "listen", { numberOfInputs: 0, outputChannelCount: [2] });
  node.connect(context.destination);
  const sink = { play: ({ samples, rate, sequence }) => node.port.postMessage({ samples, rate, sequence }) };
  node.port.onmessage = ({ data }) => sink.onQueue?.(data.queued);
  return sink;
}

const MIN_QUEUE = 0.06;
const MAX_QUEUE = 0.4;

/** Schedules one buffer after the other; a late packet lengthens the queue, a quiet while shortens it. */
export class ScheduledSink {
  #next = 0;
  #queue = MIN_QUEUE;

  constructor(context) {
    this.context = context;
  }

  play({ samples, rate, frames }) {
    const { context } = this;
    const now = context.currentTime;
    if (this.#next < now) {
      this.#queue = this.#next ? Math.min(1.5 * this.#queue, MAX_QUEUE) : this.#queue;
      this.#next = now + this.#queue;
    } else if (this.#next - now > this.#queue + 0.15) return; // far behind: leave one out
    this.#queue = Math.max(MIN_QUEUE, this.#queue * 0.9995);
    const buffer = context.createBuffer(samples.length, frames, rate);
    samples.forEach((plane, channel) => buffer.copyToChannel(plane, channel));
    const source = context.createBufferSource();
    source.buffer = buffer;
    source.connect(context.destination);
    source.start(this.#next);
    this.#next += frames / rate;
    this.onQueue?.(this.#next - now);
  }
}
