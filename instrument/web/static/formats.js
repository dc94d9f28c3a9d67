/** Writes numbers as musicians read them. */

const NAMES = ["C", "C♯", "D", "D♯", "E", "F", "F♯", "G", "G♯", "A", "A♯", "B"];
const fixed = (value, digits) => value.toFixed(digits).replace("-", "−").replace(/^−(0(\.0*)?)$/, "$1");

/** Names a MIDI note; 60 is C4. */
export const noteName = (note) => `${NAMES[((note % 12) + 12) % 12]}${Math.floor(note / 12) - 1}`;

export const isBlack = (note) => [1, 3, 6, 8, 10].includes(note % 12);
export const signed = (value, digits = 2) => (value > 0 ? "+" : "") + fixed(value, digits);
export const decibels = (value) => `${fixed(value, 1)} dB`;
export const percent = (value) => `${fixed(100 * value, 0)} %`;
export const times = (value) => `${fixed(value, 2)} ×`;
export const whole = (value) => fixed(value, 0);
export const plain = (value) => fixed(value, Math.abs(value) < 10 ? 2 : 1);
export const seconds = (value) => (value < 0.9995 ? `${fixed(1000 * value, 0)} ms` : `${fixed(value, 1)} s`);
export const drone = (note) => `${noteName(Math.round(note))} ${fixed(note, 1)}`;
export const milliseconds = (value) => `${fixed(value, value < 10 ? 1 : 0)} ms`;

/** Writes a position between left and right. */
export function pan(value) {
  const side = Math.round(100 * Math.abs(value));
  return side === 0 ? "centre" : `${side} % ${value < 0 ? "left" : "right"}`;
}

/** Writes minutes and seconds. */
export function clock(value) {
  const all = Math.floor(value);
  return `${Math.floor(all / 60)}:${String(all % 60).padStart(2, "0")}`;
}

/** Writes a number of bytes. */
export function bytes(value) {
  return value < 1e6 ? `${fixed(value / 1e3, 0)} kB` : `${fixed(value / 1e6, 1)} MB`;
}
