"""Time-tagged bundles: how far from its tag each one is heard.

    python -m benchmarks.placement [--bundles 200] [--flood 0]

Every bundle jumps on the pad, tagged 100 ms ahead; a second JACK client records. The half-way point of each change of
spectrum is compared with the tag, as it would be heard at the loudspeaker.
"""

from __future__ import annotations

import argparse
import random
import struct
import subprocess
import sys
import time

import numpy as np
from pythonosc.parsing import ntp

from benchmarks.latency import half_way_delays
from benchmarks.live import SAMPLE_RATE, Client, Recording, engine, jack_server
from instrument.osc.packets import build

AHEAD_SECONDS = 0.1
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
    with jack_server(), engine() as client, Recording(options.bundles * 0.4 + 8) as recording:
        command = [sys.executable, "-c", _FLOOD, str(client.port), str(options.flood)]
        other = subprocess.Popen(command) if options.flood else None
        try:
            time.sleep(2.0)
            heard = [send(client, recording, n) for n in range(options.bundles)]
            time.sleep(0.6)
        finally:
            if other is not None:
                other.kill()
        status = client.status()
        device_seconds = 1e-3 * status[11]  # a recorder inside JACK hears that much earlier than a listener
        expected = [frame - round(device_seconds * SAMPLE_RATE) for frame in heard]
        # Looked at from 50 ms before, so that what comes early is seen as well.
        margin = round(0.05 * SAMPLE_RATE)
        errors = 1e3 * (half_way_delays(recording.y, [frame - margin for frame in expected]) - margin) / SAMPLE_RATE
    print(
        f"bundles heard           {len(errors)} of {len(heard)}, {AHEAD_SECONDS * 1e3:.0f} ms ahead, "
        f"{options.flood} other messages a second"
    )
    print(f"heard − tag, median     {np.median(errors):+.2f} ms")
    for low, high in ((1, 99), (10, 90)):
        early, late = np.percentile(errors, [low, high])
        print(f"{low} % – {high} %               {early:+.2f} – {late:+.2f} ms")
    print(f"late, interruptions     {status[1]}, {status[0]}")


def send(client: Client, recording: Recording, number: int) -> int:
    """Send one jump on the pad, and wait; the frame of the recording that its time tag means."""
    # Asked for again each time, because whenever JACK stumbles its frames and the clock part a little.
    looks = []
    for _ in range(20):  # whoever is held up between two looks, at the clock and at the frames, looks again
        before, frame = time.time(), recording.now
        looks.append((time.time() - before, before, frame))
    _, now, frame = min(looks)
    tag = now + AHEAD_SECONDS
    message = build("/aitunes/pad/xy", (0.1, 0.9)[number % 2], 0.5)
    client.socket.send(b"#bundle\0" + ntp.system_time_to_ntp(tag) + struct.pack(">i", len(message)) + message)
    time.sleep(0.3 + random.random() * 0.02)
    return frame + round(AHEAD_SECONDS * SAMPLE_RATE)


if __name__ == "__main__":
    main()
