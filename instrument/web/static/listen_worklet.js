/** Plays packets from a queue whose length follows how unevenly they arrive. */

const MIN_QUEUE = 0.04;
const MAX_QUEUE = 0.4;
const GROW = 1.5;
const SHRINK_A_SECOND = 0.98;
const EXCESS = 0.06;
const REPORT_SECONDS = 0.5;
const FADE = 64;

class Listen extends AudioWorkletProcessor {
  constructor() {
    super();
    this.packets = [];
    this.at = 0;
    this.waiting = true;
    this.wanted = MIN_QUEUE;
    this.reported = 0;
    this.last = [0, 0];
    this.gain = 0;
    this.port.onmessage = ({ data }) => this.packets.push(data);
  }

  /** Returns how many seconds wait. */
  queued() {
    let frames = -this.at;
    for (const { samples, rate } of this.packets) frames += (samples[0].length * sampleRate) / rate;
    return Math.max(frames, 0) / sampleRate;
  }

  process(_, [output]) {
    let waits = this.queued();
    if (this.waiting && waits >= this.wanted) this.waiting = false;
    while (!this.waiting && waits > this.wanted + EXCESS && this.packets.length > 1) {
      this.packets.shift();
      this.at = 0;
      waits = this.queued();
    }
    for (let n = 0; n < output[0].length; n++) this.next(output, n);
    this.wanted = Math.max(MIN_QUEUE, this.wanted * SHRINK_A_SECOND ** (output[0].length / sampleRate));
    if (currentTime - this.reported >= REPORT_SECONDS) {
      this.reported = currentTime;
      this.port.postMessage({ queued: waits });
    }
    return true;
  }

  /** Writes one sample to every channel: the queue's next, or a fade to silence where it is empty. */
  next(output, n) {
    const packet = this.waiting ? null : this.take();
    this.gain += ((packet ? 1 : 0) - this.gain) / FADE;
    output.forEach((plane, channel) => {
      if (packet) this.last[channel] = packet.samples[Math.min(channel, packet.samples.length - 1)][packet.frame];
      plane[n] = this.gain * (this.last[channel] ?? 0);
    });
  }

  take() {
    const packet = this.packets[0];
    if (!packet) {
      this.waiting = true;
      this.wanted = Math.min(GROW * this.wanted, MAX_QUEUE);
      return null;
    }
    // Engine and loudspeaker seldom have different rates; then the nearest sample serves for monitoring.
    const frame = Math.floor((this.at * packet.rate) / sampleRate);
    this.at += 1;
    if ((this.at * packet.rate) / sampleRate >= packet.samples[0].length) {
      this.packets.shift();
      this.at = 0;
    }
    return { samples: packet.samples, frame };
  }
}

registerProcessor("listen", Listen);
