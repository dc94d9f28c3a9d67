"""The words that `aitunes` understands."""

from __future__ import annotations

import argparse
from pathlib import Path
from urllib.parse import urlsplit

from aitunes.osc.address import DEFAULT_PORT, AddressError, parse_host_port
from instrument.namespace import MAX_OUTPUTS
from instrument.storage.library import DEFAULT_RELEASE

DEFAULT_HTTP_PORT = 7421
_MIN_SECONDS = 3.0  # in less the doctor hears too little

_EXAMPLES = """\
examples:
  aitunes                                   play the bundled release, with the pad where there is a display
  aitunes pad --connect 192.168.1.7:7420    the pad for an engine that plays elsewhere
  aitunes play --release chamber --device JACK
  aitunes play --input --release chamber    play with your voice, through the default microphone
  aitunes play --output none                no sound, but everything else
  oscsend localhost 7420 /aitunes/pad/xy ff 0.2 0.8
                                            move, from any program that speaks OSC
  aitunes render score.txt -o piece.wav     a score to a file, faster than real time
  aitunes render song.mid -o song.wav       a MIDI file, likewise
  aitunes releases                          releases to choose from
  aitunes pack my-sounds                    a release as one file, to give away
  aitunes install my-sounds.aitunes         a release from a file, a folder or a URL
  aitunes devices                           sound devices to choose from
  aitunes web --connect localhost:7420      the page, and the HTTP API, for an engine that plays
  aitunes phone                             a code to scan: the phone is a pad
  aitunes midi --list                       MIDI keyboards and controllers that are plugged in
  aitunes doctor                            what this machine carries, in figures
"""


def build() -> argparse.ArgumentParser:
    """Return the parser of the whole command."""
    parser = argparse.ArgumentParser(
        prog="aitunes",
        description="A musical instrument whose sound is a latent space, played over OSC.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="store_true", help="say which version this is")
    commands = parser.add_subparsers(dest="command", metavar="command")
    _add_play(commands)
    _add_render(commands)
    _add_lists(commands)
    _add_sharing(commands)
    _add_doctor(commands)
    _add_pad(commands)
    _add_web(commands)
    _add_phone(commands)
    _add_midi(commands)
    parser.set_defaults(**vars(commands.choices["play"].parse_args([])), command=None)
    return parser


def _add_play(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    play = commands.add_parser("play", help="play a release (what `aitunes` alone does)")
    _add_release(play)
    play.add_argument("--output", choices=("device", "none"), default="device", help="sound device, or none at all")
    play.add_argument("--device", metavar="NAME", help="a part of a sound device's name; see `aitunes devices`")
    play.add_argument("--blocksize", type=_whole(0, 8192), default=0, metavar="FRAMES", help="0: the device's own")
    _add_channels(play)
    play.add_argument(
        "--input",
        nargs="?",
        const="",
        metavar="NAME",
        help="listen to a sound device, by a part of its name, or to the default one; its sound plays the release",
    )
    play.add_argument(
        "--input-channels",
        type=_channels,
        default=(),
        metavar="N[,N]",
        help="what to listen to, such as 2, or 1,2 mixed; by default the first",
    )
    play.add_argument("--osc-host", default="127.0.0.1", metavar="HOST", help="where to listen; 0.0.0.0 is everywhere")
    play.add_argument("--osc-port", type=_whole(0, 65535), default=DEFAULT_PORT, metavar="PORT")
    play.add_argument("--osc-tcp", action="store_true", help="listen at that port over TCP, too, with SLIP framing")
    play.add_argument(
        "--trust",
        type=_trusted,
        action="append",
        default=[],
        metavar="HOST[:PORT]",
        help="a controller that is sent values without a token, with a port from the start; may be repeated",
    )
    play.add_argument(
        "--set", type=Path, metavar="FILE", help="play the songs of a set, a file as docs/sets.md shows; not --release"
    )
    play.add_argument("--no-pad", dest="pad", action="store_false", help="no window, even where there is a display")
    play.add_argument(
        "--web",
        "--oscquery",
        action=argparse.BooleanOptionalAction,
        help="the page and OSCQuery, in a process beside; by default where the extra `web` is installed",
    )
    _add_http_port(play)
    play.add_argument(
        "--midi",
        action=argparse.BooleanOptionalAction,
        help="MIDI and MPE, in a process beside; by default where the extra `midi` is installed",
    )
    _add_midi_setup(play, "--midi-setup")
    play.add_argument("--sidecar", action="store_true", help=argparse.SUPPRESS)
    play.add_argument("--recordings", type=Path, metavar="FOLDER", help="where /aitunes/record/start puts files")
    _add_quality(play)


def _add_render(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    render = commands.add_parser("render", help="render a score or a MIDI file to a sound file")
    render.add_argument(
        "score", type=Path, nargs="+", help="a line a message: seconds address arguments…; or a MIDI file, .mid"
    )
    render.add_argument("-o", "--output", type=Path, required=True, metavar="FILE", help="ends in .wav or .flac")
    render.add_argument("--seconds", type=_positive, help="length; by default a second beyond the last line")
    render.add_argument("--depth", choices=("16", "24", "float"), default="16", help="bits a sample")
    render.add_argument("--sample-rate", type=_whole(8_000, 192_000), metavar="HZ", help="by default the release's")
    render.add_argument("--programs", action="store_true", help="program changes of a MIDI file choose releases")
    _add_midi_setup(render, "--midi-setup")
    _add_release(render)
    _add_quality(render)


def _add_lists(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    releases = commands.add_parser("releases", aliases=["models"], help="list the releases")
    _add_releases(releases)
    releases.add_argument("--from", dest="index", metavar="INDEX", help="list what a folder or URL offers instead")
    devices = commands.add_parser("devices", help="list the sound devices")
    devices.add_argument("--inputs", action="store_true", help="those that can be listened to")
    for command in (releases, devices):
        command.add_argument("--json", action="store_true", help="for scripts")


def _add_sharing(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    pack = commands.add_parser("pack", help="pack a release into one file")
    pack.add_argument("name", help="see `aitunes releases`")
    pack.add_argument("-o", "--output", type=Path, metavar="FILE", help="by default NAME.aitunes, here")
    install = commands.add_parser("install", help="install a release from a file, a folder or a URL")
    install.add_argument("source", metavar="FILE|FOLDER|URL", help="with --from, the name of a release that it lists")
    install.add_argument("--from", dest="index", metavar="INDEX", help="a folder or URL that has an index.json")
    install.add_argument("--name", default="", help="install it under another name")
    taken = install.add_mutually_exclusive_group()
    taken.add_argument("--replace", action="store_true", help="take the place of another release of that name")
    taken.add_argument("--beside", action="store_true", help="add a number where the name is taken")
    install.add_argument("--play", action="store_true", help="then play it")
    remove = commands.add_parser("remove", help="delete an installed release")
    remove.add_argument("name", help="see `aitunes releases`")
    remove.add_argument("--yes", action="store_true", help="do not ask")
    index = commands.add_parser("index", help="list the packed releases of a folder in its index.json")
    index.add_argument("folder", type=Path, metavar="FOLDER")
    for command in (pack, install, remove):
        _add_releases(command)
    for command in (pack, install, remove, index):
        command.add_argument("--json", action="store_true", help="for scripts")


def _add_doctor(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    doctor = commands.add_parser("doctor", help="measure this machine and advise")
    doctor.add_argument("--json", action="store_true", help="for scripts")
    doctor.add_argument("--seconds", type=_enough, default=10.0, help="how long to play for underruns")
    doctor.add_argument(
        "--trace", type=Path, metavar="FILE", help="write the last seconds, hop by hop, for ui.perfetto.dev"
    )
    doctor.add_argument("--output", choices=("device", "none"), default="device")
    doctor.add_argument("--device", metavar="NAME")
    doctor.add_argument("--blocksize", type=_whole(0, 8192), default=0, metavar="FRAMES")
    _add_channels(doctor)
    _add_release(doctor)
    _add_quality(doctor)


def _add_pad(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    pad = commands.add_parser("pad", help="open the pad for an engine that plays already, here or elsewhere")
    default = ("127.0.0.1", DEFAULT_PORT)
    pad.add_argument(
        "--connect", type=_host_port, default=default, metavar="HOST:PORT", help="by default {}:{}".format(*default)
    )
    pad.add_argument("--with-engine", action="store_true", help="closing the window ends the engine, too")
    pad.add_argument("--resume", action="store_true", help="go back to the release that played last")
    _add_http_port(pad)
    _add_releases(pad)


def _add_web(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    web = commands.add_parser(
        "web", aliases=["oscquery"], help="the page, the HTTP API and OSCQuery, for browsers and other programs"
    )
    engine = ("127.0.0.1", DEFAULT_PORT)
    web.add_argument("--connect", type=_host_port, default=engine, metavar="HOST:PORT", help="where the engine listens")
    web.add_argument("--http-host", default="127.0.0.1", metavar="HOST", help="where to serve; 0.0.0.0 is everywhere")
    _add_http_port(web)
    web.add_argument(
        "--cors",
        type=_origin,
        action="append",
        default=[],
        metavar="ORIGIN",
        help="let pages of that origin ask, such as http://localhost:3000; may be repeated",
    )
    web.add_argument(
        "--serve-only",
        action="store_true",
        help="for a class or a container: an engine without a sound device, which the page plays and hears",
    )
    web.add_argument("--no-discovery", action="store_false", dest="discovery", help="announce nothing by mDNS")
    _add_release(web)
    web.add_argument("--sidecar", action="store_true", help=argparse.SUPPRESS)


def _add_phone(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    phone = commands.add_parser("phone", help="show a code that makes a phone a pad, in the same network")
    phone.add_argument("--phones", type=_whole(1, 32), default=1, metavar="NUMBER", help="a code for each of so many")
    phone.add_argument("--forget", action="store_true", help="forget all phones, and close the port to the network")
    phone.add_argument("--json", action="store_true", help="print the code as JSON: url, seconds, rows of modules")
    _add_http_port(phone)


def _add_midi(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    midi = commands.add_parser("midi", help="MIDI and MPE, for an engine that plays already, here or elsewhere")
    engine = ("127.0.0.1", DEFAULT_PORT)
    midi.add_argument(
        "--connect", type=_host_port, default=engine, metavar="HOST:PORT", help="where the engine listens"
    )
    midi.add_argument("--list", action="store_true", help="list the MIDI ports and do nothing else")
    _add_midi_setup(midi, "--setup")
    midi.add_argument("--clock-out", action="store_true", help="send a MIDI clock at the engine's tempo")
    midi.add_argument("--sidecar", action="store_true", help=argparse.SUPPRESS)


def _add_midi_setup(command: argparse.ArgumentParser, option: str) -> None:
    command.add_argument(
        option, default="default", metavar="NAME", help="which file of MIDI mappings to use, in AiTunes' data folder"
    )


def _add_http_port(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--http-port", type=_whole(0, 65535), default=DEFAULT_HTTP_PORT, metavar="PORT", help="of the page"
    )


def _add_channels(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--channels", type=_channels, default=(), metavar="LEFT,RIGHT", help="outputs of the device, such as 3,4"
    )


def _add_release(command: argparse.ArgumentParser) -> None:
    command.add_argument("--release", default=DEFAULT_RELEASE, metavar="NAME", help="see `aitunes releases`")
    _add_releases(command)


def _add_releases(command: argparse.ArgumentParser) -> None:
    command.add_argument("--releases", type=Path, metavar="FOLDER", help="look for releases here first")


def _add_quality(command: argparse.ArgumentParser) -> None:
    command.add_argument("--iterations", type=_whole(0, 64), help="phase reconstruction effort a hop")
    command.add_argument("--lookahead", type=_whole(0, 8), default=0, metavar="FRAMES", help="better, but later")


def _whole(low: int, high: int) -> type[int]:
    def convert(word: str) -> int:
        number = int(word)
        if not low <= number <= high:
            raise argparse.ArgumentTypeError(f"{number} is not from {low} to {high}")
        return number

    convert.__name__ = "whole number"
    return convert  # type: ignore[return-value]


def _channels(word: str) -> tuple[int, ...]:
    try:
        channels = tuple(int(part) for part in word.split(","))
    except ValueError:
        channels = ()
    if not 1 <= len(channels) <= 2 or len(set(channels)) < len(channels):
        raise argparse.ArgumentTypeError(f"{word!r} is not one channel or two, such as 3,4")
    if not all(1 <= channel <= MAX_OUTPUTS for channel in channels):
        raise argparse.ArgumentTypeError(f"{word!r} has a channel that is not from 1 to {MAX_OUTPUTS}")
    return channels


def _host_port(word: str) -> tuple[str, int]:
    try:
        return parse_host_port(word, DEFAULT_PORT)
    except AddressError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _trusted(word: str) -> tuple[str, int]:
    try:
        return parse_host_port(word) if _names_port(word) else (parse_host_port(word, DEFAULT_PORT)[0], 0)
    except AddressError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _names_port(word: str) -> bool:
    return "]:" in word or word.count(":") == 1


def _origin(word: str) -> str:
    try:
        parts = urlsplit(word)
        plain = (
            parts.scheme in ("http", "https") and bool(parts.hostname) and word == f"{parts.scheme}://{parts.netloc}"
        )
    except ValueError:
        plain = False
    if not plain:
        raise argparse.ArgumentTypeError(f"{word!r} is no origin, such as http://localhost:3000")
    return word.lower()


def _positive(word: str) -> float:
    number = float(word)
    if not 0.0 < number < 86_400.0:
        raise argparse.ArgumentTypeError(f"{word} is not more than 0 and less than a day")
    return number


_positive.__name__ = "number of seconds"


def _enough(word: str) -> float:
    number = float(word)
    if not _MIN_SECONDS <= number < 86_400.0:
        raise argparse.ArgumentTypeError(f"{word} is not at least {_MIN_SECONDS:g} and less than a day")
    return number


_enough.__name__ = "number of seconds"
