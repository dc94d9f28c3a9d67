"""Which resampler stands before the ring: delay, steadiness, ripple, aliases and cost of soxr's qualities.

    python -m benchmarks.resampler [--from 44100] [--to 48000] [--hop 128]

Each quality is fed hop by hop, as the instrument does. Delay is what soxr holds back, and moves with the pattern
of its chunks: what counts for a player is the largest, because the ring must cover it.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import dataclass

import numpy as np
import soxr

FIXED, VARIABLE = False, True
QUALITIES = (("QQ", FIXED), ("LQ", FIXED), ("MQ", FIXED), ("HQ", FIXED), ("VHQ", FIXED), ("HQ", VARIABLE))
TONES = (1_000, 10_000, 15_000, 18_000)
SECONDS = 4.0
SETTLED_SECONDS = 0.5
LOWEST = 50.0


@dataclass(frozen=True)
class Rates:
    """The release's rate and the device's, Hz, and samples a hop."""

    source: int
    output: int
    hop: int

    @property
    def tones(self) -> list[int]:
        """Frequencies that both rates can carry, Hz."""
        return [tone for tone in TONES if tone < 0.41 * min(self.source, self.output)]


@dataclass(frozen=True)
class Resampler:
    """One of soxr's settings between two rates."""

    quality: str
    variable: bool
    rates: Rates

    def stream(self) -> soxr.ResampleStream:
        """Return a fresh resampler."""
        source, output = self.rates.source, self.rates.output
        return soxr.ResampleStream(source, output, 1, dtype="float32", quality=self.quality, vr=self.variable)

    def chunks(self, y: np.ndarray) -> list[np.ndarray]:
        """Return what comes back, hop by hop."""
        stream, hop = self.stream(), self.rates.hop
        return [stream.resample_chunk(block) for block in y[: len(y) // hop * hop].reshape(-1, hop)]

    def resample(self, y: np.ndarray) -> np.ndarray:
        """Return the whole answer."""
        return np.concatenate(self.chunks(y))


def main() -> None:
    """Measure every quality and print a table for docs/decisions/0002-resampler.md."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--from", dest="source", type=int, default=44_100, metavar="HZ")
    parser.add_argument("--to", dest="output", type=int, default=48_000, metavar="HZ")
    parser.add_argument("--hop", type=int, default=128, metavar="SAMPLES")
    options = parser.parse_args()
    rates = Rates(options.source, options.output, options.hop)
    khz = " / ".join(f"{tone / 1_000:g}" for tone in rates.tones)
    print(f"soxr {soxr.__version__}, {rates.source} → {rates.output} Hz, {rates.hop} samples a hop\n")
    print(
        "| soxr's quality | held back, mean / most | samples a hop | longest pause | "
        f"ripple up to {khz} kHz | strongest alias of {khz} kHz | time a hop, median / p99 |"
    )
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for quality, variable in QUALITIES:
        print(row(Resampler(quality, variable, rates)))


def row(resampler: Resampler) -> str:
    """Return one line of the table."""
    tones = resampler.rates.tones
    gain, frequency = response(resampler)
    ripples = " / ".join(f"{np.ptp(gain[(frequency > LOWEST) & (frequency < top)]):.2f}" for top in tones)
    aliases = " / ".join(f"{strongest_alias(resampler, tone):.0f}" for tone in tones)
    median, p99 = cost(resampler)
    name = resampler.quality + (", variable rate" if resampler.variable else "")
    return f"| {name} | {pattern(resampler)} | {ripples} dB | {aliases} dB | {1e6 * median:.0f} / {1e6 * p99:.0f} µs |"


def pattern(resampler: Resampler) -> str:
    """Measure the delay, the samples of a hop, and the longest pause; over the second half."""
    rates = resampler.rates
    sizes = np.array([len(chunk) for chunk in resampler.chunks(np.zeros(round(SECONDS * rates.source), np.float32))])
    fed = rates.hop * np.arange(1, len(sizes) + 1) / rates.source
    held = (fed - np.cumsum(sizes) / rates.output)[len(sizes) // 2 :]
    sizes = sizes[len(sizes) // 2 :]
    pause = np.diff(np.flatnonzero(sizes)).max() * rates.hop / rates.source
    return f"{1e3 * held.mean():.2f} / {1e3 * held.max():.2f} ms | {sizes.min()} – {sizes.max()} | {1e3 * pause:.1f} ms"


def response(resampler: Resampler) -> tuple[np.ndarray, np.ndarray]:
    """Gain in dB and its frequencies in Hz, from the answer to an impulse."""
    impulse = np.zeros(round(SECONDS * resampler.rates.source), np.float32)
    impulse[len(impulse) // 2] = 1.0
    answer = resampler.resample(impulse)
    gain = 20.0 * np.log10(np.abs(np.fft.rfft(answer)) + 1e-12)
    return gain, np.fft.rfftfreq(len(answer), 1.0 / resampler.rates.output)


def strongest_alias(resampler: Resampler, tone: float) -> float:
    """Return the loudest partial that a sine of that frequency should not have, relative to the sine, dB."""
    rates = resampler.rates
    t = np.arange(round(SECONDS * rates.source)) / rates.source
    y = resampler.resample(np.sin(2.0 * np.pi * tone * t).astype(np.float32))
    y = y[round(SETTLED_SECONDS * rates.output) :][: 2 * rates.output]
    spectrum = np.abs(np.fft.rfft(y * np.kaiser(len(y), 20.0)))
    centre = round(tone * len(y) / rates.output)
    peak = spectrum[centre - 2 : centre + 3].max()
    spectrum[centre - 20 : centre + 21] = 0.0
    return float(20.0 * np.log10(spectrum.max() / peak))


def cost(resampler: Resampler) -> tuple[float, float]:
    """Median and 99th percentile of the time that one hop takes, seconds."""
    stream = resampler.stream()
    taken = []
    for block in np.random.default_rng(1).standard_normal((4_000, resampler.rates.hop)).astype(np.float32):
        begin = time.perf_counter()
        stream.resample_chunk(block)
        taken.append(time.perf_counter() - begin)
    return float(np.median(taken)), float(np.quantile(taken, 0.99))


if __name__ == "__main__":
    main()
