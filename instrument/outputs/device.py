"""A sound device: PortAudio's callback in C reads a lock-free ring, so nothing that Python does can stop it."""

from __future__ import annotations

import math
import time
from typing import Any

import numpy as np

from aitunes.features import FloatArray
from instrument.outputs import OutputError

_RING_SECONDS = 1.0
_PREFILL_SECONDS = 0.15
_OBSERVE_SECONDS = 0.08
_STALL_SECONDS = 0.0048
_SLACK_SECONDS = 0.0004
_MAX_SPARE_SECONDS = 0.05
_POLL_SECONDS = 0.0003
_WIDENING = 1.3
_NARROWING = 0.99  # a second
_GONE_SECONDS = 2.0


def portaudio() -> Any:
    """The sounddevice module.

    Raises:
        OutputError: PortAudio is not installed.
    """
    try:
        import sounddevice
    except OSError as error:
        raise OutputError(
            "PortAudio is not installed; on Debian or Ubuntu: sudo apt-get install libportaudio2"
        ) from error
    return sounddevice


def output_devices() -> list[dict[str, Any]]:
    """Devices that can play: PortAudio's index, name, host API, channels, default sample rate and latency.

    Raises:
        OutputError: PortAudio is not installed.
    """
    sounddevice = portaudio()
    hosts = sounddevice.query_hostapis()
    default = sounddevice.default.device[1]
    return [
        {
            "index": index,
            "name": device["name"],
            "host": hosts[device["hostapi"]]["name"],
            "channels": device["max_output_channels"],
            "sample_rate": device["default_samplerate"],
            "latency_seconds": device["default_low_output_latency"],
            "default": index == default,
        }
        for index, device in enumerate(sounddevice.query_devices())
        if device["max_output_channels"] > 0
    ]


class DeviceOutput:
    """Plays through PortAudio.

    The ring holds one device block and a spare that outlasts a stall of the machine of 4.8 ms. A block that comes
    so late that half of the spare is gone makes the spare larger, if possible before it is needed; a quiet minute
    or two makes it small again.

    Args:
        device: PortAudio's index, a part of the name, or None for the default device.
        blocksize: frames a callback, 0 for the device's own.

    Raises:
        OutputError: no PortAudio, no such device, or it cannot be opened.
    """

    def __init__(self, device: int | str | None = None, blocksize: int = 0, spare_seconds: float | None = None) -> None:
        sounddevice = portaudio()
        import rtmixer

        try:
            described = sounddevice.query_devices(device, "output")
            self._channels = min(2, described["max_output_channels"])
            self._mixer = rtmixer.Mixer(
                device=device,
                channels=self._channels,
                samplerate=described["default_samplerate"],
                blocksize=blocksize,
                latency="low",
            )
        except (ValueError, sounddevice.PortAudioError) as error:
            wanted = "the default sound device" if device is None else f"the sound device {device!r}"
            raise OutputError(f"{wanted[0].upper()}{wanted[1:]} cannot be opened: {error}.") from error
        self.name: str = described["name"]
        self.sample_rate = float(self._mixer.samplerate)
        self.underruns = 0
        self.device_underruns = 0
        size = 1 << math.ceil(math.log2(_RING_SECONDS * self.sample_rate))
        self._ring = rtmixer.RingBuffer(4 * self._channels, size)
        self._action: Any = None
        self._statistics: Any = None
        self._second_due = 0.0
        self._block_seconds = blocksize / self.sample_rate
        self._spare_seconds = _STALL_SECONDS
        self._deepened_seconds = 0.0

    @property
    def latency_seconds(self) -> float:
        """From the ring to the loudspeaker, as PortAudio reports it."""
        return float(self._mixer.latency)

    @property
    def block_seconds(self) -> float:
        """What the device takes from the ring at once."""
        return self._block_seconds

    @property
    def target_seconds(self) -> float:
        """What the ring holds when the next block is asked for."""
        return max(self._block_seconds + self._spare_seconds, self._deepened_seconds)

    def start(self) -> None:
        """Begin with silence, and see how much the device takes at once."""
        self.write(np.zeros(round(_PREFILL_SECONDS * self.sample_rate), np.float32))
        self._mixer.start()
        self._action = self._mixer.play_ringbuffer(self._ring)
        self._block_seconds = self._observe_block() / self.sample_rate
        self._spare_seconds = _spare(self._block_seconds)

    def wait(self) -> float:
        """Block until the ring is down to its target; seconds that it holds then."""
        if self._action not in self._mixer.actions:
            self._recover()
        deadline = time.perf_counter() + _GONE_SECONDS
        while (surplus := self._buffered_seconds() - self.target_seconds) > 0.0:
            if time.perf_counter() > deadline:
                raise OutputError(f"The sound device {self.name} has stopped asking for sound.")
            time.sleep(max(surplus, _POLL_SECONDS))
        buffered = self._buffered_seconds()
        if buffered < self._spare_seconds / 2.0:
            self._widen()
        self._once_a_second()
        return buffered

    def write(self, y: FloatArray) -> None:
        """Append a block [samples], the same on every channel."""
        self._ring.write(np.repeat(y, self._channels).reshape(-1, self._channels))

    def deepen(self, seconds: float) -> None:
        """Buffer at least that much from now on."""
        self._deepened_seconds = min(seconds, _RING_SECONDS / 2.0)

    def close(self) -> None:
        """Stop at once."""
        self._mixer.abort(ignore_errors=True)
        self._mixer.close(ignore_errors=True)

    def _buffered_seconds(self) -> float:
        return float(self._ring.read_available / self.sample_rate)

    def _observe_block(self) -> int:
        deadline = time.perf_counter() + _OBSERVE_SECONDS
        steps: list[int] = []
        last = self._action.done_frames
        while time.perf_counter() < deadline:
            time.sleep(_POLL_SECONDS)
            done = self._action.done_frames
            if done > last:
                steps.append(done - last)
            last = done
        # A poll that came late sees two blocks at once, so the smallest step is the block.
        return min(steps, default=round(_OBSERVE_SECONDS * self.sample_rate))

    def _recover(self) -> None:
        # rtmixer drops a ring that ran empty: fill it, count it, play it again.
        self.underruns += 1
        self._widen()
        missing = self.target_seconds - self._buffered_seconds()
        if missing > 0.0:
            self.write(np.zeros(round(missing * self.sample_rate), np.float32))
        self._action = self._mixer.play_ringbuffer(self._ring)

    def _widen(self) -> None:
        self._spare_seconds = min(self._spare_seconds * _WIDENING, _MAX_SPARE_SECONDS)

    def _once_a_second(self) -> None:
        now = time.perf_counter()
        if now < self._second_due:
            return
        self._second_due = now + 1.0
        least = _spare(self._block_seconds)
        self._spare_seconds = least + (self._spare_seconds - least) * _NARROWING
        # PortAudio counts its own underflows; they come back through the callback, when asked for.
        if self._statistics is not None and self._statistics not in self._mixer.actions:
            self.device_underruns += self._statistics.stats.output_underflows
            self._statistics = None
        if self._statistics is None:
            self._statistics = self._mixer.fetch_and_reset_stats()


def _spare(block_seconds: float) -> float:
    # Right after a callback the ring may hold no more than the spare. Until it runs dry then passes one block's
    # time, and one more for each whole block in the spare.
    blocks = math.ceil(max(0.0, _STALL_SECONDS - block_seconds) / block_seconds)
    return blocks * block_seconds + _SLACK_SECONDS
