/** Colours of spectrograms, from silence to full level, by the colours of a theme. */

const STOPS = 5;

/** Returns red, green and blue, 0..255, of a colour such as #4dabf7. */
export function components(colour) {
  const number = parseInt(colour.slice(1), 16);
  return [number >> 16, (number >> 8) & 255, number & 255];
}

/** Returns 256 colours as red, green and blue, one after the other; `styleOf` gives a colour of the theme by its name. */
export function levelColours(styleOf) {
  const stops = Array.from({ length: STOPS }, (_, n) => components(styleOf(`--level-${n}`)));
  const table = new Uint8ClampedArray(3 * 256);
  for (let level = 0; level < 256; level++) {
    const place = (level / 255) * (STOPS - 1);
    const below = Math.min(Math.floor(place), STOPS - 2);
    for (let n = 0; n < 3; n++) {
      table[3 * level + n] = stops[below][n] + (place - below) * (stops[below + 1][n] - stops[below][n]);
    }
  }
  return table;
}

/** Writes a column of levels 0..1 into image data, the first one at the bottom. */
export function writeColumn(image, column, levels, table) {
  const { width, height, data } = image;
  for (let row = 0; row < height; row++) {
    const level = 3 * Math.round(255 * Math.min(Math.max(levels[height - 1 - row], 0), 1));
    const pixel = 4 * (row * width + column);
    data[pixel] = table[level];
    data[pixel + 1] = table[level + 1];
    data[pixel + 2] = table[level + 2];
    data[pixel + 3] = 255;
  }
}
