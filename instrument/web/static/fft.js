/** Short-time spectra in mel bands, for pictures of sounds. */

const TRANSFORM = 2048;
const LOWEST_HZ = 30;
const HIGHEST_HZ = 16000;

const mel = (hz) => 2595 * Math.log10(1 + hz / 700);
const hertz = (value) => 700 * (10 ** (value / 2595) - 1);

/** Transforms in place; `re` and `im` have a power of 2 as length. */
export function transform(re, im) {
  const size = re.length;
  for (let n = 1, other = 0; n < size; n++) {
    let bit = size >> 1;
    for (; other & bit; bit >>= 1) other ^= bit;
    other ^= bit;
    if (n < other) {
      [re[n], re[other]] = [re[other], re[n]];
      [im[n], im[other]] = [im[other], im[n]];
    }
  }
  for (let half = 1; half < size; half *= 2) {
    for (let k = 0; k < half; k++) {
      const angle = (-Math.PI * k) / half;
      butterflies(re, im, k, half, Math.cos(angle), Math.sin(angle));
    }
  }
}

function butterflies(re, im, first, half, cos, sin) {
  for (let n = first; n < re.length; n += 2 * half) {
    const [x, y] = [re[n + half] * cos - im[n + half] * sin, re[n + half] * sin + im[n + half] * cos];
    [re[n + half], im[n + half]] = [re[n] - x, im[n] - y];
    [re[n], im[n]] = [re[n] + x, im[n] + y];
  }
}

/**
 * Returns the levels of a sound in dB below a full-scale sine, [columns] × [bands] of equal width in mel.
 *
 * A sound longer than its columns is looked at in as many places, evenly spaced.
 */
export function melSpectrogram(samples, rate, columns, bands) {
  const window = Float32Array.from({ length: TRANSFORM }, (_, n) => 0.5 - 0.5 * Math.cos((2 * Math.PI * n) / TRANSFORM));
  const top = mel(Math.min(HIGHEST_HZ, rate / 2));
  const edges = Array.from({ length: bands + 1 }, (_, n) => {
    const place = mel(LOWEST_HZ) + (n / bands) * (top - mel(LOWEST_HZ));
    return (hertz(place) * TRANSFORM) / rate;
  });
  return Array.from({ length: columns }, (_, column) => {
    const centre = Math.floor(((column + 0.5) / columns) * samples.length);
    const re = window.map((weight, n) => weight * (samples[centre - TRANSFORM / 2 + n] ?? 0));
    const im = new Float32Array(TRANSFORM);
    transform(re, im);
    return Float32Array.from({ length: bands }, (_, band) => loudest(re, im, edges[band], edges[band + 1]));
  });
}

function loudest(re, im, low, high) {
  let power = 1e-20;
  for (let bin = Math.floor(low); bin <= Math.max(Math.floor(low), Math.ceil(high) - 1); bin++) {
    power = Math.max(power, re[bin] ** 2 + im[bin] ** 2);
  }
  return 10 * Math.log10(power) - 20 * Math.log10(TRANSFORM / 4);
}
