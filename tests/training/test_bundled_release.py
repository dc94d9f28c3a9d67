"""The release that comes with the package."""

from pathlib import Path

import numpy as np
import pytest

from aitunes.release.reader import TORCHSCRIPT, read_release

RELEASE = Path(__file__).parents[2] / "instrument" / "releases" / "sinewave"


@pytest.fixture(scope="module")
def release():
    return read_release(RELEASE)


@pytest.fixture(scope="module")
def pad(release):
    """What a 16 × 16 grid over the whole pad decodes to, [points, n_mels]."""
    edges = np.asarray(release.card.latent.pad_range)
    coordinates = np.zeros((256, release.card.latent_dim))
    for axis, place in enumerate(np.meshgrid(np.linspace(0, 1, 16), np.linspace(0, 1, 16))):
        coordinates[:, axis] = edges[axis, 0] + np.ptp(edges[axis]) * place.ravel()
    (S,) = release.decoder.run(None, {"z": release.card.latent.codes(coordinates)})
    return S[:, :, 0]


def test_it_is_small_and_answers_every_hop(release):
    assert sum(path.stat().st_size for path in RELEASE.iterdir()) < 8e6
    assert release.card.is_frame_model


def test_its_landmarks_lie_on_the_pad(release):
    marks = release.landmarks()
    assert 500 <= len(marks.codes) <= 700
    assert marks.positions.min() >= 0.0
    assert marks.positions.max() <= 1.0
    assert len(np.unique(marks.labels)) == 9


def test_no_corner_of_the_pad_is_dead(release, pad):
    pytest.importorskip("numba")
    from aitunes.audio_processing.mel_inversion import MelInversion

    features = release.card.features
    magnitudes = MelInversion(features).process(features.denormalise(pad)).astype(np.float64)
    level_db = 10 * np.log10((magnitudes**2).sum(axis=1))
    assert np.abs(level_db - np.median(level_db)).max() < 12.0


@pytest.mark.training
def test_torchscript_equals_onnx(release, rng):
    torch = pytest.importorskip("torch", reason="pip install aitunes[training]")
    from training.export import embedded_card, load_torchscript

    contents = (RELEASE / TORCHSCRIPT).read_bytes()
    z = rng.standard_normal((9, release.card.latent_dim)).astype(np.float32) * 3
    with torch.no_grad():
        scripted = load_torchscript(contents).decode(torch.from_numpy(z)).numpy()
    assert np.abs(scripted - release.decoder.run(None, {"z": z})[0]).max() <= 1e-4
    assert embedded_card(contents).latent == release.card.latent
