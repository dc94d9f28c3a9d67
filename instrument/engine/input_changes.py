"""Opens and closes the input while the engine plays, and lets the performance ask what is heard."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np

from aitunes.errors import AiTunesError
from aitunes.features import FloatArray
from aitunes.release.reader import Release
from instrument.engine.hotplug import DeviceScanner
from instrument.engine.publisher import METER_SECONDS, Publisher
from instrument.engine.release_changes import deepened
from instrument.engine.scope import Scope
from instrument.engine.synth_thread import SynthThread
from instrument.inputs import Input, InputError
from instrument.listening.analysis import Analyser
from instrument.listening.listener import Listener
from instrument.listening.timbre import TimbreEncoder
from instrument.namespace import ROOT, Kind
from instrument.outputs.closing import OutputCloser
from instrument.outputs.portaudio import Reloader
from instrument.synthesis.dynamics import decibels
from instrument.synthesis.following import Heard
from instrument.synthesis.timeline import Event, Timeline

_ON, _DEVICE, _GAIN = f"{ROOT}/input/on", f"{ROOT}/input/device/set", f"{ROOT}/input/gain"
_LOOK_SECONDS = 3.0
_MIN_GAIN_DB = -60.0


def open_device(name: str, channels: tuple[int, ...]) -> Input:
    """Open channels of an input by a part of its name, or of the default one for an empty name.

    Raises:
        InputError: it cannot be opened.
    """
    from instrument.inputs.device import DeviceInput

    return DeviceInput(name, channels)


class InputChanges:
    """Turns the input on and off; called by the worker, one change after another. It is the performance's ear.

    Args:
        synth_thread: plays what is heard.
        publisher: notified of what goes wrong, and sent the meters.
        timeline: takes the gain when it is lowered.
        scanner: lists the inputs that are there now.
        reloader: has PortAudio find devices that have come since it was loaded.
        closer: opens and closes; shared with the outputs, because all must have left a PortAudio that is freed.
        in_background: runs a function on the worker's thread.
        channels: of the input, counted from 1, at the start: one, two that are mixed, or none for the first.
        open_input: opens one.
    """

    def __init__(
        self,
        synth_thread: SynthThread,
        publisher: Publisher,
        timeline: Timeline,
        scanner: DeviceScanner,
        reloader: Reloader,
        closer: OutputCloser,
        in_background: Callable[[Callable[[], None]], None],
        channels: tuple[int, ...] = (),
        open_input: Callable[[str, tuple[int, ...]], Input] = open_device,
    ) -> None:
        self._synth_thread, self._publisher, self._timeline = synth_thread, publisher, timeline
        self._scanner, self._reloader, self._in_background, self._open = scanner, reloader, in_background, open_input
        self._closer = closer
        self._listener: Listener | None = None
        self._scope: Scope | None = None
        self.is_on = False
        self.channels = channels
        self._name = ""
        self._lost = self._busy = self._missing = False
        self._meter_due = self._look_due = 0.0

    @property
    def device(self) -> str:
        """Return the name of the input that is listened to, or of the one that was asked for."""
        listener = self._listener
        return self._name if listener is None else listener.source.name

    @property
    def hanging(self) -> bool:
        """Return whether the thread that listens hangs in an encoder."""
        return self._listener is not None and self._listener.hanging

    def set_on(self, on: bool) -> None:
        """Listen, or stop listening.

        Raises:
            AiTunesError: the input cannot be opened, or the release's encoder cannot be used.
        """
        if on and self._listener is None:
            with deepened(self._synth_thread):
                self._begin(self._name)
        elif not on:
            self._end()
        self.is_on, self._lost = on, False

    def set_device(self, name: str) -> None:
        """Listen to another input, now or when the input is turned on.

        Raises:
            AiTunesError: it cannot be opened; the present one is listened to as before.
        """
        if self.is_on:
            with deepened(self._synth_thread):
                self._begin(name)
            self._lost = False
        self._name = name

    def set_channels(self, first: int, second: int) -> None:
        """Listen to other channels of the input, now or when it is turned on.

        Args:
            first, second: counted from 1; without a second one the first alone is heard, and 0 is the first of all.

        Raises:
            AiTunesError: there are no such channels; the present ones are listened to as before.
        """
        if first and first == second:
            raise InputError("both channels are the same; leave out the second one to hear it alone")
        if second and not first:
            raise InputError("there is a second channel without a first one")
        before, self.channels = self.channels, tuple(channel for channel in (first, second) if channel)
        if self.channels != before:
            try:
                self.set_device(self._name)
            except AiTunesError:
                self.channels = before
                raise

    def start(self, name: str) -> None:
        """Listen from the start on, before anything plays.

        Raises:
            AiTunesError: the input cannot be opened.
        """
        self._name = name
        self._begin(name)
        self.is_on = True

    def follow_release(self, release: Release) -> None:
        """Analyse for another release from now on; one whose encoder cannot be used is not followed."""
        if (listener := self._listener) is not None:
            try:
                listener.analyser = self._analyser(listener.source, release)
            except AiTunesError as error:
                self.set_on(False)
                self._publisher.notify(None, _ON, (False,))
                self._publisher.warn(f"{error} The input is off.")

    def reopen(self) -> None:
        """Open the input again, because the output has moved, and PortAudio may have been loaded once more."""
        if self._listener is None:
            return
        try:
            self._begin(self._name)
        except AiTunesError as error:
            self._lose(str(error))

    def heard(self) -> Heard | None:
        """Return what was heard last; None while nothing is listened to."""
        listener = self._listener
        return None if listener is None else listener.analyser.heard

    def dry(self, length: int) -> FloatArray:
        """Return the next samples of the input itself at the output's rate, [length]."""
        listener = self._listener
        return np.zeros(length, np.float32) if listener is None else listener.analyser.dry.take(length)

    @property
    def output_gain(self) -> float:
        """Return the factor by which the output is to be softer just now."""
        listener = self._listener
        return 1.0 if listener is None else listener.output_gain

    def publish(self, send: Callable[[None, str, tuple[Any, ...]], None]) -> None:
        """Send meters and spectrum, and look after the input; called often, by the publishing thread."""
        listener, now = self._listener, time.monotonic()
        if listener is None:
            if self._lost and now >= self._look_due and not self._busy:
                self._busy, self._look_due = True, now + _LOOK_SECONDS
                self._in_background(self._return)
            return
        if listener.failure and not self._busy:
            self._busy = True
            self._in_background(lambda: self._lose(listener.failure))
        elif listener.source.is_program and now >= self._look_due and not self._busy:
            self._busy, self._look_due = True, now + _LOOK_SECONDS
            self._in_background(self._look_for_program)
        if listener.turn_down_db:
            self._turn_down(listener)
        if now >= self._meter_due:
            self._meter_due = now + METER_SECONDS
            analyser = listener.analyser
            levels = decibels(min(analyser.peak, 1.0)), decibels(min(analyser.rms, 1.0))
            heard = analyser.heard
            send(None, f"{ROOT}/input/meter", (*levels, heard.sounding, heard.pitch, analyser.clarity))
            if self._scope is not None:
                send(None, f"{ROOT}/input/scope", (self._scope.levels().astype(">f4").tobytes(),))

    def close(self) -> None:
        """Stop listening."""
        self._end()

    def _begin(self, name: str) -> None:
        source = self._opened(name)
        try:
            analyser = self._analyser(source, self._synth_thread.synth.renderer.release)
            self._closer.start(source)
        except AiTunesError:
            self._closer.close(source)
            raise
        performance = self._synth_thread.performance
        scope = Scope(source.sample_rate)
        listener = Listener(source, analyser, lambda: performance.following.settings, lambda y: scope.push(y[:, None]))
        self._end()
        listener.start()
        self._scope, self._listener = scope, listener
        performance.following.ear = self

    def _opened(self, name: str) -> Input:
        try:
            return self._closer.open(lambda: self._open(name, self.channels))
        except InputError:
            self._reloader.refresh_inputs()  # it may have come since PortAudio was loaded
            return self._closer.open(lambda: self._open(name, self.channels))

    def _end(self) -> None:
        listener, self._listener = self._listener, None
        if listener is not None:
            listener.close()
            self._closer.close(listener.source)
            self._closer.wait()  # PortAudio bears one change at a time

    def _analyser(self, source: Input, release: Release) -> Analyser:
        return Analyser(source.sample_rate, self._synth_thread.output.sample_rate, TimbreEncoder(release))

    def _lose(self, sentence: str) -> None:
        """Wait for an input that has gone."""
        self._end()
        self._lost, self._busy = True, False
        self._publisher.warn(f"{sentence} It is listened to again when it is back; {_DEVICE} chooses another input.")

    def _return(self) -> None:
        """Listen again to an input that was lost, once it is there."""
        try:
            if self._lost and any(self._name in device["name"] for device in self._scanner.inputs()):
                self.set_device(self._name)
                self._publisher.warn(f"Listening to {self.device}.")
        except AiTunesError:
            pass  # it is tried again
        finally:
            self._busy = False

    def _look_for_program(self) -> None:
        """Notice that the program that is listened to has left JACK, and connect it again once it is back."""
        try:
            there = self._scanner.jack_clients(sources=True)
            if there is not None and (self.device in there) is self._missing:
                self._missing = not self._missing
                if self._missing:
                    self._publisher.warn(f"{self.device} has left JACK; it is listened to again once it is back.")
                else:
                    self.reopen()
                    self._publisher.warn(f"Listening to {self.device}.")
        except AiTunesError:
            pass  # it is looked for again
        finally:
            self._busy = False

    def _turn_down(self, listener: Listener) -> None:
        by, listener.turn_down_db = listener.turn_down_db, 0.0
        gain_db = max(_MIN_GAIN_DB, self._synth_thread.performance.following.settings.gain_db + by)
        self._timeline.post([Event(_GAIN, Kind.SETTING, (gain_db,))])
        why = (
            "The input hears the loudspeakers, so the sound would go on for ever: turn them down, or use headphones."
            if by <= -12.0
            else "The input is too loud."
        )
        self._publisher.warn(f"{why} Its gain is now {gain_db:.0f} dB.".replace("-", "−"))
