"""Measures note-on by OSC → sound, beside a C client of JACK whose tone a datagram switches: the least there can be.

    python -m benchmarks.note_latency [--notes 200] [--release NAME] [--warm-up SECONDS]

JACK's dummy driver paces both (48 kHz, periods of 128). Notes and tones are struck by turns, and a recorder
hears when sound begins: the first sample beyond −34 dBFS. Building the client needs gcc and libjack-jackd2-dev.

The engine keeps sound in reserve for stalls like those of the last minute, and gives the first of it up after that
minute, by 2 % a second. `--warm-up`, 150 by default, strikes notes and tones that are not measured for so long: of the
5.3 ms at the start 4.2 are left after 75 s and 1.7 after 150 s, where no stall is longer than 0.5 ms.
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
from functools import partial
from pathlib import Path

from benchmarks.live import SAMPLE_RATE, Client, Recording, engine, jack_server
from benchmarks.midi_latency import onsets
from benchmarks.note_figures import describe_notes, describe_reserve
from benchmarks.stalls import describe_stalls, witness
from instrument.status import Status

SOURCE = Path(__file__).with_name("jack_tone.c")
_SOUND_SECONDS, _REST_SECONDS = 0.12, 0.25
_KEY, _VELOCITY = 60, 110


def main() -> None:
    """Measure and print rows for benchmarks/RESULTS.md."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--notes", type=int, default=200)
    parser.add_argument("--release", default="first-light")
    parser.add_argument("--warm-up", type=float, default=150.0, metavar="SECONDS", help="play so long before measuring")
    options = parser.parse_args()
    seconds = options.warm_up + 2 * options.notes * (_SOUND_SECONDS + _REST_SECONDS + 0.02) + 10.0
    with jack_server(), tone() as switch, witness() as seen, engine("--release", options.release) as client:
        silence(client)
        with Recording(seconds, "AiTunes", "tone") as recording:
            play = partial(strike_both, recording, client, switch)
            settled = time.monotonic() + options.warm_up
            while time.monotonic() < settled:
                play()
            first, first_frame, begin = Status(*client.status()), recording.now, time.monotonic()
            played = [play() for _ in range(options.notes)]
            end = time.monotonic()
            notes, tones, reserves_ms = zip(*played, strict=True)
            engine_ms, tone_ms = (
                1e3 * onsets(y, frames) / SAMPLE_RATE
                for y, frames in zip(recording.tracks, (notes, tones), strict=True)
            )
            status = Status(*client.status())
        stalls = seen()
    for line in describe_notes(options.release, engine_ms, tone_ms):
        print(line)
    print(
        f"by stage: control {status.control_ms:.1f}, synthesis {status.synthesis_ms:.1f}, "
        f"buffer {status.buffer_ms:.1f}, device {status.device_ms:.1f} ms"
    )
    print(f"kept for stalls         {describe_reserve(reserves_ms)}")
    print(f"stalls meanwhile        {describe_stalls(stalls, begin, end)}")
    stumbles = sum(frame >= first_frame for frame in recording.stumbles)
    print(f"underruns meanwhile     {status.underruns - first.underruns}; JACK reported {stumbles} interruptions")


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


def strike_both(recording: Recording, client: Client, switch: Callable[[bool], object]) -> tuple[int, int, float]:
    """Play a note and a tone; return the frames at which they were asked for, and the engine's reserve then, ms."""
    note = strike(recording, lambda on: client.send("/aitunes/note", _KEY, _VELOCITY * on))
    return note, strike(recording, switch), Status(*client.status()).reserve_ms


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
