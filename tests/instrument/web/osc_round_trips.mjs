// Decodes packets (hexadecimal, a JSON list on stdin) with the page's own reader and encodes them again.
// Prints a JSON list of {messages, again}, or {error} for bytes that are no OSC.
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const { bundle, decode, encode } = await import(pathToFileURL(process.argv[2]));

const plain = (value) => {
  if (value instanceof Uint8Array) return { blob: Buffer.from(value).toString("hex") };
  return typeof value === "bigint" ? { whole: value.toString() } : value;
};

function again({ address, tags, values }) {
  const valued = values.filter((_, n) => !"TF".includes(tags[n]));
  return encode(address, tags, ...valued);
}

const answers = JSON.parse(readFileSync(0, "utf-8")).map((hex) => {
  try {
    const bytes = Uint8Array.from(Buffer.from(hex, "hex"));
    const messages = decode(bytes);
    const encoded = bytes[0] === 0x2f ? again(messages[0]) : bundle(messages.map(again));
    return {
      messages: messages.map(({ address, tags, values }) => ({ address, tags, values: values.map(plain) })),
      again: Buffer.from(encoded).toString("hex"),
    };
  } catch (error) {
    return { error: `${error.constructor.name}: ${error.message}` };
  }
});
console.log(JSON.stringify(answers));
