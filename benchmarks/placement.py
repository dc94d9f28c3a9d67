"""Time-tagged bundles: how far from its tag each one is heard.

    python -m benchmarks.placement [--bundles 200] [--flood 0]

Every bundle jumps on the pad, tagged 100 ms ahead; a second JACK client records. The half-way point of each change of
spectrum is compared with the tag, as it would be heard at the loudspeaker. How well that point is found is seen first,
on jumps rendered offline, at hops that are known. `chrt -f 1` before the command keeps other work from the recorder.
"""

from __future__ import annotations

import argparse
import contextlib
import random
import subprocess
import sys
import time
from collections.abc import Iterator

import numpy as np

from aitunes.audio_processing.defaults import DEFAULT_ITERATIONS
from aitunes.osc.packets import build, bundle
from benchmarks.latency import half_way_delays
from benchmarks.live import SAMPLE_RATE, Client, Recording, engine, jack_server
from instrument.storage.library import DEFAULT_RELEASE, Library
from instrument.synthesis.performance import Performance
from instrument.synthesis.release_renderer import ReleaseRenderer
from instrument.synthesis.synth import Synth

AHEAD_SECONDS = 0.1
JUMP_SECONDS = 0.3
PLACES = (0.1, 0.9)
_MARGIN = round(0.05 * SAMPLE_RATE)
_SETTLED_SECONDS = 6.0  # what JACK takes, at its start and after a stumble, to know again which frame it is
_FLOOD = """
import random, sys, time
from benchmarks.live import Client
client, rate = Client(int(sys.argv[1]), 0), int(sys.argv[2])
begin, count = time.perf_counter(), 0
while True:
    while count < (time.perf_counter() - begin) * rate:
        client.send("/aitunes/" + ("position", "speed")[count % 2], random.random())
        count += 1
    time.sleep(0.001)
"""


def main() -> None:
    """Measure and print rows for benchmarks/RESULTS.md."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bundles", type=int, default=200)
    parser.add_argument("--flood", type=int, default=0, metavar="RATE", help="other messages a second, meanwhile")
    options = parser.parse_args()
    tell("the measuring itself", *rendered(options.bundles))
    with jack_server(), engine() as client, Recording(options.bundles * 0.4 + 12) as recording:
        with flood(client.port, options.flood):
            time.sleep(_SETTLED_SECONDS)
            tagged = np.array([send(client, recording, n) for n in range(options.bundles)])
            time.sleep(0.6)
        status = client.status()
        # A recorder inside JACK hears that much earlier than a listener.
        expected = tagged - round(1e-3 * status[11] * SAMPLE_RATE)
        tell(f"{AHEAD_SECONDS * 1e3:.0f} ms ahead, {options.flood} others a second", recording.y, expected)
        # Where JACK stumbles, the tags of the bundles under way mean other frames than they did when they were sent.
        since = np.array([min((n - x for x in recording.stumbles if x <= n), default=np.inf) for n in tagged])
        tell("… while JACK did not stumble", recording.y, expected[since > _SETTLED_SECONDS * SAMPLE_RATE])
    print(f"late, interruptions     {status[1]}, {status[0]}")


def tell(what: str, y: np.ndarray, expected: np.ndarray) -> None:
    """Print how far from where they are expected changes are found in the sound."""
    # Looked at from 50 ms before, so that what comes early is seen as well.
    errors = 1e3 * (half_way_delays(y, [int(frame) - _MARGIN for frame in expected]) - _MARGIN) / SAMPLE_RATE
    print(f"{what}: {len(errors)} of {len(expected)} found")
    for low, high in ((1, 99), (10, 90)) if len(errors) else ():
        early, median, late = np.percentile(errors, [low, 50, high])
        print(f"  heard − tag, {low} % – {high} %: {early:+.2f} – {late:+.2f} ms, median {median:+.2f} ms")


def rendered(jumps: int) -> tuple[np.ndarray, np.ndarray]:
    """Jumps at known hops: the sound, [samples], and the frames at which the synth says they are heard."""
    release = Library().open(DEFAULT_RELEASE)
    performance = Performance.of(release.card, DEFAULT_ITERATIONS)
    synth = Synth(ReleaseRenderer(release, SAMPLE_RATE, DEFAULT_ITERATIONS), performance, SAMPLE_RATE)
    blocks, count, frames, due = [], 0, [], SAMPLE_RATE
    while len(frames) <= jumps:
        if count > due:
            performance.apply("/aitunes/pad/xy", (PLACES[len(frames) % 2], 0.5))
            frames.append(count + synth.change_seconds * SAMPLE_RATE)
            due += round((JUMP_SECONDS + 0.02 * random.random()) * SAMPLE_RATE)
        blocks.append(synth.render().mean(axis=1))
        count += len(blocks[-1])
    return np.concatenate(blocks), np.round(frames[:-1])


@contextlib.contextmanager
def flood(port: int, rate: int) -> Iterator[None]:
    """Another program that sends so many messages a second, if any."""
    other = subprocess.Popen([sys.executable, "-c", _FLOOD, str(port), str(rate)]) if rate else None
    try:
        yield
    finally:
        if other is not None:
            other.kill()


def send(client: Client, recording: Recording, number: int) -> int:
    """Send one jump on the pad, and wait; the frame of the recording that its time tag means."""
    # Asked for again each time, because whenever JACK stumbles its frames and the clock part a little.
    looks = []
    for _ in range(20):  # whoever is held up between two looks, at the clock and at the frames, looks again
        before, frame = time.time(), recording.now
        looks.append((time.time() - before, before, frame))
    _, now, frame = min(looks)
    tag = now + AHEAD_SECONDS
    message = build("/aitunes/pad/xy", PLACES[number % 2], 0.5)
    client.send_datagram(bundle([message], tag))
    time.sleep(JUMP_SECONDS + random.random() * 0.02)
    return frame + round(AHEAD_SECONDS * SAMPLE_RATE)


if __name__ == "__main__":
    main()
