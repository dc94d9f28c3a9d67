"""Measures what a release costs in a host of nn~: builds `nn_host.cpp` with the LibTorch of the installed PyTorch.

    python -m benchmarks.nn_host [--release NAME] [--libtorch FOLDER] [--old-abi]

Each row is one voice at a buffer of one hop: the processor time of a hop, tenth, fiftieth and ninetieth percentile, and
its share of a core; of a file that can move also with `motion 1`, and with notes that begin at every second hop, which
the last percentile shows. The last row is the instrument's own phase reconstruction at 24 refinements of 1024/128, 0.36
ms on a quiet machine: what it takes now says how far the other rows are to be trusted.
"""

from __future__ import annotations

import argparse
import subprocess
import tempfile
import time
from pathlib import Path

import numpy as np
import torch

from aitunes.audio_processing.griffin_lim import StreamingGriffinLim
from aitunes.release.reader import TORCHSCRIPT, read_card
from instrument.storage.library import Library
from training.export.torchscript import load_torchscript

SOURCE = Path(__file__).with_suffix(".cpp")
HOPS = 400
ITERATIONS = (0, 2, 4, 8, 24)


def build(folder: Path, libtorch: Path, old_abi: bool) -> Path:
    """Compile the host, which takes about a minute."""
    program, lib = folder / "nn_host", libtorch / "lib"
    includes = [f"-I{libtorch / 'include'}", f"-I{libtorch / 'include/torch/csrc/api/include'}"]
    libraries = [f"-L{lib}", "-Wl,--no-as-needed", "-ltorch_cpu", "-lc10", "-Wl,--allow-shlib-undefined"]
    words = ["g++", "-std=c++17", "-O1", "-w", f"-D_GLIBCXX_USE_CXX11_ABI={int(not old_abi)}", *includes]
    subprocess.run([*words, str(SOURCE), "-o", str(program), *libraries, f"-Wl,-rpath,{lib}"], check=True)
    return program


def hop_seconds(
    program: Path, model: Path, controls: np.ndarray, hop: int, settings: dict[str, int]
) -> tuple[float, float, float]:
    """Play a voice, controls [1 or more hops, inlets]; return percentiles of a hop's processor time."""
    hops = np.resize(controls, (HOPS, controls.shape[1]))
    signals = np.repeat(hops[:, None, :, None], hop, 3).astype(np.float32)
    words = [program, model, "decode", str(hop), "1", *(f"{name}={value}" for name, value in settings.items())]
    played = subprocess.run(words, input=signals.tobytes(), capture_output=True, check=True)
    low, median, high = played.stderr.split()[-3:]
    return float(low), float(median), float(high)


def own_seconds() -> tuple[float, float]:
    """Return the same of the instrument's own phase reconstruction."""
    stream = StreamingGriffinLim(1024, 128, 24)
    S = np.abs(np.random.default_rng(0).standard_normal((1, 513))).astype(np.float32)
    times = []
    for _ in range(HOPS):
        begin = time.thread_time()
        stream.process(S)
        times.append(time.thread_time() - begin)
    low, median = np.percentile(times, [10, 50])
    return float(low), float(median)


def main() -> int:
    """Build, measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--release", action="append", help="by default both bundled ones")
    parser.add_argument("--libtorch", type=Path, default=Path(torch.__file__).parent)
    parser.add_argument("--old-abi", action="store_true", help="for wheels of PyTorch before 2.6")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        program = build(Path(scratch), options.libtorch, options.old_abi)
        for name in options.release or ("chamber", "first-light"):
            folder = Library().folder(name)
            card = read_card(folder)
            rate, hop = card.features.sample_rate, card.features.hop_length
            controls = np.array([[0.5] * card.latent_dim + [57.3, 0.0][: len(card.inputs) - 1]])
            rows = [(f"{n:2} refinements", controls, {"iterations": n}) for n in ITERATIONS]
            if "motion" in load_torchscript((folder / TORCHSCRIPT).read_bytes()).get_attributes():
                rows.append((" 4 refinements, moving", controls, {"iterations": 4, "motion": 1}))
                if len(card.inputs) > 1:
                    struck = np.repeat(controls, 2, axis=0)
                    struck[1, -2] = 0.0  # of inlets the last but one is the pitch
                    rows.append((" 4 refinements, notes that begin", struck, {"iterations": 4, "motion": 1}))
            for what, signals, settings in rows:
                seconds = hop_seconds(program, folder / TORCHSCRIPT, signals, hop, settings)
                times = ", ".join(f"{1e3 * value:.3f}" for value in seconds)
                shares = ", ".join(f"{100 * value * rate / hop:.0f}" for value in seconds)
                print(f"{name}, hop {hop}, {what}: {times} ms, {shares} % of a core")
    low, median = own_seconds()
    print(f"the instrument's own, 1024/128, 24 refinements: {1e3 * low:.3f} to {1e3 * median:.3f} ms")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
