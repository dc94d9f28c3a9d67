/** Measures what sounds, for the meter and the spectrogram, from the browser's own analyser. */

const BANDS = 64;
const LOWEST_HZ = 30;
const HIGHEST_HZ = 16000;
const COLUMN_SECONDS = 1 / 25;
const FLOOR_DB = -120;

const mel = (hz) => 2595 * Math.log10(1 + hz / 700);
const hertz = (value) => 700 * (10 ** (value / 2595) - 1);

/** Feeds `meter` and `spectrogram` while `engine` plays. */
export class Analysis {
  #since = 0;
  #samples = null;
  #levels = null;
  #edges = [];

  constructor(engine, meter, spectrogram) {
    Object.assign(this, { engine, meter, spectrogram });
  }

  /** Advances by one frame of the display; returns whether it goes on. */
  tick(seconds) {
    const { analyser, playing } = this.engine;
    if (!analyser || !playing) return playing;
    this.#samples ??= this.#prepare(analyser);
    analyser.getFloatTimeDomainData(this.#samples);
    this.#measure();
    this.#since += seconds;
    if (this.#since < COLUMN_SECONDS) return true;
    this.#since = 0;
    analyser.getFloatFrequencyData(this.#levels);
    this.spectrogram.call("add", this.#bands());
    return true;
  }

  #prepare(analyser) {
    this.#levels = new Float32Array(analyser.frequencyBinCount);
    const [low, high] = [mel(LOWEST_HZ), mel(HIGHEST_HZ)];
    this.#edges = Array.from({ length: BANDS + 1 }, (_, n) =>
      (hertz(low + (n / BANDS) * (high - low)) * analyser.fftSize) / analyser.context.sampleRate);
    return new Float32Array(analyser.fftSize);
  }

  #measure() {
    let peak = 0, square = 0;
    for (const value of this.#samples) {
      peak = Math.max(peak, Math.abs(value));
      square += value * value;
    }
    const db = (value) => Math.max(FLOOR_DB, 20 * Math.log10(value));
    this.meter.call("add", db(peak), db(Math.sqrt(square / this.#samples.length)));
  }

  #bands() {
    const edges = this.#edges;
    return Float32Array.from({ length: BANDS }, (_, band) => {
      const first = Math.floor(edges[band]);
      let level = FLOOR_DB;
      for (let bin = first; bin <= Math.max(first, Math.ceil(edges[band + 1]) - 1); bin++) {
        level = Math.max(level, this.#levels[bin]);
      }
      return level;
    });
  }
}
