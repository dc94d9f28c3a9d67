"""Fixtures of the live side: releases on disk, a measuring eye for tones, engines and peers as processes."""

import numpy as np
import pytest

from aitunes.release.reader import read_release
from instrument.synthesis.performance import Performance


@pytest.fixture(scope="session")
def releases(tiny, tmp_path_factory):
    """A folder of releases: two of one frame and different latent size, two of patches, two that play a sine."""
    folder = tmp_path_factory.mktemp("releases")
    tiny.write(folder, "tiny", latent_dim=3)
    tiny.write(folder, "wide", latent_dim=5)
    # Column n of the patch lies n/64 of the way up, and the first coordinate lifts it all.
    ramp = np.broadcast_to(0.1 + 0.5 * np.arange(64) / 64, (32, 64))
    lift = np.outer([0.1, 0.0], np.ones(32 * 64))
    tiny.write(folder, "patch", latent_dim=2, frames=64, bias=ramp, weights=lift)
    tiny.write(folder, "long-patch", latent_dim=4, frames=96)
    tiny.sine(folder, "sine", 440.0, n_fft=1024, n_mels=128)
    tiny.sine(folder, "high-sine", 1000.0, n_fft=1024, n_mels=128, latent_dim=6)
    return folder


@pytest.fixture
def open_release(releases):
    return lambda name: read_release(releases / name)


@pytest.fixture
def perform():
    """A performance of a release as it starts."""
    return lambda release: Performance(release.card.latent, release.card.name, iterations=4)


@pytest.fixture(scope="session")
def frequency():
    """The frequency of the strongest partial, Hz."""

    def measure(y, sample_rate):
        S = np.abs(np.fft.rfft(y * np.hanning(len(y))))
        peak = int(S[1:-1].argmax()) + 1
        a, b, c = np.log(S[peak - 1 : peak + 2] + 1e-12)
        return float((peak + 0.5 * (a - c) / (a - 2 * b + c)) * sample_rate / len(y))

    return measure
