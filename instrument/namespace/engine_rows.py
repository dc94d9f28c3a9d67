"""Lists the addresses of all beside the sound: files, devices, MIDI, notices, the connection."""

from __future__ import annotations

from instrument.namespace.rows import (
    LISTEN,
    MAX_BLOCK,
    MAX_OUTPUTS,
    MAX_SONGS,
    NAME,
    SOUND,
    Address,
    Argument,
    Kind,
    level,
    notice,
    number,
    row,
    server,
    unit,
)
from instrument.status import FIELDS

ENGINE_ROWS: tuple[Address, ...] = (
    row(
        "/release/load",
        Kind.COMMAND,
        "change to another release, cross-faded; with no name, the reply is the one that plays",
        NAME,
        told=True,
    ),
    row(
        "/release/list",
        Kind.REQUEST,
        "a message a release, `/aitunes/release`: name, public name, description, latent_dim; then `/done`",
    ),
    row(
        "/release/info",
        Kind.REQUEST,
        "the playing release's card as JSON, its latent axes null where a datagram cannot carry them",
    ),
    row("/snapshot/save", Kind.COMMAND, "keep the latent position and the settings under a name", NAME),
    row("/snapshot/delete", Kind.COMMAND, "drop a snapshot", NAME),
    row(
        "/snapshot/recall",
        Kind.COMMAND,
        "morph to a snapshot; at once where no time is given",
        NAME,
        Argument("f", "morph_seconds", 0.0, 60.0, "s", default=0.0),
    ),
    row("/snapshot/list", Kind.REQUEST, "a message a snapshot, `/aitunes/snapshot`: its name; then `/done`"),
    row(
        "/record/start",
        Kind.COMMAND,
        "record the output under a file name inside the recordings folder, .wav or .flac; with no name, the reply is "
        "the one that is being recorded, or empty",
        NAME,
        told=True,
        initial=("",),
    ),
    row("/record/stop", Kind.COMMAND, "end the recording"),
    row(
        "/gesture/record",
        Kind.COMMAND,
        "record the settings and acts that arrive, until `/aitunes/gesture/stop`; with no name, the reply is the one "
        "that is being recorded, or empty",
        NAME,
        told=True,
        initial=("",),
    ),
    row("/gesture/stop", Kind.COMMAND, "end the recording of a gesture and keep it; if none runs, end the replay"),
    row(
        "/gesture/play",
        Kind.COMMAND,
        "replay a gesture, looped or once; what a hand moves meanwhile stays playable; with no arguments, the reply is "
        "what is being replayed, or an empty name",
        NAME,
        number("loop", 1, default=0),
        Argument("f", "speed", 0.1, 10.0, default=1.0),
        told=True,
        initial=("", 0, 1.0),
    ),
    row("/gesture/delete", Kind.COMMAND, "drop a gesture", NAME),
    row("/gesture/list", Kind.REQUEST, "a message a gesture, `/aitunes/gesture`: its name; then `/done`"),
    row(
        "/set/song",
        Kind.COMMAND,
        "go to that song of the set that `aitunes play --set` has opened, cross-faded; with no argument, the reply is "
        "the one that plays, 0 without a set",
        Argument("i", "song", 0, MAX_SONGS),
        told=True,
        initial=(0,),
    ),
    row("/set/next", Kind.COMMAND, "go to the next song of the set"),
    row("/set/previous", Kind.COMMAND, "go to the song before"),
    row("/set/list", Kind.REQUEST, "a message a song, `/aitunes/set`: its number, its name, its release; then `/done`"),
    row(
        "/device/list",
        Kind.REQUEST,
        "a message a sound device that is there, `/aitunes/device`: its name, host API and sample rate; then `/done`",
    ),
    row(
        "/device/set",
        Kind.COMMAND,
        "move the stream to another sound device, given a part of its name, or empty for the default one; without, the "
        "reply is the present one's name",
        NAME,
        told=True,
    ),
    row(
        "/device/block",
        Kind.COMMAND,
        "take the sound in blocks of so many frames, 0 for as many as the device likes; JACK allows 0 alone, as it "
        "dictates the block; with no argument, the reply is what was asked for",
        Argument("i", "block", 0, MAX_BLOCK, "frames"),
        told=True,
        initial=(0,),
    ),
    row(
        "/device/channels",
        Kind.COMMAND,
        "play on these outputs of the sound device, counted from 1; without a right one the left one plays both, and 0 "
        "is the first two; with no argument, the reply is what was asked for",
        Argument("i", "left", 0, MAX_OUTPUTS),
        Argument("i", "right", 0, MAX_OUTPUTS, default=0),
        told=True,
        initial=(0, 0),
    ),
    row(
        "/input/on",
        Kind.COMMAND,
        "listen to the input device, and let it play; with no argument, the reply is whether it is so",
        Argument("T", "on"),
        told=True,
        initial=(False,),
    ),
    row(
        "/input/device/list",
        Kind.REQUEST,
        "a message an input that is there, `/aitunes/input/device`: its name, host API and sample rate; then `/done`",
    ),
    row(
        "/input/device/set",
        Kind.COMMAND,
        "listen to another input, given a part of its name, or empty for the default one; with no argument, the reply "
        "is the present one's name, or what was asked for",
        NAME,
        told=True,
        initial=("",),
    ),
    row(
        "/input/channels",
        Kind.COMMAND,
        "listen to these channels of the input, counted from 1: two are mixed, the second one turned where it is the "
        "first one upside down; 0 is the first alone; with no argument, the reply is what was asked for",
        Argument("i", "first", 0, MAX_OUTPUTS),
        Argument("i", "second", 0, MAX_OUTPUTS, default=0),
        told=True,
        initial=(0, 0),
    ),
    row(
        "/midi/learn",
        Kind.RELAY,
        "bind the next controller that moves to that address, or to one of its values, counted from 1; an empty one "
        "ends the learning; with no arguments, the reply is the address that waits",
        Argument("s", "address"),
        Argument("i", "argument", 1, 16, optional=True),
        told=True,
        initial=("",),
    ),
    row("/midi/forget", Kind.RELAY, "drop the mappings of that address", Argument("s", "address")),
    row(
        "/midi/map",
        Kind.RELAY,
        "add a mapping, or put it in place of the one of the same address and controller: a table as in the file",
        Argument("s", "toml"),
    ),
    row(
        "/midi/list",
        Kind.RELAY,
        "with no arguments, the reply is the file of mappings; MIDI sends it when it changes",
        Argument("s", "toml"),
        told=True,
        initial=("",),
    ),
    row(
        "/midi/setup",
        Kind.RELAY,
        "use another file of mappings, by its name; at the latest when MIDI starts; with no argument, the reply is the "
        "one that was asked for last, empty for what `--midi-setup` said",
        NAME,
        told=True,
        initial=("",),
    ),
    row(
        "/midi/inputs",
        Kind.RELAY,
        "with no arguments, the reply is the inputs that are open, a line each; MIDI sends them when they change",
        Argument("s", "names"),
        told=True,
        initial=("",),
    ),
    row("/midi/notice", Kind.RELAY, "MIDI has something to tell, in a sentence", Argument("s", "sentence")),
    notice(
        "/aitunes/device/changed",
        "sound devices have come or gone; these are there now",
        Argument("s", "name"),
        many=True,
    ),
    notice("/error", "what went wrong with the sound, in a sentence", Argument("s", "sentence")),
    notice("/aitunes/meter", "the output's level, 25 a second", level("peak"), level("rms")),
    notice(
        "/aitunes/input/meter",
        "the input, 25 a second while it is on: its level after gain, whether it is above the gate, its pitch as a "
        "MIDI note, 0 where it has none, and how clear that is",
        level("peak"),
        level("rms"),
        Argument("T", "open"),
        Argument("f", "pitch", 0.0, 140.0),
        unit("clarity"),
    ),
    notice(
        "/aitunes/input/scope",
        "the input's spectrum, 25 a second while it is on, as `/aitunes/scope`",
        Argument("b", "levels"),
    ),
    notice(
        "/aitunes/scope",
        "the sound's spectrum, 25 a second: the levels in dB, −120 to about 0, of 64 bands of equal width in mel from "
        "30 Hz to 16 kHz, as float32; big-endian, as all numbers of OSC are",
        Argument("b", "levels"),
    ),
    notice(
        SOUND,
        "20 ms of what is played, to those who have sent `/listen`: a number that counts up, the sample rate, "
        "and left and right by turns as 16-bit whole numbers, little-endian",
        number("sequence", 2**31 - 1),
        Argument("i", "sample_rate", 0, 2**31 - 1, "Hz"),
        Argument("b", "samples"),
    ),
    server(
        LISTEN,
        "send what is played as `/aitunes/sound`, for so many seconds from now on, to the one who asks and has proved "
        "its address; 0 ends it",
        Argument("i", "seconds", 0, 30, "s"),
    ),
    server(
        "/status",
        f"`/status.reply`: {FIELDS}; loads in %, rates in Hz, latencies in ms",
    ),
    server(
        "/notify",
        "1 subscribes for 30 s, which any message renews; 0 ends it. `/done /notify id token` asks for a proof: send "
        "the token back. A port below 65,536 is where the answers go, instead of the one that asks",
        number("subscribe", 1),
        number("port_or_token", 2**31 - 1, default=0),
        number("token", 2**31 - 1, default=0),
    ),
    server(
        "/login",
        "gives a TCP connection the rights of a program of this machine: the token is in the file `osc-token` of "
        "AiTunes' data folder",
        Argument("s", "token"),
    ),
    server("/sync", "`/synced i` when all earlier commands have finished", Argument("i", "id", -(2**31), 2**31 - 1)),
    server("/version", "`/version.reply`: name, major, minor, patch"),
    server("/dumpOSC", "log arriving messages: 0 off, 1 parsed, 2 hex, 3 both", number("mode", 3)),
    server("/clearSched", "forget the events that are held for later"),
    server("/quit", "end the engine"),
)
