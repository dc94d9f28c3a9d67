"""Tests that width is measured by band, learnt by code, kept in the release, and that mono material has none."""

import numpy as np
import pytest

pytest.importorskip("torch", reason="pip install aitunes[training]")

from aitunes.release.reader import read_card
from aitunes.release.side import read_side
from training.learn.frames import FrameCollector
from training.learn.gather import Limits, gather, open_headers
from training.learn.learner import Learner, LearnSettings
from training.learn.listing import list_folder
from training.learn.release import LearntNames, Source, export_learnt
from training.learn.side import is_mono, learn_side
from training.learn.side_levels import EDGES_HZ, side_levels_db
from training.learn.survey import Survey

RATE = 44_100


def coloured(rng, high, seconds=4.0):
    """Noise below 500 Hz, or above 4 kHz."""
    spectrum = np.fft.rfft(rng.standard_normal(round(seconds * RATE)))
    hz = np.fft.rfftfreq(round(seconds * RATE), 1.0 / RATE)
    spectrum[(hz < 4_000.0) if high else (hz > 500.0)] *= 0.03
    y = np.fft.irfft(spectrum)
    return (0.2 * y / y.std()).astype(np.float32)


def stereo(rng, high, side_db):
    """Mid and side of noise whose side has so many decibels of the mid."""
    return coloured(rng, high), coloured(rng, high) * np.float32(10.0 ** (side_db / 20.0))


def collect(rng, dark_db, bright_db, files=6):
    """Dark files whose side has so many decibels, and bright ones."""
    collector = FrameCollector()
    for n in range(files):
        mid, side = stereo(rng, n % 2 == 1, bright_db if n % 2 else dark_db)
        collector.add(f"{n}.wav", "noise", mid, side)
    return collector.finish()


def linear(frames, latent_dim=4):
    return next(Learner(frames, LearnSettings(latent_dim=latent_dim)).run(1.0)).model


def test_levels_are_those_of_the_channels(rng):
    mid, side = rng.normal(0.0, 0.1, (2, RATE)).astype(np.float32)
    levels = side_levels_db(mid, 0.25 * side, 512)
    assert levels.shape == (1 + (RATE - 2048) // 512, len(EDGES_HZ) + 1)
    np.testing.assert_allclose(levels[:, 5:].mean(axis=0), -12.04, atol=0.5)


def test_a_band_that_the_mid_has_not_is_unknown():
    t = np.arange(RATE) / RATE
    mid = np.sin(2 * np.pi * 1_000.0 * t).astype(np.float32)
    known = np.isfinite(side_levels_db(mid, mid, 512)).mean(axis=0)
    inside = np.searchsorted(EDGES_HZ, 1_000.0)
    assert known[inside] == 1.0
    assert known[-1] == 0.0


def test_a_mono_recording_does_not_say_how_wide_it_would_be(rng):
    assert np.isnan(side_levels_db(coloured(rng, True), None, 512)).all()


def test_the_width_follows_the_sound(rng):
    frames = collect(rng, dark_db=-24.0, bright_db=-3.0)
    model = linear(frames).model
    learnt = learn_side(model.encode_envelope, frames.tracks, frames.sides)
    assert learnt.held_db < 0.4 * learnt.constant_db
    z = model.encode_envelope(*_tensors(frames.tracks[0])).detach().numpy()
    dark = frames.tracks[0][:, :60].mean() > frames.tracks[0][:, -60:].mean()
    assert learnt.levels.levels_db(z)[:, 4].mean() == pytest.approx(-24.0 if dark else -3.0, abs=3.0)


def test_the_same_seed_learns_the_same(rng):
    frames = collect(rng, -20.0, -6.0)
    model = linear(frames).model
    first, second = (learn_side(model.encode_envelope, frames.tracks, frames.sides).levels.to_bytes() for _ in range(2))
    assert first == second


def test_mono_material_has_no_side(rng):
    collector = FrameCollector()
    for n in range(4):
        collector.add(f"{n}.wav", "noise", coloured(rng, n % 2 == 1))
    frames = collector.finish()
    assert frames.sides == ()
    assert learn_side(linear(frames).model.encode_envelope, frames.tracks, frames.sides) is None


def test_two_channels_that_are_alike_but_for_their_coding_are_mono(rng):
    assert is_mono(collect(rng, -60.0, -60.0).sides)
    assert not is_mono(collect(rng, -60.0, -12.0).sides)


def test_a_folder_of_stereo_files_becomes_a_release_with_its_width(sounds, rng, tmp_path):
    for n in range(6):
        mid, side = stereo(rng, n % 2 == 1, -3.0 if n % 2 else -24.0)
        sounds.write(f"{n}.wav", np.stack([mid + side, mid - side], axis=1) * 0.5, RATE, subtype="FLOAT")
    listing, collector = list_folder(sounds.folder), FrameCollector()
    survey = Survey(listing)
    gather(survey, open_headers(survey, Limits()), collector, Limits(), lambda share: None)
    frames = collector.finish()
    folder = export_learnt(
        linear(frames),
        frames,
        tmp_path / "releases",
        LearntNames("wide", "Wide", "Made by a test."),
        Source("noise", "none", survey.digest, "test"),
        for_hosts=False,
    )
    card = read_card(folder)
    assert card.training.metrics["side_db"] < 0.5 * card.training.metrics["side_constant_db"]
    side = read_side(folder, card)
    codes = linear(frames).model.encode_envelope(*_tensors(np.concatenate(frames.tracks))).detach().numpy()
    levels = side.levels_db(codes)[:, 4]
    assert levels.min() < -20.0
    assert levels.max() > -7.0


def _tensors(*arrays):
    import torch

    return [torch.from_numpy(array).float() for array in arrays]
