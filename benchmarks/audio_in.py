"""Measures what it takes to play with an input: latency and jitter, the tracker, the engine's load, timbre transfer.

    python -m benchmarks.audio_in [--onsets 60] [--data ../shared/data] [--only live|onset|tracker|transfer]

The live part runs on JACK's dummy driver (48 kHz, periods of 128): this program plays notes into the engine's input and
records what the engine plays. Both onsets are where the sound first exceeds a tenth of its later peak.
"""

from __future__ import annotations

import argparse
import os
import random
import time
from pathlib import Path

import jack
import numpy as np

from aitunes.pitch import midi_to_hz
from benchmarks import audio_in_onset, audio_in_tracker, audio_in_transfer, live
from benchmarks.live import SAMPLE_RATE, Client, Recording, engine, jack_server

_NOTE_SECONDS, _REST_SECONDS = 0.25, 0.45
_NOTES = (48, 55, 60, 64, 67, 72, 79, 84)
_SHARE = 0.1
_LOAD_SECONDS = 12.0


class Player:
    """Plays into the engine's input from JACK's process callback, at frames that JACK knows."""

    def __init__(self) -> None:
        self.client = jack.Client("feeder", servername=live.SERVER)
        self._port = self.client.outports.register("out", is_physical=True)
        self._y, self._at, self._loops = np.zeros(1, np.float32), 0, False
        self.client.set_process_callback(self._process)
        self.client.activate()

    def play(self, y: np.ndarray, loops: bool = False) -> int:
        """Play a sound in a tenth of a second, and return the frame of its first sample."""
        self._at = int(self.client.frame_time + 0.1 * SAMPLE_RATE)
        self._y, self._loops = y.astype(np.float32), loops
        return self._at

    def close(self) -> None:
        """Leave JACK."""
        self.client.deactivate()
        self.client.close()

    def _process(self, frames: int) -> None:
        at = self.client.last_frame_time - self._at + np.arange(frames)
        inside = (at >= 0) & (self._loops | (at < len(self._y)))
        self._port.get_array()[:] = np.where(inside, self._y[at % len(self._y)], 0.0)


def note(midi: float, seconds: float = _NOTE_SECONDS) -> np.ndarray:
    """Make a note of eight harmonics that begins within 2 ms."""
    t = np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    y = np.sum([np.sin(2 * np.pi * midi_to_hz(midi) * n * t + n) / n for n in range(1, 9)], axis=0)
    y *= 0.25 / np.abs(y).max() * np.minimum(1.0, t / 0.002)
    y[-960:] *= np.linspace(1.0, 0.0, 960)
    return np.asarray(y)


def onset(y: np.ndarray) -> int | None:
    """Return the first sample beyond a tenth of the peak; None in silence."""
    peak = np.abs(y).max(initial=0.0)
    return int(np.argmax(np.abs(y) > _SHARE * peak)) if peak > 0.01 else None


def measure_latency(release: str, count: int) -> None:
    """Print how much later than the input the output begins."""
    seconds = count * (_NOTE_SECONDS + _REST_SECONDS + 0.05) + 20.0
    latencies: dict[int, list[float]] = {midi: [] for midi in _NOTES}
    player = Player()
    with engine("--release", release, "--input", "feeder") as client, Recording(seconds) as recording:
        time.sleep(2.0)
        first = recording.client.frame_time - recording.now
        for n in range(count):
            midi = _NOTES[n % len(_NOTES)]
            y = note(midi)
            frame = player.play(y) - first
            time.sleep(0.1 + _NOTE_SECONDS + _REST_SECONDS + 0.02 * random.random())
            heard = onset(recording.y[frame : frame + round((_NOTE_SECONDS + 0.1) * SAMPLE_RATE)])
            begun = onset(y)
            if heard is not None and begun is not None:
                latencies[midi].append(1e3 * (heard - begun) / SAMPLE_RATE)
        status = client.status()
    player.close()
    for midi, found in latencies.items():
        if found:
            print(f"{release:12} MIDI {midi}  {_row(found)}")
    everything = [one for found in latencies.values() for one in found]
    print(f"{release:12} all      {_row(everything)}, {len(everything)} of {count}, underruns {status[0]}")
    stages = ", ".join(
        f"{name} {ms:.1f}" for name, ms in zip(("control", "synthesis", "buffer", "device"), status[8:12], strict=True)
    )
    print(f"{release:12} of which, in ms: {stages}")


def _row(found: list[float]) -> str:
    low, median, high = np.percentile(found, [10, 50, 90])
    return f"onset → onset median {median:.1f} ms, 10–90 % {low:.1f} – {high:.1f} ms, deviation {np.std(found):.1f} ms"


def measure_onset(release: str, count: int = 6) -> None:
    """Print how much later than the input the output begins without ring and device, offline."""
    rng, everything = np.random.default_rng(0), []
    for midi in _NOTES:
        y = note(midi)
        found = audio_in_onset.latencies(release, y, onset(y) or 0, SAMPLE_RATE, rng, count)
        everything.append(found)
        known, heard = found.mean(axis=0)
        print(f"{release:12} MIDI {midi}  offline: known after {known:.1f} ms, heard after {heard:.1f} ms")
    heard = np.concatenate(everything)[:, 1]
    print(f"{release:12} all      offline: heard after {np.median(heard):.1f} ms, deviation {heard.std():.1f} ms")


def measure_load(release: str) -> None:
    """Print the engine's processor time while its pad moves, without an input and with one that sounds all the time."""
    song = np.concatenate([note(midi, 0.5) for midi in (*_NOTES, *reversed(_NOTES))])
    player = Player()
    player.play(song, loops=True)
    with engine("--release", release) as client:
        client.send("/aitunes/input/device/set", "feeder")
        shares: dict[bool, list[float]] = {False: [], True: []}
        for _ in range(4):
            for on in (False, True):
                client.send("/aitunes/input/on", on)
                client.sync()
                time.sleep(1.0)
                shares[on].append(_busy(client, _LOAD_SECONDS / 4))
    player.close()
    without, with_input = (np.median(shares[on]) for on in (False, True))
    print(
        f"{release:12} engine's share of a core while the pad moves: without input {100 * without:.1f} %, "
        f"with {100 * with_input:.1f} %: {with_input / without:.2f} ×"
    )


def _busy(client: Client, seconds: float) -> float:
    """Return the share of a core that the engine takes while the pad goes round."""
    begin, spent = time.monotonic(), _processor_seconds(client.pid)
    while (now := time.monotonic() - begin) < seconds:
        client.send("/aitunes/pad/xy", 0.5 + 0.3 * np.sin(2 * now), 0.5 + 0.3 * np.cos(2 * now))
        time.sleep(0.01)
    return (_processor_seconds(client.pid) - spent) / (time.monotonic() - begin)


def _processor_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def main() -> None:
    """Measure and print rows for benchmarks/RESULTS.md."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--onsets", type=int, default=64, help="of each release")
    parser.add_argument("--data", type=Path, default=Path("../shared/data"), help="recorded notes and loops")
    parser.add_argument("--only", choices=("live", "onset", "tracker", "transfer"))
    options = parser.parse_args()
    if options.only in (None, "tracker"):
        audio_in_tracker.main(options.data / "notes")
    if options.only in (None, "transfer"):
        audio_in_transfer.main(options.data)
    if options.only in (None, "onset"):
        for release in ("first-light", "chamber"):
            measure_onset(release)
    if options.only in (None, "live"):
        with jack_server():
            for release in ("first-light", "chamber"):
                measure_latency(release, options.onsets)
                measure_load(release)


if __name__ == "__main__":
    main()
