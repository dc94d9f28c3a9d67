"""Listens to a sound device: PortAudio's callback in C writes a lock-free ring, so Python cannot interrupt it."""

from __future__ import annotations

import atexit
import time
from typing import Any

import numpy as np

from aitunes.features import FloatArray
from instrument.inputs import InputError
from instrument.inputs.mixdown import MixDown
from instrument.outputs.portaudio import portaudio
from instrument.outputs.scan import PHYSICAL, bounded_latency

_RING_FRAMES = 1 << 15
_LATE_SECONDS, _GONE_SECONDS = 0.1, 2.0
_MIN_RATE, _MAX_RATE = 8_000.0, 768_000.0

_abandoned: list[DeviceInput] = []
"""Keeps the streams of sound servers that are gone: if one goes on, its callback writes to their rings."""


class DeviceInput:
    """Records one channel of a sound device, or two mixed.

    Args:
        device: a part of the name, or nothing for the default device.
        channels: one of the device's, or two, counted from 1; none for the first.

    Raises:
        InputError: no PortAudio, no such device or channels, or it cannot be opened.
    """

    def __init__(self, device: str = "", channels: tuple[int, ...] = ()) -> None:
        sounddevice = portaudio()
        import rtmixer

        try:
            described = sounddevice.query_devices(device or None, "input")
            self._channels = channels or (1,)
            _check_description(described, self._channels)
            self._recorder = rtmixer.Recorder(
                device=device or None,
                channels=max(self._channels),
                samplerate=described["default_samplerate"],
                blocksize=0,
                latency=bounded_latency(described["default_low_input_latency"]),
            )
        except (ValueError, sounddevice.PortAudioError) as error:
            name = f"The input {device!r}" if device else "The default input"
            raise InputError(
                f"{name} cannot be opened: {error}. /aitunes/input/device/list says which inputs there are."
            ) from error
        self._portaudio = sounddevice._lib
        self._jack = sounddevice.query_hostapis(described["hostapi"])["name"].startswith("JACK")
        self.name: str = described["name"]
        self.is_program = self._jack and self.name != PHYSICAL
        self.sample_rate = float(self._recorder.samplerate)
        self.overruns = 0
        count = len(self._channels)
        self._ring = rtmixer.RingBuffer(4 * count, _RING_FRAMES)
        self._block = np.zeros((_RING_FRAMES, count), np.float32)
        self._mix = MixDown(self.sample_rate) if count == 2 else None
        self._action: Any = None
        self._heard_at = 0.0
        self._gone = False

    @property
    def latency_seconds(self) -> float:
        """Return the time from the microphone to the ring, as PortAudio reports it."""
        return bounded_latency(float(self._recorder.latency))

    def start(self) -> None:
        """Begin to record.

        Raises:
            InputError: the device cannot be started.
        """
        try:
            self._recorder.start()
        except portaudio().PortAudioError as error:
            raise InputError(f"The input {self.name} cannot be started: {error}.") from error
        self._action = self._recorder.record_ringbuffer(self._ring, self._channels)
        self._heard_at = time.perf_counter()

    def read(self) -> FloatArray:
        """Return the samples that have come, [samples]; the array is reused by the next call.

        Raises:
            InputError: the device has stopped.
        """
        count = self._ring.readinto(self._block)
        now = time.perf_counter()
        if count:
            self._heard_at = now
        elif now < self._heard_at + _LATE_SECONDS:
            return self._block[:0, 0]
        elif now > self._heard_at + _GONE_SECONDS:
            self._gone = True
            raise InputError(f"The input {self.name} has stopped.")
        if count == _RING_FRAMES or (not count and self._action not in self._recorder.actions):
            # rtmixer drops a ring that was full.
            self.overruns += 1
            self._action = self._recorder.record_ringbuffer(self._ring, self._channels)
        y = self._block[:count]
        return y[:, 0] if self._mix is None else self._mix.process(y)

    def close(self) -> None:
        """Stop at once, and free the device."""
        if self._gone and self._jack:
            # PortAudio waits for ever for a sound server that has gone, and ends the process when another one comes.
            atexit.unregister(portaudio()._exit_handler)
            _abandoned.append(self)
            return
        # By the library that opened it: sounddevice may have loaded another one since.
        self._portaudio.Pa_AbortStream(self._recorder._ptr)
        self._portaudio.Pa_CloseStream(self._recorder._ptr)


def _check_description(described: dict[str, Any], channels: tuple[int, ...]) -> None:
    rate, available = described["default_samplerate"], described["max_input_channels"]
    if available < 1:
        raise InputError(f"The sound device {described['name']} has no input; choose another one.")
    if not _MIN_RATE <= rate <= _MAX_RATE:  # false for NaN too
        raise InputError(f"The input {described['name']} reports {rate:g} Hz, a rate at which nothing can be heard.")
    if max(channels) > available:
        raise InputError(
            f"The sound device {described['name']} has {available} input channel{'' if available == 1 else 's'}, so "
            f"there is no channel {max(channels)}; choose others, or no --input-channels for the first."
        )
