"""Measures the time from a note-on at JACK's MIDI to its sound, and from the same note by OSC, in one run; and a panic.

    python -m benchmarks.midi_latency [--notes 150]

JACK's dummy driver paces the engine (48 kHz, periods of 128). This program strikes notes by turns over MIDI, at a frame
that JACK knows, and over OSC, and records what the engine plays. Sound begins where the recording first exceeds a
threshold; both ways are measured alike, so that what matters is their difference.
"""

from __future__ import annotations

import argparse
import collections
import random
import sys
import time
from collections.abc import Sequence

import jack
import numpy as np

from aitunes.osc import client as osc
from benchmarks.live import SAMPLE_RATE, SERVER, Recording, engine, jack_server

_NOTE_SECONDS, _REST_SECONDS = 0.12, 0.25
_THRESHOLD = 0.02
_KEYS = (60, 64, 67, 72)
_START_SECONDS = 20.0
_PANICS = 20


class Keyboard:
    """Sends MIDI from JACK's process callback and keeps the frame of each event."""

    def __init__(self) -> None:
        self.client = jack.Client("keyboard", servername=SERVER)
        self._port = self.client.midi_outports.register("keys", is_physical=True)
        self._waiting: collections.deque[bytes] = collections.deque()
        self.frames: collections.deque[int] = collections.deque()
        self._random = random.Random(1)
        self.client.set_process_callback(self._process)
        self.client.activate()

    def send(self, *data: int) -> int:
        """Send a message and return the frame at which it left, of JACK's clock."""
        self._waiting.append(bytes(data))
        while not self.frames:
            time.sleep(0.0005)
        return self.frames.popleft()

    def close(self) -> None:
        """Leave JACK."""
        self.client.deactivate()
        self.client.close()

    def _process(self, frames: int) -> None:
        self._port.clear_buffer()
        if self._waiting:
            offset = self._random.randrange(frames)
            self._port.write_midi_event(offset, self._waiting.popleft())
            self.frames.append(self.client.last_frame_time + offset)


def main() -> None:
    """Measure and print rows for benchmarks/RESULTS.md."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--notes", type=int, default=150, help="of each kind")
    notes = parser.parse_args().notes
    seconds = 2 * notes * (_NOTE_SECONDS + _REST_SECONDS + 0.02) + _START_SECONDS + _PANICS + 10.0
    with jack_server(), engine("--midi") as client:
        keyboard = Keyboard()
        with Recording(seconds) as recording:
            client.send("/aitunes/drone", False)
            client.send("/aitunes/envelope", 0.0, 0.02)
            client.sync()
            wait_for_midi(client, keyboard)
            begun: dict[str, list[int]] = {"MIDI": [], "OSC": []}
            for number in range(2 * notes):
                time.sleep(random.random() * 0.02)
                key, way = _KEYS[number // 2 % len(_KEYS)], ("MIDI", "OSC")[number % 2]
                begun[way].append(strike(way, key, client, keyboard, recording))
            latencies = {way: onsets(recording.y, frames) for way, frames in begun.items()}
            panics = [panic(keyboard, recording) for _ in range(_PANICS)]
            underruns = client.status()[0]
        keyboard.close()
    for way, found in latencies.items():
        low, median, high = np.percentile(1e3 * found / SAMPLE_RATE, [10, 50, 90])
        print(f"{way:5} note-on → sound     median {median:5.1f} ms, 10–90 % {low:.1f} – {high:.1f} ms")
        print(f"{way:5} notes measured      {len(found)} of {notes}")
    midi, by_osc = (1e3 * found / SAMPLE_RATE for found in latencies.values())
    print(f"MIDI − OSC              median {np.median(midi) - np.median(by_osc):+.2f} ms")
    print(f"all sound off → silence median {np.median(panics):5.1f} ms, most {max(panics):.1f} ms, {_PANICS} times")
    print(f"underruns               {underruns}")


def wait_for_midi(client: osc.Client, keyboard: Keyboard) -> None:
    """Return once the engine plays what the keyboard sends."""
    deadline = time.monotonic() + _START_SECONDS
    with osc.Client(client.host, client.port) as listener:
        listener.subscribe()
        while time.monotonic() < deadline:
            keyboard.send(0x90, 60, 100)
            keyboard.send(0x80, 60, 64)
            if any(message.address == "/aitunes/note" for message in listener.messages(0.3)):
                time.sleep(2.5)  # until the engine's status has told the latency
                return
    sys.exit("the engine hears no MIDI")


def strike(way: str, key: int, client: osc.Client, keyboard: Keyboard, recording: Recording) -> int:
    """Play a note, and return the frame of the recording at which it was sent."""
    first = recording.client.frame_time - recording.now
    if way == "MIDI":
        frame = keyboard.send(0x90, key, 110) - first
    else:
        frame = recording.now
        client.send("/aitunes/note", key, 110, 1)
    time.sleep(_NOTE_SECONDS)
    if way == "MIDI":
        keyboard.send(0x80, key, 64)
    else:
        client.send("/aitunes/note", key, 0, 1)
    time.sleep(_REST_SECONDS)
    return frame


def panic(keyboard: Keyboard, recording: Recording) -> float:
    """Return the milliseconds from controller 120 to the last sample of a chord that would sound on for long."""
    first = recording.client.frame_time - recording.now
    for key in _KEYS:
        keyboard.send(0x90, key, 110)
    time.sleep(0.3)
    frame = keyboard.send(0xB0, 120, 0) - first
    time.sleep(0.3)
    sounding = np.flatnonzero(recording.y[frame:])
    return 1e3 * (int(sounding[-1]) + 1 if len(sounding) else 0) / SAMPLE_RATE


def onsets(y: np.ndarray, frames: Sequence[int]) -> np.ndarray:
    """Return the frames from each sending to the first sample beyond the threshold; silence before it is demanded."""
    found = []
    for frame in frames:
        if np.abs(y[frame - 200 : frame]).max(initial=0.0) > 0.2 * _THRESHOLD:
            continue
        loud = np.flatnonzero(np.abs(y[frame : frame + SAMPLE_RATE // 10]) > _THRESHOLD)
        if len(loud):
            found.append(int(loud[0]))
    return np.array(found)


if __name__ == "__main__":
    main()
