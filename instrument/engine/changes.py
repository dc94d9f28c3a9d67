"""Another release, look-ahead or device for a playing engine: made ready beside the synth, then handed over."""

from __future__ import annotations

import atexit
import contextlib
import gc
import sys
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from aitunes.errors import AiTunesError
from aitunes.release.reader import Release
from instrument.namespace import ROOT
from instrument.outputs import Output, OutputError
from instrument.scheduling import CONTROL_PRIORITY, DEVICE_PRIORITY, raise_priority
from instrument.storage.library import Library
from instrument.synthesis.release_renderer import ReleaseRenderer

if TYPE_CHECKING:
    from instrument.engine.engine import Engine

_LOADING_SECONDS = 0.15
_SWAP_DEADLINE_SECONDS = 3.0
_POLL_SECONDS = 0.02
_CLOSING = "close-output"
ANY_DEVICE = ""
CLOSE_SECONDS = 2.0
"""How long to wait for a device that closes."""


class Changes:
    """Changes of the engine that take time; called by the worker, one after another.

    Args:
        engine: takes a renderer or an output on the synth's thread.
        library: where releases are found.
        devices: says which sound devices there are now.
        blocksize: frames a callback of a sound device, 0 for the device's own.

    `awaited` is the name of a device that was lost, or `ANY_DEVICE`; None while nothing is missing. `blocksize` is what
    was asked for, also where the present output has no blocks.
    """

    def __init__(
        self, engine: Engine, library: Library, devices: Callable[[], list[dict[str, Any]]], blocksize: int = 0
    ) -> None:
        self._engine = engine
        self._library = library
        self.blocksize = blocksize
        self._devices = devices
        self.awaited: str | None = None
        self._lost = False
        self._left: list[Any] = []

    def load_release(self, name: str) -> None:
        """Change to another release, cross-faded.

        Raises:
            ReleaseError: it cannot be used; the present one plays on.
        """
        self._change_renderer(lambda: self._library.open(name))

    def change_lookahead(self) -> None:
        """Change to the look-ahead that is set, cross-faded."""
        # Of many changes in the worker's queue, the first takes the newest value and leaves the others nothing to do.
        engine = self._engine
        if engine.synth.renderer.lookahead != engine.performance.lookahead:
            self._change_renderer(lambda: engine.synth.renderer.release)

    def set_device(self, name: str) -> None:
        """Move the stream to another sound device, also to one that has appeared since the start.

        Raises:
            OutputError: it cannot be opened; the present one plays on.
        """
        from instrument.outputs.device import DeviceOutput

        self._refresh()
        self.move_to(DeviceOutput(name or None, self.blocksize))
        self.awaited = None
        self._free_left()

    def set_block(self, frames: int) -> None:
        """Open the device anew with so many frames a callback, 0 for its own; without one it is for the next.

        Raises:
            OutputError: it does not open so; the present stream plays on.
        """
        from instrument.outputs.device import DeviceOutput

        output, before = self._engine.output, self.blocksize
        if isinstance(output, DeviceOutput) and frames != before:
            output.check_block(frames)
            self.blocksize = frames
            try:
                self.set_device(output.name)
            except AiTunesError:
                self.blocksize = before
                raise
        self.blocksize = frames

    def return_to_device(self) -> None:
        """Move the stream back to the device that was lost."""
        engine, name = self._engine, self.awaited
        if name is None:
            return
        try:
            self.set_device(name)
        except AiTunesError as error:
            engine.tell(f"The sound device {name} is there, but: {error}")
            return
        engine.publisher.announce(None, f"{ROOT}/device/set", (engine.output.name,))
        engine.tell(f"Playing on {engine.output.name}.")

    def lose_device(self, name: str) -> None:
        """The device has gone; on the synth's thread. What may still hang in its PortAudio is left there."""
        self.awaited = name
        self._left.clear()
        self._lost = True

    def _refresh(self) -> None:
        # Only where devices have come or gone: what PortAudio knows else is right, and a second one costs memory.
        from instrument.outputs import portaudio

        known = [device["name"] for device in portaudio.output_devices()]
        if self._lost or known != [device["name"] for device in self._devices()]:
            before = portaudio.reload()
            if not self._lost:
                self._left.append(before)
            self._lost = False

    def _free_left(self) -> None:
        from instrument.outputs import portaudio

        while self._left and not _something_hangs():
            portaudio.free(self._left.pop())

    def move_to(self, output: Output) -> None:
        """Move the stream to another output, not yet started.

        Raises:
            AiTunesError: it cannot be used, and is closed; the present one plays on.
        """
        engine = self._engine
        with contextlib.ExitStack() as undo:
            undo.callback(output.close)
            if engine.recorder.recording and output.sample_rate != engine.output.sample_rate:
                raise OutputError("the device runs at another sample rate; stop the recording first")
            renderer = self._prepared(engine.synth.renderer.release, output.sample_rate)
            undo.callback(renderer.close)
            start_output(output)
            left, silenced = engine.output, engine.synth
            engine.on_synth_thread(lambda: engine.take_output(output, renderer))
            undo.pop_all()
        silenced.close()
        close_aside(left).join(CLOSE_SECONDS)

    def _change_renderer(self, open_release: Callable[[], Release]) -> None:
        # Making a session and freeing one hold the interpreter for milliseconds, so the engine plays from a
        # deeper buffer until the new renderer sounds alone and the old one is gone.
        engine = self._engine
        engine.output.deepen(_LOADING_SECONDS)
        time.sleep(_LOADING_SECONDS)
        try:
            with contextlib.ExitStack() as undo:
                renderer = self._prepared(open_release(), engine.output.sample_rate)
                undo.callback(renderer.close)
                engine.on_synth_thread(lambda: engine.take_renderer(renderer))
                undo.pop_all()
            self._free_retired()
        finally:
            engine.output.deepen(0.0)

    def _prepared(self, release: Release, sample_rate: float) -> ReleaseRenderer:
        """A renderer that has rendered where it will begin, so that a release that fails does so here."""
        rehearsal = self._engine.performance.rehearsal()
        rehearsal.take_over(release.card)
        renderer = ReleaseRenderer(release, sample_rate, rehearsal.iterations, rehearsal.lookahead)
        try:
            renderer.prepare(rehearsal.advance(0.0), rehearsal)
        except AiTunesError:
            renderer.close()
            raise
        return renderer

    def _free_retired(self) -> None:
        engine = self._engine
        deadline = time.monotonic() + _SWAP_DEADLINE_SECONDS
        while not (retired := engine.synth.take_retired()):
            if time.monotonic() > deadline or engine.stopped.wait(_POLL_SECONDS):
                return
        while retired:
            retired.pop().close()
        # What a session leaves behind is collected now, and what lives is not looked at again.
        gc.collect()
        gc.freeze()


def start_output(output: Output) -> str:
    """Start with a callback above all of our own threads; the scheduling that the system grants those.

    Raises:
        OutputError: it cannot be started.
    """
    # Threads inherit the priority of the one that starts them: PortAudio's callback first, then our own.
    raise_priority(DEVICE_PRIORITY)
    try:
        output.start()
    except AiTunesError:
        raise
    except Exception as error:  # PortAudio's own, which exists only where PortAudio does
        raise OutputError(f"{output.name} cannot be started: {error}") from error
    finally:
        scheduling = raise_priority(CONTROL_PRIORITY)
    return scheduling


def close_aside(output: Output) -> threading.Thread:
    """Close on a thread of its own: PortAudio waits for ever for a sound server that has gone."""
    thread = threading.Thread(target=output.close, name=_CLOSING, daemon=True)
    thread.start()
    return thread


def leave_what_hangs() -> None:
    """Let the process end although an output never closes, because PortAudio would wait for it at the exit, too."""
    sounddevice = sys.modules.get("sounddevice")
    if sounddevice is not None and _something_hangs():
        atexit.unregister(sounddevice._exit_handler)


def _something_hangs() -> bool:
    return any(thread.name == _CLOSING for thread in threading.enumerate())
