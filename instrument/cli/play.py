"""`aitunes play`: the engine, until Ctrl-C or /quit."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import time
from contextlib import AbstractContextManager, closing, nullcontext
from dataclasses import replace
from typing import Protocol

from aitunes.memory_bound import bound_memory
from aitunes.osc.address import answering, format_host_port, reachable, resolved
from instrument.cli.common import UsageError, iterations, library, load_compiled_code
from instrument.cli.ending import BoundedEnding
from instrument.cli.heartbeat import follow_engine
from instrument.cli.pad_process import PadProcess, has_display, pad_is_installed
from instrument.cli.sidecar import (
    MIDI_MISSING,
    WEB_MISSING,
    Listener,
    Sidecar,
    beside,
    midi_is_installed,
    web_is_installed,
)
from instrument.engine.engine import Engine
from instrument.engine.options import EngineOptions
from instrument.namespace import NOTES_OFF, Kind
from instrument.outputs import Output, OutputError
from instrument.outputs.null import NullOutput
from instrument.storage import paths
from instrument.storage.library import Library
from instrument.storage.set_list import SetList, read_set_list
from instrument.synthesis.timeline import Event
from instrument.terminal import ending_signals, say

_NULL_RATE = 48_000.0


def run(options: argparse.Namespace) -> int:
    """Play until the person ends it; 1 if the engine ended by itself, by a failure."""
    releases = library(options)
    set_list = _open_set(options, releases)
    load_compiled_code()
    bound_memory()
    begin = time.perf_counter()
    output = open_output(options)
    awaits_device = options.output == "device" and isinstance(output, NullOutput)
    chosen = replace(engine_options(options), awaits_device=awaits_device, set_list=set_list)
    engine = Engine(output, releases, chosen, log=say)
    # A second Ctrl-C finds the first one's fade under way and changes nothing.
    for number in ending_signals():
        signal.signal(number, lambda _number, _frame: engine.quit())
    if options.sidecar:
        follow_engine(engine.quit)
    helpers: list[Helper] = []
    with (
        BoundedEnding(lambda: int(engine.failed), lambda: _kill(helpers), lambda: _ask_to_end(helpers)) as ending,
        _pad(options, engine) as pad,
        _midi(options, engine) as midi,
        _web(options, engine) as web,
    ):
        helpers += [helper for helper in (pad, midi, web) if helper is not None]
        engine.asked_to_end = ending.ask
        engine.start()
        say(_greeting(engine, time.perf_counter() - begin, pad is not None))
        for sidecar in (midi, web):
            if sidecar is not None:
                sidecar.release()
        engine.wait()
        ending.ask()
        _ask_to_end(helpers)
        engine.close()
    say(
        f"Stopped. The sound was interrupted {engine.underruns} times: the buffer ran empty "
        f"{engine.output.underruns} times, the device itself reports {engine.output.device_underruns}."
    )
    status = 1 if engine.failed else 0
    if engine.hanging:
        # A decoder that hangs cannot be ended, and onnxruntime would wait for it as the interpreter ends.
        sys.stderr.flush()
        os._exit(status)
    return status


def _open_set(options: argparse.Namespace, releases: Library) -> SetList:
    """Return the set that was asked for, and let it say what plays first, and where if nothing else does.

    Raises:
        SetListError: it cannot be read.
    """
    if options.set is None:
        return SetList()
    chosen = read_set_list(options.set)
    options.release = chosen.songs[0].release
    if options.device is None:
        options.device = chosen.device
    for number, song in enumerate(chosen.songs[1:], 2):
        if releases.find(song.release) is None:
            say(f"Song {number} plays {song.release}, and no release of that name is installed.")
    return chosen


class Helper(Protocol):
    """Is a process beside the engine."""

    def ask_to_end(self) -> None:
        """Have it end, and return at once."""

    def kill(self) -> None:
        """End it by force, and return at once."""


def _ask_to_end(helpers: list[Helper]) -> None:
    for helper in helpers:
        helper.ask_to_end()


def _kill(helpers: list[Helper]) -> None:
    for helper in helpers:
        helper.kill()


def open_output(options: argparse.Namespace) -> Output:
    """Return the sound device, or the silent output with a sentence on how to get sound.

    Raises:
        OutputError: a device was asked for by name and cannot be opened.
    """
    if options.output == "none":
        say("Silent, as asked with --output none; OSC works all the same.")
        return NullOutput(_NULL_RATE)
    from instrument.outputs.device import DeviceOutput
    from instrument.outputs.portaudio import output_devices

    try:
        if options.device is None and not output_devices():
            raise OutputError("PortAudio finds no sound device; plug one in, or start JACK or PipeWire.")
        return DeviceOutput(options.device, options.blocksize, options.channels)
    except OutputError as error:
        if options.device is not None:
            raise
        say(f"{error} Silent until then; OSC works all the same.")
        return NullOutput(_NULL_RATE)


def engine_options(options: argparse.Namespace) -> EngineOptions:
    """Return the engine's part of the command line."""
    return EngineOptions(
        release=options.release,
        osc_host=options.osc_host,
        osc_port=options.osc_port,
        osc_tcp=options.osc_tcp,
        trusted=tuple((resolved(host), port) for host, port in options.trust),
        blocksize=options.blocksize,
        channels=options.channels,
        input=options.input,
        input_channels=options.input_channels,
        recordings=options.recordings or paths.recordings(),
        iterations=iterations(options),
        lookahead=options.lookahead,
    )


def _pad(options: argparse.Namespace, engine: Engine) -> AbstractContextManager[PadProcess | None]:
    """Return the window beside the engine, where there is a display and it is wanted; it closes with the context."""
    if not options.pad or not has_display():
        return nullcontext()
    if not pad_is_installed():
        say("The pad is not installed, so there is no window; pip install 'aitunes[pad]' adds it.")
        return nullcontext()
    return closing(PadProcess(options, engine.osc.host, engine.osc.port, engine.publisher.warn))


def _web(options: argparse.Namespace, engine: Engine) -> AbstractContextManager[Sidecar | None]:
    """Return the web server beside the engine, or nothing."""
    installed = web_is_installed()
    if options.web and not installed:
        raise UsageError(WEB_MISSING)
    if options.web is False or not installed:
        return nullcontext()
    words = [*_connect(engine), "--http-host", engine.osc.host, "--http-port", str(options.http_port)]
    if options.releases is not None:
        words += ["--releases", str(options.releases.resolve())]
    return beside("The web server", "instrument.web", words, Listener(engine.publisher.warn, engine.note_helper))


def _midi(options: argparse.Namespace, engine: Engine) -> AbstractContextManager[Sidecar | None]:
    """MIDI beside the engine, or nothing."""
    installed = midi_is_installed()
    if options.midi and not installed:
        raise UsageError(MIDI_MISSING)
    if options.midi is False or not installed:
        return nullcontext()

    def end_notes() -> None:
        engine.timeline.post([Event(NOTES_OFF, Kind.ACTION, ())])

    listener = Listener(engine.publisher.warn, engine.note_helper, end_notes)
    return beside("MIDI", "instrument.midi", [*_connect(engine), "--setup", options.midi_setup], listener)


def _connect(engine: Engine) -> list[str]:
    return ["--connect", format_host_port(reachable(engine.osc.host), engine.osc.port)]


def _greeting(engine: Engine, seconds: float, with_pad: bool) -> str:
    card, port = engine.synth_thread.card, engine.osc.port
    how = "With the pad, and" if with_pad else "Headless," if has_display() else "No display: headless,"
    here, *elsewhere = answering(engine.osc.host)
    others = " and ".join(format_host_port(host, port) for host in elsewhere)
    others = others and f", from other machines at {others}"
    return (
        f"{how} played over OSC at {format_host_port(here, port)}{others}.\n"
        f"Playing “{card.public_name}” on {engine.output.name} "
        f"({engine.output.sample_rate:.0f} Hz) after {seconds:.1f} s. Ctrl-C ends it.\n"
        f"Try: oscsend {'localhost' if here == '127.0.0.1' else here} {port} /aitunes/pad/xy ff 0.2 0.8"
    )
