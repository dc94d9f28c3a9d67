"""Quality and cost of the streaming phase reconstruction, against librosa's offline Griffin-Lim.

    python -m benchmarks.phase_reconstruction [--data FOLDER] [--json] [--modes 1024/128 …]

Both get the same magnitudes of the same files: resampled to 44.1 kHz, at most `--seconds` long, with a window
of silence before and after. The stream is fed frame by frame as the instrument does, flushed, and scored by
spectral convergence over all frames. Costs are the processor time of one `process` call with one frame.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
import soxr

from aitunes.audio_processing.griffin_lim import StreamingGriffinLim
from aitunes.audio_processing.metrics import spectral_convergence
from aitunes.features import stft_magnitudes

SAMPLE_RATE = 44_100
FILES = (
    "gtzan-mini/genres/jazz/jazz.00000.wav",
    "gtzan-mini/genres/classical/classical.00000.wav",
    "gtzan-mini/genres/hiphop/hiphop.00001.wav",
    "fma-mini/900/900003.mp3",
    "fma-mini/900/900006.mp3",
    "fma-mini/900/900009.mp3",
    "notes/piano/piano_032_Gs1.ogg",
    "notes/violin/violin_066_Fs4.flac",
    "notes/guitar/guitar_052_E3.flac",
    "notes/trumpet/trumpet_069_A4.flac",
    "notes/voice_ah_high/voice_ah_high_060_C4.flac",
    "notes/voice_ah_low/voice_ah_low_046_As2.flac",
    "loops/drum/drum_cymbal_hard.flac",
    "loops/tabla/tabla_ghe6.flac",
    "loops/loop/loop_mehackit1.flac",
    "loops/ambi/ambi_drone.flac",
)
# n_fft / hop / look-ahead, and the refinements a hop to try.
MODES = {
    "512/64/0": (0, 4, 8),
    "512/128/0": (0, 8, 16),
    "1024/128/0": (0, 2, 4, 8, 16, 24),
    "1024/256/0": (0, 2, 4, 8, 16, 24),
    "1024/256/1": (8, 16),
    "2048/256/1": (8, 16),
    "2048/512/0": (0, 8, 16),
    "2048/512/1": (8, 16),
}
LIBROSA_MODES = ("1024/128/0", "1024/256/0")
LIBROSA_ITERATIONS = (8, 32, 100)


def load(path: Path, seconds: float) -> np.ndarray:
    """Mono at 44.1 kHz, from a third into the file where it is long enough."""
    y, rate = soundfile.read(path, dtype="float32", always_2d=True)
    y = y.mean(axis=1)
    first = max(0, min(len(y) // 3, len(y) - int(seconds * rate))) if len(y) > 10 * rate else 0
    return soxr.resample(y[first : first + int(seconds * rate)], rate, SAMPLE_RATE)


def padded_magnitudes(y: np.ndarray, n_fft: int, hop: int) -> np.ndarray:
    """Frames with a window of silence on either side, [frames, bins]."""
    y = np.pad(y, (n_fft, n_fft + -len(y) % hop))
    return np.ascontiguousarray(stft_magnitudes(y, n_fft, hop).T)


def score(y: np.ndarray, S: np.ndarray, n_fft: int, hop: int) -> float:
    """Spectral convergence of a waveform, dB."""
    return spectral_convergence(stft_magnitudes(y, n_fft, hop).T[: len(S)], S)


def stream(S: np.ndarray, mode: tuple[int, int, int], iterations: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the waveform, and the processor seconds that each hop took."""
    n_fft, hop, lookahead = mode
    griffin_lim = StreamingGriffinLim(n_fft, hop, iterations, lookahead)
    y, took = np.empty(len(S) * hop, np.float32), np.empty(len(S))
    for n in range(len(S)):
        frame, out = S[n : n + 1], y[n * hop : (n + 1) * hop]
        start = time.thread_time()
        griffin_lim.process(frame, out=out)
        took[n] = time.thread_time() - start
    return np.concatenate([y, griffin_lim.flush()])[griffin_lim.delay :], took


def offline(S: np.ndarray, n_fft: int, hop: int, iterations: int) -> np.ndarray:
    """Reconstruct with librosa's fast Griffin-Lim at its own defaults."""
    import librosa

    length = (len(S) - 1) * hop + n_fft
    return librosa.griffinlim(
        S.T, n_iter=iterations, hop_length=hop, n_fft=n_fft, center=False, length=length, random_state=0
    ).astype(np.float32)


def row(name: str, scores: list[float], took: np.ndarray | None = None, hop: int = 0) -> dict[str, Any]:
    """Return one line of the table; scores in dB, times in milliseconds."""
    result: dict[str, Any] = {"name": name, "mean_db": float(np.mean(scores)), "worst_db": max(scores)}
    result["scores_db"] = [round(value, 2) for value in scores]
    if took is not None:
        median, p99 = np.percentile(took, [50, 99]) * 1e3
        core = median * 1e-3 * SAMPLE_RATE / hop
        result |= {"median_ms": float(median), "p99_ms": float(p99), "core": float(core)}
    return result


def measure_mode(name: str, sounds: list[np.ndarray], with_librosa: bool) -> list[dict[str, Any]]:
    """Return every step of one mode."""
    n_fft, hop, lookahead = (int(value) for value in name.split("/"))
    spectra = [padded_magnitudes(y, n_fft, hop) for y in sounds]
    rows = []
    if with_librosa and name in LIBROSA_MODES:
        for iterations in LIBROSA_ITERATIONS:
            scores = [score(offline(S, n_fft, hop, iterations), S, n_fft, hop) for S in spectra]
            rows.append(row(f"{name} librosa {iterations}", scores))
    for iterations in MODES[name]:
        results = [stream(S, (n_fft, hop, lookahead), iterations) for S in spectra]
        scores = [score(y, S, n_fft, hop) for (y, _), S in zip(results, spectra, strict=True)]
        took = np.concatenate([took for _, took in results])
        rows.append(row(f"{name} streaming {iterations}", scores, took, hop))
    return rows


def text_of(result: dict[str, Any], bar: list[float] | None) -> str:
    """Return one line for a person; with a bar, on how many files it is met."""
    line = f"{result['name']:<28} mean {result['mean_db']:7.1f} dB   worst {result['worst_db']:6.1f} dB"
    if "core" in result:
        line += f"   {result['median_ms']:.3f} / {result['p99_ms']:.3f} ms   {result['core']:5.1%} of a core"
    if bar is not None:
        met = sum(mine <= theirs for mine, theirs in zip(result["scores_db"], bar, strict=True))
        line += f"   meets librosa 100 on {met} of {len(bar)}"
    return line


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    default = os.environ.get("AITUNES_TEST_DATA", Path(__file__).parents[2] / "shared" / "data")
    parser.add_argument("--data", type=Path, default=Path(default), help="folder of audio")
    parser.add_argument("--seconds", type=float, default=5.0, help="at most this much of each file")
    parser.add_argument("--modes", nargs="+", choices=MODES, default=list(MODES), help="n_fft/hop/look-ahead")
    parser.add_argument("--no-librosa", action="store_true", help="leave the slow comparison out")
    parser.add_argument("--json", action="store_true", help="print JSON, a score for every file")
    arguments = parser.parse_args()
    missing = [name for name in FILES if not (arguments.data / name).is_file()]
    if missing:
        print(f"No {missing[0]} in {arguments.data}; give --data.", file=sys.stderr)
        return 1
    sounds = [load(arguments.data / name, arguments.seconds) for name in FILES]
    rows = []
    for mode in arguments.modes:
        bar = None
        for result in measure_mode(mode, sounds, not arguments.no_librosa):
            rows.append(result)
            bar = result["scores_db"] if result["name"].endswith("librosa 100") else bar
            if not arguments.json:
                print(text_of(result, bar if "streaming" in result["name"] else None), flush=True)
    if arguments.json:
        print(json.dumps({"files": FILES, "rows": rows}, indent=1))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
