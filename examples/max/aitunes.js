// The ear of aitunes.maxpat, for [node.script]: one UDP socket that asks AiTunes, because its answers come back to the
// socket that asked, which [udpsend] cannot hear. Every answer leaves the left outlet as a Max message.

const dgram = require("dgram");
const maxApi = require("max-api");

const [host = "127.0.0.1", port = "7420"] = process.argv.slice(2);
const socket = dgram.createSocket("udp4");

// OSC 1.0: everything is padded with zeros to a multiple of four bytes; a text has at least one.
const text = (value) => {
	const bytes = Buffer.from(String(value), "utf8");
	return Buffer.concat([bytes, Buffer.alloc(4 - (bytes.length % 4))]);
};

const number = (value) => {
	const bytes = Buffer.alloc(4);
	if (Number.isInteger(value)) bytes.writeInt32BE(value);
	else bytes.writeFloatBE(value);
	return bytes;
};

const tag = (value) => (typeof value !== "number" ? "s" : Number.isInteger(value) ? "i" : "f");

const encode = (address, values) =>
	Buffer.concat([
		text(address),
		text("," + values.map(tag).join("")),
		...values.map((value) => (typeof value === "number" ? number(value) : text(value))),
	]);

// Address and arguments of a message; switches become 1 and 0, as Max has them, and blobs are left out.
const decode = (packet) => {
	let place = 0;
	const readText = () => {
		const end = packet.indexOf(0, place);
		const value = packet.toString("utf8", place, end);
		place = end + 4 - (end % 4);
		return value;
	};
	const take = (size, read) => {
		const value = read(place);
		place += size;
		return value;
	};
	const readers = {
		i: () => take(4, (at) => packet.readInt32BE(at)),
		f: () => take(4, (at) => packet.readFloatBE(at)),
		d: () => take(8, (at) => packet.readDoubleBE(at)),
		h: () => take(8, (at) => Number(packet.readBigInt64BE(at))),
		s: readText,
		T: () => 1,
		F: () => 0,
		b: () => take(4 + 4 * Math.ceil(packet.readInt32BE(place) / 4), () => undefined),
	};
	const address = readText();
	const values = [...readText().slice(1)].map((type) => readers[type]());
	return [address, ...values.filter((value) => value !== undefined)];
};

const send = (address, ...values) => socket.send(encode(address, values), Number(port), host);

socket.on("message", (packet) => {
	const [address, ...values] = decode(packet);
	maxApi.outlet(address, ...values);
	// The engine asks whether we are where we say before it sends meters: its number goes back.
	if (address === "/done" && values[0] === "/notify" && values.length === 3) send("/notify", 1, values[2]);
	if (address === "/aitunes/release/load") send("/aitunes/latent"); // another release may have other coordinates
});
socket.on("error", (error) => maxApi.post(`AiTunes: ${error.message}`));

// [send /aitunes/snapshot/save one] into the inlet: what is sent from here is answered here, by /done or /fail.
maxApi.addHandler("send", send);

send("/aitunes/latent");
send("/notify", 1); // hear of everybody's changes; a subscription lasts 30 s and is renewed by any message
setInterval(() => send("/status"), 2000);
setInterval(() => send("/notify", 1), 10000); // also finds an engine that was started again
