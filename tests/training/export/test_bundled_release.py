"""The releases of notes that come with the package."""

from pathlib import Path

import numpy as np
import pytest

from aitunes.audio_processing.griffin_lim import StreamingGriffinLim
from aitunes.release.card import ReleaseCard
from aitunes.release.motion import MOTION
from aitunes.release.reader import TORCHSCRIPT, read_landmarks, read_release

RELEASES = Path(__file__).parents[3] / "instrument" / "releases"
LABELS = {"first-light": 9, "chamber": 42}


@pytest.fixture(scope="module", params=list(LABELS))
def release(request):
    return read_release(RELEASES / request.param)


def on_the_pad(release, count=16):
    """Codes of a grid over the whole pad, [count², latent_dim]."""
    edges = np.asarray(release.card.latent.pad_range)
    coordinates = np.zeros((count**2, release.card.latent_dim))
    for axis, place in enumerate(np.meshgrid(np.linspace(0, 1, count), np.linspace(0, 1, count))):
        coordinates[:, axis] = edges[axis, 0] + np.ptp(edges[axis]) * place.ravel()
    return release.card.latent.codes(coordinates)


def magnitudes(release, codes, pitch, level=0.0):
    """Linear magnitudes [items, bins] of codes at one pitch."""
    told = {name: np.full((len(codes), 1), value, np.float32) for name, value in (("pitch", pitch), ("level", level))}
    (S,) = release.decoder.run(None, {"z": codes, **told})
    return release.card.features.denormalise(S[:, :, 0])


def test_it_is_small_answers_every_hop_and_plays_notes(release):
    assert sum(path.stat().st_size for path in release.folder.iterdir()) < 9.5e6
    assert release.card.is_frame_model
    assert release.card.features.sample_rate == 44_100
    assert [spec.name for spec in release.card.inputs] == ["z", "pitch", "level"]


def test_its_landmarks_are_notes_all_over_the_pad(release):
    marks = read_landmarks(release.folder, release.card)
    assert len(marks.codes) > 200
    assert len(np.unique(marks.labels)) == LABELS[release.card.name]
    assert np.ptp(marks.positions, axis=0).min() > 0.9


def test_its_card_names_sources_that_ask_for_nothing(release):
    licence = release.card.training.data_licence
    assert "CC0-1.0" in licence
    assert "CC-BY" not in licence
    if release.card.name == "chamber":
        assert "Public domain (University of Iowa MIS)" in licence
        assert "freepats" in licence


@pytest.mark.parametrize("pitch", [48.0, 60.5, 96.0])
def test_no_corner_of_the_pad_is_dead(release, pitch):
    power = (magnitudes(release, on_the_pad(release), pitch).astype(np.float64) ** 2).sum(axis=1)
    level_db = 10 * np.log10(power)
    assert np.abs(level_db - np.median(level_db)).max() < 12.0


def test_silence_is_silent_and_levels_are_kept(release):
    codes = on_the_pad(release, 4)
    full, quiet = (10 * np.log10((magnitudes(release, codes, 60.0, level) ** 2).sum(axis=1)) for level in (0.0, -30.0))
    assert np.allclose(full - quiet, 30.0, atol=0.1)


def test_instruments_lie_apart_on_the_map(release):
    marks = read_landmarks(release.folder, release.card)
    distance = np.linalg.norm(marks.positions[:, None] - marks.positions[None], axis=2)
    np.fill_diagonal(distance, np.inf)
    alike = marks.labels[distance.argmin(axis=1)] == marks.labels
    chance = max(np.unique(marks.labels, return_counts=True)[1]) / len(marks.labels)
    assert alike.mean() > 5 * chance


def held(release, point, semitones, seconds=0.5):
    """A note held at a point of the pad, so many semitones above the lowest, without its beginning; its pitch."""
    from aitunes.audio_processing.reconstruction import sound_of_frames
    from training.evaluate.landmarks import pad_codes

    features = release.card.features
    pitch = release.card.inputs[1].range[0] + semitones
    S = features.normalise(magnitudes(release, pad_codes(np.array([point]), release.card.latent), pitch))
    y = sound_of_frames(np.tile(S.T, (1, round((seconds + 0.3) * features.frame_rate))), features)
    return y[features.sample_rate // 5 :][: round(seconds * features.sample_rate)], pitch


@pytest.mark.training
@pytest.mark.parametrize("point", [(0.1, 0.2), (0.5, 0.5), (0.9, 0.7)])
@pytest.mark.parametrize("semitones", [0.0, 13.4, 47.9])
def test_a_held_note_is_in_tune_and_steady(release, point, semitones):
    pytest.importorskip("librosa", reason="pip install aitunes[training]")
    from training.evaluate.playability import Held, dc_db, level_range_db, pitch_error_cents

    sample_rate = release.card.features.sample_rate
    y, pitch = held(release, point, semitones)
    assert pitch_error_cents(Held(y, pitch, 0), sample_rate) < 5.0
    assert level_range_db(y, sample_rate) < 1.0
    assert dc_db(y) < -60.0
    assert 20 * np.log10(np.abs(y).max()) < -1.0


@pytest.mark.training
@pytest.mark.parametrize("point", [(0.1, 0.9), (0.5, 0.5), (0.9, 0.7)])
@pytest.mark.parametrize("semitones", [2.3, 26.3])
def test_a_held_note_has_no_clicks_at_the_rate_of_the_hops(release, point, semitones):
    pytest.importorskip("torch", reason="pip install aitunes[training]")
    from training.evaluate.playability import HELD_SECONDS, hop_flux_db

    y, _ = held(release, point, semitones, HELD_SECONDS)
    assert hop_flux_db(y, release.card.features) < -60.0
    clicks = y.copy()
    clicks[:: release.card.features.hop_length] += 0.1 * np.abs(y).max()
    assert hop_flux_db(clicks, release.card.features) > -60.0


@pytest.mark.training
def test_torchscript_equals_onnx(release, rng):
    torch = pytest.importorskip("torch", reason="pip install aitunes[training]")
    from training.export.torchscript import load_torchscript

    contents = (release.folder / TORCHSCRIPT).read_bytes()
    z = rng.standard_normal((9, release.card.latent_dim)).astype(np.float32) * 3
    told = {"pitch": np.linspace(48, 96, 9)[:, None], "level": np.linspace(-60, 0, 9)[:, None]}
    told = {name: values.astype(np.float32) for name, values in told.items()}
    with torch.no_grad():
        scripted = load_torchscript(contents).frames.decoder(torch.from_numpy(z), *map(torch.from_numpy, told.values()))
    assert np.abs(scripted.numpy() - release.decoder.run(None, {"z": z, **told})[0]).max() <= 1e-4
    assert ReleaseCard.from_json(load_torchscript(contents).card).latent == release.card.latent


@pytest.mark.training
def test_torchscript_moves_where_the_release_does(release):
    pytest.importorskip("torch", reason="pip install aitunes[training]")
    from training.export.torchscript import load_torchscript

    settings = load_torchscript((release.folder / TORCHSCRIPT).read_bytes()).get_attributes()
    assert ("motion" in settings) == (MOTION in release.card.files)


@pytest.mark.training
@pytest.mark.parametrize("iterations", [2, 8])
def test_torchscript_reconstructs_phases_as_the_instrument_does(release, iterations):
    """`python -m training.export.renew` brings a file up to date whose code is older."""
    torch = pytest.importorskip("torch", reason="pip install aitunes[training]")
    from training.export.torchscript import load_torchscript

    features, hops = release.card.features, 8  # from then on the last bits of numbers decide
    told = {"pitch": np.full((1, 1), 61.3, np.float32), "level": np.zeros((1, 1), np.float32)}
    z = np.zeros((1, release.card.latent_dim), np.float32)
    S = features.denormalise(release.decoder.run(None, {"z": z, **told})[0])[:, :, 0]
    frames = np.repeat(S, hops, axis=0)
    phases = load_torchscript((release.folder / TORCHSCRIPT).read_bytes()).phases
    phases.reset(1)
    with torch.no_grad():
        y = phases(torch.from_numpy(frames[None]), iterations).numpy()[0]
    stream = StreamingGriffinLim(features.n_fft, features.hop_length, iterations, seed=1)
    expected = stream.process(frames)
    assert np.abs(y - expected).max() < 1e-3 * np.abs(expected).max()
