"""Carousel, the bundled release of segments: better than components, even over the pad, moving, and credited."""

from pathlib import Path

import numpy as np
import pytest

from aitunes.features import stft_magnitudes
from aitunes.release.motion import read_motion
from aitunes.release.reader import TORCHSCRIPT, read_landmarks, read_release
from instrument.namespace import ROOT
from instrument.synthesis.performance import Performance
from instrument.synthesis.release_renderer import ReleaseRenderer

RELEASES = Path(__file__).parents[3] / "instrument" / "releases"
RATE = 44_100


@pytest.fixture(scope="module")
def release():
    return read_release(RELEASES / "carousel")


@pytest.fixture(scope="module")
def figures(release):
    return release.card.training.metrics


def held(release, x, y, seconds=8.0, **settings):
    """Hold the pad at a place, mid alone."""
    renderer = ReleaseRenderer(release, RATE, 8, background=False)
    performance = Performance.of(release.card, 8)
    values = {"/smoothing": 0.0, **{f"/{name}": value for name, value in settings.items()}}
    for path, value in values.items():
        performance.apply(ROOT + path, (value,))
    performance.apply(f"{ROOT}/pad/xy", (x, y))
    performance.sound(renderer.hop_seconds)
    renderer.prepare(performance.advance(renderer.hop_seconds), performance)
    blocks = []
    for _ in range(round(seconds / renderer.hop_seconds)):
        performance.sound(renderer.hop_seconds)
        blocks.append(renderer.render(performance.advance(renderer.hop_seconds), performance)[:, 0])
    return np.concatenate(blocks)[RATE // 4 :]


def test_it_is_a_segment_model_and_fits_the_package(release):
    assert not release.card.is_frame_model
    assert sum(path.stat().st_size for path in release.folder.iterdir()) < 7.5e6
    assert TORCHSCRIPT not in release.card.files


def test_it_is_nearer_to_held_out_tracks_than_as_many_components(figures):
    assert figures["held_db"] < figures["held_linear_db"]
    assert figures["held_log_spectral_db"] <= figures["held_linear_log_spectral_db"]
    assert figures["held_mel_cepstral_db"] < figures["held_linear_mel_cepstral_db"]


def test_the_level_over_the_pad_is_even(release, figures):
    edges = np.asarray(release.card.latent.pad_range)
    coordinates = np.zeros((64, release.card.latent_dim))
    for axis, along in enumerate(np.meshgrid(np.linspace(0, 1, 8), np.linspace(0, 1, 8))):
        coordinates[:, axis] = edges[axis, 0] + np.ptp(edges[axis]) * along.ravel()
    (S,) = release.decoder.run(None, {"z": release.card.latent.codes(coordinates)})
    features = release.card.features
    weights = 1.0 / (features.filter_bank**2).sum(axis=1)
    power = features.denormalise(S).astype(np.float64) ** 2 * weights[:, None]
    level = 10 * np.log10(power.sum(axis=1).mean(axis=1))
    assert np.abs(level - np.median(level)).max() < 6.2
    assert figures["pad_level_db"] <= 6.0


def test_held_play_is_about_equally_loud_all_over_the_pad(release):
    places = [(0.1, 0.1), (0.9, 0.2), (0.5, 0.5), (0.2, 0.9), (0.85, 0.85)]
    level = [10 * np.log10((held(release, *place) ** 2).mean()) for place in places]
    assert np.ptp(level) < 12.0
    assert np.abs(np.array(level) - np.median(level)).max() < 6.0


def test_held_play_moves_and_stands_still_without_motion(release):
    def moves(y):
        frames = 20 * np.log10(np.maximum(stft_magnitudes(y, 2048, 512), 1e-3))
        blocks = frames[:, : frames.shape[1] // 8 * 8].reshape(len(frames), -1, 8).mean(axis=2)
        return blocks.std(axis=1).mean()

    moving, still = (moves(held(release, 0.5, 0.5, motion=amount)) for amount in (1.0, 0.0))
    assert moving > 1.5
    assert moving > 1.5 * still


def test_its_motion_says_as_much_as_the_material_moved(figures):
    assert 0.8 < figures["motion_moves_db"] / figures["material_moves_db"] < 1.2


def test_its_motion_comes_from_most_tracks_and_fits_its_segments(release):
    motion = read_motion(release.folder, release.card)
    assert len(motion) > 50
    assert motion.level_rate == pytest.approx(release.card.features.frame_rate)
    assert motion.level_rate / motion.code_rate == pytest.approx(32)


def test_its_map_and_card_name_who_made_the_sounds(release):
    record = release.card.training
    labels = {str(label) for label in read_landmarks(release.folder, release.card).labels}
    assert len(labels) > 20
    assert all(label in record.data_licence for label in labels)
    assert "creativecommons.org/licenses/by/3.0" in record.data_licence
    assert "not stated" not in record.data_licence
    assert record.command.startswith("aitunes-train release carousel --data-dir music")


def test_its_preview_is_ogg(release):
    assert (release.folder / "preview.ogg").read_bytes()[:4] == b"OggS"
    assert (release.folder / "preview.ogg").stat().st_size < 200_000
