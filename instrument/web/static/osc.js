/**
 * Encodes and decodes OSC packets: the types i f s b T F h d t, and bundles that nest at most 8 deep.
 *
 * A decoded message is {address, tags, values}; whatever is no OSC throws a PacketError.
 */

const MAX_DEPTH = 8;
const BUNDLE = "#bundle";
export const IMMEDIATELY = 1n;

/** Reports bytes that are no OSC packet, or values that have no form in OSC. */
export class PacketError extends Error {}

const utf8 = new TextEncoder();
const text = new TextDecoder("utf-8", { fatal: true });

const padded = (length) => (length + 3) & ~3;
const WRITERS = {
  i: [4, (view, at, value) => view.setInt32(at, value)],
  f: [4, (view, at, value) => view.setFloat32(at, value)],
  d: [8, (view, at, value) => view.setFloat64(at, value)],
  h: [8, (view, at, value) => view.setBigInt64(at, BigInt(value))],
  t: [8, (view, at, value) => view.setBigUint64(at, BigInt(value))],
};
const READERS = {
  i: [4, (view, at) => view.getInt32(at)],
  f: [4, (view, at) => view.getFloat32(at)],
  d: [8, (view, at) => view.getFloat64(at)],
  h: [8, (view, at) => view.getBigInt64(at)],
  t: [8, (view, at) => view.getBigUint64(at)],
};
const VALUELESS = { T: true, F: false };

/** Returns one message as bytes; T and F in `tags` take no value. */
export function encode(address, tags = "", ...values) {
  if (!address.startsWith("/")) throw new PacketError(`${address} is no address`);
  const parts = [string(address), string(`,${tags}`)];
  let next = 0;
  for (const tag of tags) if (!(tag in VALUELESS)) parts.push(argument(tag, values[next++]));
  if (next !== values.length) throw new PacketError(`${address} ,${tags} does not fit ${values.length} values`);
  return joined(parts);
}

/** Returns encoded packets as one bundle, to apply at an NTP time tag. */
export function bundle(packets, time = IMMEDIATELY) {
  const parts = [string(BUNDLE), argument("t", time)];
  for (const packet of packets) parts.push(argument("i", packet.length), packet);
  return joined(parts);
}

/** Returns the messages of a packet in its order, those of nested bundles among them. */
export function decode(bytes) {
  const messages = [];
  collect(bytes, 1, messages);
  return messages;
}

function string(value) {
  const encoded = utf8.encode(value);
  if (encoded.includes(0)) throw new PacketError("text with a zero cannot be sent");
  const bytes = new Uint8Array(padded(encoded.length + 1));
  bytes.set(encoded);
  return bytes;
}

function argument(tag, value) {
  if (tag === "s") return string(String(value));
  if (tag === "b") return blob(value);
  if (!(tag in WRITERS)) throw new PacketError(`type ${tag} cannot be sent`);
  if (typeof value !== "bigint" && !Number.isFinite(value)) throw new PacketError(`${value} cannot be sent as ${tag}`);
  const [size, write] = WRITERS[tag];
  const bytes = new Uint8Array(size);
  write(new DataView(bytes.buffer), 0, value);
  return bytes;
}

function blob(value) {
  const bytes = new Uint8Array(4 + padded(value.length));
  new DataView(bytes.buffer).setInt32(0, value.length);
  bytes.set(value, 4);
  return bytes;
}

function joined(parts) {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

function collect(bytes, depth, messages) {
  if (bytes[0] === 0x2f) {
    messages.push(message(bytes));
    return;
  }
  if (depth > MAX_DEPTH) throw new PacketError(`bundles nest more than ${MAX_DEPTH} deep`);
  const reader = new Reader(bytes);
  if (reader.string() !== BUNDLE) throw new PacketError("neither a message nor a bundle");
  reader.number("t");
  while (!reader.ended) {
    const size = reader.number("i");
    if (size <= 0 || size % 4) throw new PacketError(`a bundle element of ${size} bytes does not fit`);
    collect(reader.take(size), depth + 1, messages);
  }
}

function message(bytes) {
  const reader = new Reader(bytes);
  const address = reader.string();
  const tags = reader.ended ? "" : reader.string();
  if (tags && tags[0] !== ",") throw new PacketError(`${address} has no types`);
  const values = [];
  for (const tag of tags.slice(1)) values.push(reader.argument(tag));
  return { address, tags: tags.slice(1), values };
}

/** Reads one field after the other, and throws where the bytes end too early. */
class Reader {
  constructor(bytes) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.at = 0;
  }

  get ended() {
    return this.at >= this.bytes.length;
  }

  take(size) {
    if (size < 0 || this.at + size > this.bytes.length) throw new PacketError("the packet ends too early");
    this.at += size;
    return this.bytes.subarray(this.at - size, this.at);
  }

  string() {
    const end = this.bytes.indexOf(0, this.at);
    if (end < 0) throw new PacketError("text without an end");
    const start = this.at;
    this.take(padded(end - start + 1));
    try {
      return text.decode(this.bytes.subarray(start, end));
    } catch {
      throw new PacketError("text that is not UTF-8");
    }
  }

  number(tag) {
    const [size, read] = READERS[tag];
    const start = this.at;
    this.take(size);
    return read(this.view, start);
  }

  argument(tag) {
    if (tag in VALUELESS) return VALUELESS[tag];
    if (tag in READERS) return this.number(tag);
    if (tag === "s") return this.string();
    if (tag !== "b") throw new PacketError(`unknown type ${tag}`);
    const size = this.number("i");
    const content = this.take(size);
    this.take(padded(size) - size);
    return content;
  }
}
