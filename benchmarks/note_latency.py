"""Measures note-on by OSC → sound, beside a C client of JACK whose tone a datagram switches: the least there can be.

    python -m benchmarks.note_latency [--notes 200] [--release NAME] [--warm-up 75]

JACK's dummy driver paces both (48 kHz, periods of 128). Notes and tones are struck by turns, and a recorder
hears when sound begins: the first sample beyond −34 dBFS. Building the client needs gcc and libjack-jackd2-dev.

The engine keeps as much sound in reserve as the machine has stalled within the last minute, and starting it is such a
minute. So it plays for the seconds of --warm-up first; the buffer, which holds the reserve, is printed for both ends.
"""

from __future__ import annotations

import argparse
import contextlib
import random
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import fields
from pathlib import Path

import numpy as np

from benchmarks.live import SAMPLE_RATE, Client, Recording, engine, jack_server
from benchmarks.midi_latency import onsets
from instrument.status import Status

SOURCE = Path(__file__).with_name("jack_tone.c")
_SOUND_SECONDS, _REST_SECONDS = 0.12, 0.25
_KEY, _VELOCITY = 60, 110
BUFFER = [field.name for field in fields(Status)].index("buffer_ms")


def main() -> None:
    """Measure and print rows for benchmarks/RESULTS.md."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--notes", type=int, default=200)
    parser.add_argument("--release", default="first-light")
    parser.add_argument("--warm-up", type=float, default=75.0, help="seconds of playing before the first note")
    options = parser.parse_args()
    seconds = 2 * options.notes * (_SOUND_SECONDS + _REST_SECONDS + 0.02) + 10.0
    with jack_server(), tone() as switch, engine("--release", options.release) as client:
        silence(client)
        time.sleep(options.warm_up)
        buffers = [client.status()[BUFFER]]
        with Recording(seconds, "AiTunes", "tone") as recording:
            notes, tones = [], []
            for _ in range(options.notes):
                notes.append(strike(recording, lambda on: client.send("/aitunes/note", _KEY, _VELOCITY * on)))
                tones.append(strike(recording, switch))
            engine_ms, tone_ms = (
                1e3 * onsets(y, frames) / SAMPLE_RATE
                for y, frames in zip(recording.tracks, (notes, tones), strict=True)
            )
            status = client.status()
            buffers.append(status[BUFFER])
    spreads = []
    for name, found in ((options.release, engine_ms), ("C client", tone_ms)):
        low, median, high = np.percentile(found, [1, 50, 99])
        spreads.append(high - low)
        print(f"{name:12} → sound      median {median:5.1f} ms, 1–99 % {low:.1f} – {high:.1f} ms ({len(found)} sounds)")
    print(f"above the C client      median {np.median(engine_ms) - np.median(tone_ms):+.1f} ms")
    print(f"spread above its own    {spreads[0] - spreads[1]:+.1f} ms")
    print("by stage: control {:.1f}, synthesis {:.1f}, buffer {:.1f}, device {:.1f} ms".format(*status[8:12]))
    print("buffer before, after    {:.1f}, {:.1f} ms".format(*buffers))
    print(f"underruns               {status[0]}, JACK's own {len(recording.stumbles)}")


@contextlib.contextmanager
def tone() -> Iterator[Callable[[bool], object]]:
    """Build the C client and run it; yields what switches its tone."""
    with tempfile.TemporaryDirectory() as scratch:
        program = Path(scratch) / "jack_tone"
        built = subprocess.run(["gcc", "-O2", str(SOURCE), "-o", str(program), "-ljack", "-lm"], check=False)
        if built.returncode:
            sys.exit("jack_tone.c cannot be built: sudo apt-get install gcc libjack-jackd2-dev")
        process = subprocess.Popen([program], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        assert process.stdout is not None
        try:
            place = ("127.0.0.1", int(process.stdout.readline()))
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as link:
                yield lambda on: link.sendto(b"01"[on : on + 1], place)
                link.sendto(b"q", place)
            process.wait(timeout=10)
        finally:
            process.kill()


def silence(client: Client) -> None:
    """Have notes begin from nothing and end at once."""
    client.send("/aitunes/drone", False)
    client.send("/aitunes/envelope", 0.0, 0.02)
    client.sync()
    time.sleep(3.0)  # until the drone has ended and the status has told the latency


def strike(recording: Recording, switch: Callable[[bool], object]) -> int:
    """Play a sound, and return the frame of the recording at which it was asked for."""
    time.sleep(random.random() * 0.02)
    frame = recording.now
    switch(True)
    time.sleep(_SOUND_SECONDS)
    switch(False)
    time.sleep(_REST_SECONDS)
    return frame


if __name__ == "__main__":
    main()
