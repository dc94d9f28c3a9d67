"""Plays on a sound device: PortAudio's callback in C reads a lock-free ring, so Python cannot interrupt it."""

from __future__ import annotations

import atexit
import math
import statistics
import time
from typing import Any

import numpy as np

from aitunes.features import FloatArray
from instrument.outputs import OutputError
from instrument.outputs.pacing import Pacing
from instrument.outputs.portaudio import portaudio
from instrument.outputs.reserve import Reserve
from instrument.outputs.scan import bounded_latency

_RING_SECONDS = 1.0
_PREFILL_SECONDS = 0.15
_OBSERVE_SECONDS = 0.08
_MAX_OBSERVE_SECONDS = 1.5
_OBSERVED_STEPS = 3
_LARGE_PREFILL_SECONDS = 0.75  # two of the largest blocks
_MIN_RATE, _MAX_RATE = 4_000.0, 800_000.0
_DRY_AGAIN_SECONDS = 1.0
_RESUME_SECONDS = 0.8
_POLL_SECONDS = 0.0003
_GONE_SECONDS = 2.0


_abandoned: list[DeviceOutput] = []
"""Keeps the streams of sound servers that are gone: if one goes on, its callback reads their rings."""


class DeviceOutput:
    """Plays through PortAudio.

    The ring holds just enough for the stalls that the machine has shown; see `Reserve`.

    Args:
        device: PortAudio's index, a part of the name, or None for the default device.
        blocksize: frames a callback, 0 for the device's own.
        channels: two outputs of the device, left and right, or one for their mean, counted from 1; by default the
            first two, or the only one.

    Raises:
        OutputError: no PortAudio, no such device or outputs, or it cannot be opened.
    """

    def __init__(self, device: int | str | None = None, blocksize: int = 0, channels: tuple[int, ...] = ()) -> None:
        sounddevice = portaudio()
        import rtmixer

        try:
            described = sounddevice.query_devices(device, "output")
            self._outputs = channels or (1, 2)[: max(described["max_output_channels"], 0)]
            _check_description(described, self._outputs)
            self._channels = len(self._outputs)
            self._mixer = rtmixer.Mixer(
                device=device,
                channels=max(self._outputs),
                samplerate=described["default_samplerate"],
                blocksize=blocksize,
                latency=bounded_latency(described["default_low_output_latency"]),
            )
        except (ValueError, sounddevice.PortAudioError) as error:
            name = "The default sound device" if device is None else f"The sound device {device!r}"
            raise OutputError(f"{name} cannot be opened: {error}.") from error
        self._portaudio = sounddevice._lib
        self.name: str = described["name"]
        # A scan for devices joins JACK's graph for a moment, and the graph may drop out then.
        self.feels_scans = self._jack = sounddevice.query_hostapis(described["hostapi"])["name"].startswith("JACK")
        # PortAudio leaves one of JACK's periods out of a stream's latency, though not out of the device's own.
        self._min_latency_seconds = bounded_latency(described["default_low_output_latency"]) if self._jack else 0.0
        self._gone = False
        self.sample_rate = float(self._mixer.samplerate)
        self.underruns = 0
        self.device_underruns = 0
        size = 1 << math.ceil(math.log2(_RING_SECONDS * self.sample_rate))
        self._ring = rtmixer.RingBuffer(4 * self._channels, size)
        self._action: Any = None
        self._statistics: Any = None
        self._consumed_before = 0
        self._ready = 0.0
        self._second_due = 0.0
        self._dry_at = -_DRY_AGAIN_SECONDS
        self._pacing: Pacing | None = None
        self._first_block_seconds = 0.0
        self._deepened_seconds = 0.0
        self.overslept_seconds = 0.0

    @property
    def reserve(self) -> Reserve | None:
        """Return what is kept for stalls; None before `start`."""
        return None if self._pacing is None else self._pacing.reserve

    @property
    def reserve_seconds(self) -> float:
        """Return how much of the ring is kept for stalls now."""
        return 0.0 if self._pacing is None else self._pacing.reserve.seconds

    @property
    def latency_seconds(self) -> float:
        """Return the time from the ring to the loudspeaker, as PortAudio reports it, or 2 s if that is more."""
        reported = max(bounded_latency(float(self._mixer.latency)), self._min_latency_seconds)
        if self._jack and self._pacing is not None and self._first_block_seconds:
            # PortAudio reports what it was when the stream was opened; JACK's latency is a number of its periods.
            reported *= self._pacing.block_seconds / self._first_block_seconds
        return bounded_latency(reported)

    def check_block(self, frames: int) -> None:
        """Check that the device can be asked for so many frames a callback, 0 for its own.

        Raises:
            OutputError: something else decides on that.
        """
        if frames and self._jack:
            raise OutputError(
                "JACK dictates the block to all of its programs, so it is changed there, in its settings or by "
                f"jack_bufsize {frames}"
            )

    def start(self) -> None:
        """Begin with silence, and measure how much the device takes at once."""
        self._fill(_PREFILL_SECONDS)
        try:
            if not self._gone:
                self._mixer.start()
        except portaudio().PortAudioError as error:
            raise OutputError(f"The sound device {self.name} cannot be started: {error}.") from error
        self._gone = False
        self._play_ring()
        block_seconds = self._observe_block() / self.sample_rate
        self._ready = time.perf_counter()
        self._pacing = Pacing(block_seconds, self._ready, self._consumed_seconds())
        self._first_block_seconds = self._first_block_seconds or block_seconds

    def resumes(self) -> bool:
        """Return whether a device that had stopped asking for sound asks again; then `start` goes on with it."""
        deadline = time.perf_counter() + _RESUME_SECONDS
        while self._gone and time.perf_counter() < deadline:
            # The answer comes from the callback.
            if self._statistics is None:
                self._statistics = self._mixer.fetch_and_reset_stats()
            elif self._statistics not in self._mixer.actions:
                self._statistics = None
                return True
            time.sleep(10 * _POLL_SECONDS)
        return False

    def wait(self) -> float:
        """Wait until the ring needs more; return the seconds until what is written next leaves it."""
        assert self._pacing is not None  # `start` comes first
        if self._action not in self._mixer.actions:
            self._recover(self._pacing)
        begin = due = time.perf_counter()
        late = begin - self._ready
        while (surplus := self._surplus(self._pacing)) > 0.0:
            nap = self._pacing.nap(surplus)
            before = time.perf_counter()
            due = before + max(surplus, nap)
            if before > begin + _GONE_SECONDS:
                self._gone = True
                raise OutputError(f"The sound device {self.name} has stopped asking for sound.")
            time.sleep(nap)
            late = max(late, time.perf_counter() - before - nap)
        self._pacing.reserve.note(late)
        self._ready = time.perf_counter()
        self.overslept_seconds = max(0.0, self._ready - due) if due > begin else 0.0
        self._once_a_second(self._ready, self._pacing)
        return self._pacing.until_taken(self._ready, self._buffered_seconds())

    def write(self, y: FloatArray) -> None:
        """Append a block of left and right, [samples, 2]; a device of one channel plays their mean."""
        self._ring.write(y if self._channels == 2 else y.mean(axis=1, keepdims=True))

    def deepen(self, seconds: float) -> None:
        """Buffer at least that much from now on."""
        self._deepened_seconds = min(seconds, _RING_SECONDS / 2.0)

    def close(self) -> None:
        """Stop at once, and free the device."""
        if self._gone and self._jack:
            # PortAudio waits for ever for a sound server that has gone, and ends the process when another one comes.
            atexit.unregister(portaudio()._exit_handler)
            _abandoned.append(self)
            return
        # By the library that opened it, which lists its open streams: sounddevice may have loaded another one since.
        self._portaudio.Pa_AbortStream(self._mixer._ptr)
        self._portaudio.Pa_CloseStream(self._mixer._ptr)

    def _buffered_seconds(self) -> float:
        return float(self._ring.read_available / self.sample_rate)

    def _observe_block(self) -> int:
        begin = time.perf_counter()
        steps: list[int] = []
        last = self._action.done_frames
        while (elapsed := time.perf_counter() - begin) < _MAX_OBSERVE_SECONDS:
            if elapsed > _OBSERVE_SECONDS:
                if len(steps) >= _OBSERVED_STEPS:
                    break
                self._fill(_LARGE_PREFILL_SECONDS)
            time.sleep(_POLL_SECONDS)
            if self._action not in self._mixer.actions:
                self._fill(_LARGE_PREFILL_SECONDS)
                self._play_ring()
                last, steps = 0, []
            done = self._action.done_frames
            if done > last:
                steps.append(done - last)
            last = done
        # A poll that came late sees two blocks at once, and some devices take a little more or less each time.
        return statistics.median_high(steps or [round(_OBSERVE_SECONDS * self.sample_rate)])

    def _consumed_seconds(self) -> float:
        return float((self._consumed_before + self._action.done_frames) / self.sample_rate)

    def _surplus(self, pacing: Pacing) -> float:
        pacing.look(time.perf_counter(), self._consumed_seconds())
        buffered = self._buffered_seconds()
        return min(pacing.surplus(time.perf_counter(), buffered), buffered - self._deepened_seconds)

    def _recover(self, pacing: Pacing) -> None:
        # rtmixer drops a ring that ran empty: fill it, count it, play it again.
        self.underruns += 1
        pacing.reserve.note(pacing.reserve.seconds)
        now = time.perf_counter()
        pacing.look(now, self._consumed_seconds())
        if now < self._dry_at + _DRY_AGAIN_SECONDS:
            pacing.run_dry()
        self._dry_at = now
        self._fill(pacing.block_seconds + pacing.reserve.seconds)
        self._play_ring()
        pacing.restart(time.perf_counter(), self._consumed_seconds())

    def _fill(self, seconds: float) -> None:
        """Fill the ring up with silence."""
        missing = seconds - self._buffered_seconds()
        if missing > 0.0:
            self.write(_silence(round(missing * self.sample_rate)))

    def _play_ring(self) -> None:
        if self._action is not None:
            if self._action in self._mixer.actions:
                return
            self._consumed_before += self._action.done_frames
        self._action = self._mixer.play_ringbuffer(self._ring, self._outputs)

    def _once_a_second(self, now: float, pacing: Pacing) -> None:
        if now < self._second_due:
            return
        self._second_due = now + 1.0
        pacing.reserve.pass_second()
        # PortAudio counts its own underflows; they come back through the callback, when asked for.
        if self._statistics is not None and self._statistics not in self._mixer.actions:
            self.device_underruns += self._statistics.stats.output_underflows
            self._statistics = None
        if self._statistics is None:
            self._statistics = self._mixer.fetch_and_reset_stats()


def _check_description(described: dict[str, Any], channels: tuple[int, ...]) -> None:
    rate, available = described["default_samplerate"], described["max_output_channels"]
    if not _MIN_RATE <= rate <= _MAX_RATE:  # false for NaN too
        raise OutputError(f"The sound device {described['name']} reports {rate:g} Hz, a rate at which nothing plays.")
    if not channels or max(channels) > available:
        raise OutputError(
            f"The sound device {described['name']} has {available} output{'' if available == 1 else 's'}, so there is "
            f"no output {max(channels, default=1)}; choose others, or no --channels for the first two."
        )


def _silence(frames: int) -> FloatArray:
    return np.zeros((frames, 2), np.float32)
