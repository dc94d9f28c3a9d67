"""OSC → sound: from the sending of a pad position to the moment its sound has half replaced the old one.

    python -m benchmarks.latency [--changes 200]

JACK's dummy driver paces the engine (48 kHz, periods of 128); a second JACK client records what the engine plays.
"""

from __future__ import annotations

import argparse
import random
import time

import numpy as np

from benchmarks.live import SAMPLE_RATE, Recording, engine, jack_server

WINDOW = 512
STEP = 8
SETTLED_SECONDS = 0.12


def main() -> None:
    """Measure and print a row for benchmarks/RESULTS.md."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--changes", type=int, default=200)
    options = parser.parse_args()
    with jack_server(), engine() as client, Recording(options.changes * 0.6 + 5) as recording:
        time.sleep(1.0)
        sent = []
        for change in range(options.changes):
            time.sleep(0.3 + random.random() * 0.02)
            x = (0.1, 0.9)[change % 2]
            sent.append(recording.now)
            client.send("/aitunes/pad/xy", x, 0.5)
        time.sleep(0.5)
        status = client.status()
        latencies = 1e3 * half_way_delays(recording.y, sent) / SAMPLE_RATE
    low, median, high = np.percentile(latencies, [1, 50, 99])
    print(f"changes measured        {len(latencies)} of {options.changes}")
    print(f"OSC → sound, median     {median:6.1f} ms")
    print(f"1st – 99th percentile   {low:6.1f} – {high:.1f} ms (spread {high - low:.1f} ms)")
    print(
        "by stage, as /status says: control {:.1f}, synthesis {:.1f}, buffer {:.1f}, device {:.1f} ms".format(
            *status[8:12]
        )
    )
    print(f"underruns               {status[0]}")


def half_way_delays(y: np.ndarray, sent: list[int]) -> np.ndarray:
    """Frames from each sending to the half-way point of the change of spectrum that follows."""
    delays = []
    settled = int(SETTLED_SECONDS * SAMPLE_RATE)
    for frame in sent:
        old = spectra(y[frame - settled : frame]).mean(axis=0)
        new = spectra(y[frame + settled : frame + 2 * settled]).mean(axis=0)
        direction = new - old
        # 0 is the old sound, 1 the new one; the window is symmetric, so its blur does not move the middle.
        share = (spectra(y[frame : frame + settled]) - old) @ direction / (direction @ direction)
        # The step from 0 to 1 that fits best: a single window of a noisy sound may lie beyond the middle by chance.
        place = int(np.argmin(np.concatenate([[0.0], np.cumsum(2.0 * share - 1.0)])))
        if 0 < place < len(share):
            # Between the middles of the last window of the old sound and the first of the new one.
            delays.append((place - 0.5) * STEP + (WINDOW - 1) / 2)
    return np.array(delays)


def spectra(y: np.ndarray) -> np.ndarray:
    """Magnitudes of short windows, [windows, bins]."""
    windows = np.lib.stride_tricks.sliding_window_view(y, WINDOW)[::STEP] * np.hanning(WINDOW)
    return np.abs(np.fft.rfft(windows))


if __name__ == "__main__":
    main()
