"""Heavy segment models: decodes that take many hops run beside the synth, and swaps of releases are not heard.

    python -m benchmarks.segment_models [--seconds 60]

An untrained convolutional model of 128 mels × 512 frames (its cost is that of a trained one) and the bundled
release take turns every two seconds on JACK's dummy driver, while the pad moves all the time.
"""

from __future__ import annotations

import argparse
import random
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from typing_extensions import override

from aitunes.modules.base import Autoencoder, AutoencoderOutput
from aitunes.release.card import LatentSpace, TensorSpec
from aitunes.release.reader import MAP, read_card, read_release
from aitunes.release.writer import write_release
from benchmarks.live import engine, jack_server
from instrument.storage.library import DEFAULT_RELEASE
from instrument.storage.paths import bundled_releases
from training.export.export import export_model

NAME = "heavy"
LATENT_DIM = 64
MELS, FRAMES = 128, 512
CHANNELS = (384, 320, 256, 192, 128)


class ConvolutionalAutoencoder(Autoencoder):
    """Five halvings and five doublings of a 128 × 512 segment."""

    def __init__(self) -> None:
        super().__init__((MELS, FRAMES), LATENT_DIM)
        self._small = (CHANNELS[0], MELS // 32, FRAMES // 32)
        size = int(np.prod(self._small))
        down, up = [], []
        for inner, outer in zip(CHANNELS, (*CHANNELS[1:], 1), strict=True):
            down.insert(0, nn.Sequential(nn.Conv2d(outer, inner, 4, 2, 1), nn.LeakyReLU()))
            up.append(
                nn.Sequential(nn.ConvTranspose2d(inner, outer, 4, 2, 1), nn.LeakyReLU() if outer > 1 else nn.Sigmoid())
            )
        self._encoder = nn.Sequential(*down, nn.Flatten(), nn.Linear(size, LATENT_DIM))
        self._expand = nn.Linear(LATENT_DIM, size)
        self._decoder = nn.Sequential(*up)

    @override
    def encode(self, S: Tensor) -> Tensor:
        return self._encoder(S[:, None])

    @override
    def decode(self, z: Tensor) -> Tensor:
        return self._decoder(self._expand(z).reshape(-1, *self._small))[:, 0]

    @override
    def forward(self, S: Tensor) -> AutoencoderOutput:
        z = self.encode(S)
        return AutoencoderOutput(self.decode(z), z, z)


def write_heavy_release(folder: Path) -> None:
    """Export the untrained model as a release."""
    torch.manual_seed(0)
    rng = np.random.default_rng(0)
    template = read_card(bundled_releases() / DEFAULT_RELEASE)
    card = replace(
        template,
        name=NAME,
        latent_dim=LATENT_DIM,
        features=replace(template.features, frames=FRAMES),
        inputs=(TensorSpec("z", ("batch", LATENT_DIM), (-16.0, 16.0)),),
        output=TensorSpec("S", ("batch", MELS, FRAMES), (0.0, 1.0)),
        latent=LatentSpace.from_codes(rng.normal(size=(256, LATENT_DIM))),
    )
    files = export_model(ConvolutionalAutoencoder().eval(), card, rng.random((9, MELS, FRAMES), np.float32))
    marks = bundled_releases() / DEFAULT_RELEASE / MAP
    with np.load(marks) as stored:
        np.savez(folder / MAP, **{**stored, "codes": np.zeros((len(stored["codes"]), LATENT_DIM), np.float32)})
    write_release(folder, card, {**files, MAP: (folder / MAP).read_bytes()})


def main() -> None:
    """Measure and print a row for benchmarks/RESULTS.md."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60.0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        write_heavy_release(folder)
        decoder = read_release(folder / NAME).decoder
        times = []
        for _ in range(20):
            begin = time.perf_counter()
            decoder.run(None, {"z": np.zeros((1, LATENT_DIM), np.float32)})
            times.append(time.perf_counter() - begin)
        size = (folder / NAME / "decoder.onnx").stat().st_size / 2**20
        with jack_server(), engine("--releases", str(folder), "--release", NAME) as client:
            time.sleep(1.0)
            client.status()
            begin, swaps, swap_due = time.perf_counter(), 0, 2.0
            while (elapsed := time.perf_counter() - begin) < options.seconds:
                client.send("/aitunes/pad/xy", random.random(), random.random())
                if elapsed > swap_due:
                    client.send("/aitunes/release/load", (DEFAULT_RELEASE, NAME)[swaps % 2])
                    swaps, swap_due = swaps + 1, swap_due + 2.0
                time.sleep(0.02)
            status = client.status()
    decode_ms = 1e3 * np.median(times)
    print(f"decoder                 {MELS} mels × {FRAMES} frames, {size:.1f} MiB, {decode_ms:.0f} ms a decode")
    print(f"played                  {options.seconds:g} s, {swaps} swaps, the pad moving 50 times a second")
    print(f"underruns               {status[0]} (the device's own included)")
    print(f"load of the synth       mean {status[4]:.1f} %, peak {status[5]:.1f} % of a hop")


if __name__ == "__main__":
    main()
