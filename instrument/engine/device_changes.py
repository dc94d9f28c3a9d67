"""Changes the sound device while the engine plays: the new stream is opened and started before the old one ends."""

from __future__ import annotations

import contextlib
from collections.abc import Callable

from aitunes.errors import AiTunesError
from instrument.engine.options import EngineOptions
from instrument.engine.publisher import Publisher
from instrument.engine.release_changes import prepared
from instrument.engine.synth_thread import SynthThread
from instrument.namespace import ROOT
from instrument.outputs import BlockOutput, Output, OutputError, ResumingOutput
from instrument.outputs.closing import OutputCloser
from instrument.outputs.portaudio import Reloader
from instrument.storage.recorder import Recorder

ANY_DEVICE = ""


def open_device(name: str, blocksize: int, channels: tuple[int, ...]) -> Output:
    """Open a sound device by a part of its name, or the default one for an empty name.

    Raises:
        OutputError: it cannot be opened.
    """
    from instrument.outputs.device import DeviceOutput

    return DeviceOutput(name or None, blocksize, channels)


class DeviceChanges:
    """Changes the output; called by the worker, one change after another.

    Args:
        synth_thread: takes the output.
        recorder: a recording must not change its sample rate.
        publisher: notified of a return to a device.
        scan: lists the sound devices that are there now.
        options: the block size at the start, and whether to move to the first device that appears.
        open_output: opens a device by name, with a block size and its outputs.
        reloader: makes PortAudio find new devices.

    Attributes:
        awaited: name of a device that was lost, or `ANY_DEVICE`; None while nothing is missing.
        blocksize: what was asked for, also if the present output has no blocks.
        channels: outputs of the device that were asked for, counted from 1; none for the first two.
    """

    def __init__(
        self,
        synth_thread: SynthThread,
        recorder: Recorder,
        publisher: Publisher,
        reloader: Reloader,
        closer: OutputCloser,
        options: EngineOptions,
        open_output: Callable[[str, int, tuple[int, ...]], Output] = open_device,
    ) -> None:
        self._synth_thread = synth_thread
        self._recorder = recorder
        self._publisher = publisher
        self._closer = closer
        self._reloader = reloader
        self._open = open_output
        self.blocksize = options.blocksize
        self.channels = options.channels
        self.awaited = ANY_DEVICE if options.awaits_device else None
        self._lost: Output | None = None
        self._complaint = ""
        self.moved: Callable[[], None] = lambda: None

    def start(self) -> None:
        """Start the first output.

        Raises:
            OutputError: it cannot be started.
        """
        self._closer.start(self._synth_thread.output)

    def close(self) -> None:
        """Close the output; one that hangs is left behind, and the process does not wait for it."""
        self._closer.close(self._synth_thread.output)
        if self._lost is not None:
            self._closer.close(self._lost)
        self._closer.wait()
        self._closer.abandon()

    def set_device(self, name: str) -> None:
        """Move the stream to another sound device, also to one that has appeared since the start.

        Raises:
            OutputError: it cannot be opened; the present one plays on.
        """
        self._reloader.refresh()
        blocksize, channels = self.blocksize, self.channels
        self.move_to(self._closer.open(lambda: self._open(name, blocksize, channels)))
        self.awaited = None
        if self._lost is not None:
            self._closer.close(self._lost)
            self._lost = None
        if not self._closer.hanging:
            self._reloader.free_old()

    def set_block(self, frames: int) -> None:
        """Reopen the device with so many frames a callback, 0 for its own; without a device, for the next one.

        Raises:
            OutputError: it does not open so; the present stream plays on.
        """
        output, before = self._synth_thread.output, self.blocksize
        if frames != before and isinstance(output, BlockOutput):
            output.check_block(frames)
            self.blocksize = frames
            try:
                self.set_device(output.name)
            except AiTunesError:
                self.blocksize = before
                raise
        self.blocksize = frames

    def set_channels(self, left: int, right: int) -> None:
        """Reopen the device with other outputs; without a device, for the next one.

        Args:
            left, right: outputs, counted from 1; without a right one the left one plays the mean, without any the
                first two play.

        Raises:
            OutputError: the device has no such outputs; the present stream plays on.
        """
        if left and left == right:
            raise OutputError("left and right are the same output; leave out the right one to hear both there")
        if right and not left:
            raise OutputError("there is a right output without a left one")
        before, channels = self.channels, tuple(output for output in (left, right) if output)
        self.channels = channels
        output = self._synth_thread.output
        if channels != before and isinstance(output, BlockOutput):
            try:
                self.set_device(output.name)
            except AiTunesError:
                self.channels = before
                raise

    def return_to_device(self) -> None:
        """Move the stream back to the device that was lost."""
        name = self.awaited
        if name is None:
            return
        try:
            if isinstance(self._lost, ResumingOutput) and self._lost.resumes():
                resumed, self._lost = self._lost, None
                self.move_to(resumed)
                self.awaited = None
            else:
                self.set_device(name)
        except AiTunesError as error:
            if str(error) != self._complaint:
                self._complaint = str(error)
                self._publisher.warn(f"The sound device {name} is there, but: {error} It will be tried again.")
            return
        self._complaint = ""
        playing = self._synth_thread.output.name
        self._publisher.notify(None, f"{ROOT}/device/set", (playing,))
        self._publisher.warn(f"Playing on {playing}.")

    def lose(self, output: Output) -> None:
        """Wait for the return of a device that has gone; on the synth's thread."""
        before, self._lost = self._lost, None
        if isinstance(output, ResumingOutput):
            self._lost = output
        else:
            before = output
        if before is not None:
            self._closer.close(before)
        self.awaited = output.name
        self._reloader.leave()

    def miss_device(self) -> None:
        """Wait for the return of the program that the stream plays into, which has left JACK."""
        name = self._synth_thread.output.name
        self.awaited = name
        self._publisher.warn(
            f"{name} has left JACK, so nobody hears the sound; it is connected again once {name} is back."
        )

    def move_to(self, output: Output) -> None:
        """Move the stream to another output, not yet started.

        Raises:
            AiTunesError: it cannot be used, and is closed; the present one plays on.
        """
        thread = self._synth_thread
        with contextlib.ExitStack() as undo:
            undo.callback(output.close)
            if self._recorder.recording and output.sample_rate != thread.output.sample_rate:
                raise OutputError("the device runs at another sample rate; stop the recording first")
            renderer = prepared(thread.synth.renderer.release, thread.performance, output.sample_rate)
            undo.callback(renderer.close)
            self._closer.start(output)
            left, silenced = thread.output, thread.synth
            thread.at_next_hop(lambda: thread.take_output(output, renderer))
            undo.pop_all()
        silenced.close()
        self._closer.close(left)
        self._closer.wait()
        self.moved()
