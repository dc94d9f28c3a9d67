"""Releases of segments: made by one command from what is free, moving as the tracks do, at an even level."""

import csv

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="pip install aitunes[training]")
pytest.importorskip("lightning", reason="pip install aitunes[training]")
import soundfile  # noqa: E402

from aitunes.errors import TrainingError  # noqa: E402
from aitunes.features import AudioFeatures  # noqa: E402
from aitunes.modules.components import ComponentAutoencoder  # noqa: E402
from aitunes.release.card import LatentSpace  # noqa: E402
from aitunes.release.motion import MOTION, read_motion  # noqa: E402
from aitunes.release.reader import TORCHSCRIPT, read_landmarks, read_release  # noqa: E402
from training.cli import main  # noqa: E402
from training.evaluate.inference import codes_of, decode  # noqa: E402
from training.learn.segment_motion import CODES_A_SEGMENT, motion_of_segments  # noqa: E402
from training.learn.segment_releases import SEGMENT_RELEASES  # noqa: E402
from training.learn.segment_sound import SegmentLevels, joined, played, windows_of  # noqa: E402

pytestmark = pytest.mark.training

FEATURES = AudioFeatures(
    n_fft=512, hop_length=128, n_mels=24, f_min=50.0, f_max=15e3, db_range=(-60.0, 20.0), frames=32
)
STRIDE = FEATURES.frames // CODES_A_SEGMENT


@pytest.fixture(scope="module")
def tracks():
    """Four tracks that swell, each at a loudness of its own, [bands, frames] of 0..1."""
    time = np.arange(640) / 640
    bands = np.linspace(1.0, 0.4, 24)[:, None]
    swell = [0.5 + 0.1 * np.sin(2 * np.pi * (3 + n) * time) for n in range(4)]
    return [(bands * wave + 0.05 * n).astype(np.float32) for n, wave in enumerate(swell)]


@pytest.fixture(scope="module")
def model(tracks):
    """Their principal components."""
    torch.manual_seed(0)
    model = ComponentAutoencoder((24, 32), 4).eval()
    model.start_from(torch.from_numpy(np.concatenate([windows_of(track, 32, 8) for track in tracks])))
    return model


@pytest.fixture(scope="module")
def motion(model, tracks):
    codes = codes_of(model, np.concatenate([windows_of(track, 32, STRIDE) for track in tracks]))
    return motion_of_segments(model, tracks, FEATURES, LatentSpace.from_codes(codes), -20.0, 1e3)


def test_a_track_is_played_as_it_is_where_the_model_knows_it(model, tracks):
    S, first = played(model, tracks[0])
    assert np.abs(S - tracks[0][:, first : first + S.shape[1]]).max() < 0.03


def test_segments_that_are_cut_are_joined_to_what_they_were(tracks):
    half = FEATURES.frames // 2
    S = joined(windows_of(tracks[1], FEATURES.frames, half))
    assert np.allclose(S, tracks[1][:, half // 2 : half // 2 + S.shape[1]], atol=1e-6)


def test_the_level_of_noise_is_that_of_its_samples(rng):
    y = (0.1 * rng.standard_normal(44_100)).astype(np.float32)
    S = torch.from_numpy(FEATURES.analyse(y).astype(np.float32))[:, 8:-8]
    inside = (FEATURES.f_max - FEATURES.f_min) / (0.5 * FEATURES.sample_rate)
    assert float(SegmentLevels(FEATURES).frames_db(S).mean()) == pytest.approx(-20.0 + 10 * np.log10(inside), abs=1.0)


def test_codes_and_levels_of_the_motion_give_the_material_back(model, tracks, motion):
    """Decoded, each code at its level is the track's own frames, at the loudness that all tracks have in common."""
    levels = SegmentLevels(FEATURES)
    first = (FEATURES.frames - STRIDE) // 2
    codes = motion.offsets + np.repeat(motion.codes, np.diff(motion.code_starts), axis=0)
    loudness = []
    for n, track in enumerate(tracks):
        start, end = motion.code_starts[n], motion.code_starts[n + 1]
        S = decode(model, codes[start:end].astype(np.float32))[:, :, first : first + STRIDE]
        db = levels.frames_db(torch.from_numpy(S)).numpy().ravel()
        played_db = db + motion.level[motion.level_starts[n] : motion.level_starts[n + 1]]
        truth = levels.frames_db(torch.from_numpy(track)).numpy()[first : first + played_db.size]
        apart = played_db - truth
        assert np.abs(apart - apart.mean()).max() < 1.5
        loudness.append(10 * np.log10((10 ** (0.1 * played_db)).mean()))
    assert loudness == pytest.approx([-20.0] * 4, abs=0.7)


def test_of_long_material_the_middle_of_each_track_is_kept(model, tracks):
    latent = LatentSpace.from_codes(codes_of(model, windows_of(tracks[0], 32, STRIDE)))
    motion = motion_of_segments(model, tracks, FEATURES, latent, -20.0, 2.0)
    assert len(motion) == 4
    assert motion.level.size / motion.level_rate == pytest.approx(2.0, rel=0.3)
    with pytest.raises(TrainingError, match="two segments"):
        motion_of_segments(model, [tracks[0][:, :40]], FEATURES, latent, -20.0, 2.0)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Carousel, of nine tracks of 110 seconds, after one epoch: few segments have not enough components."""
    root = tmp_path_factory.mktemp("carousel")
    rows = []
    for part in SEGMENT_RELEASES["carousel"].parts:
        (root / "music" / part).mkdir(parents=True)
        for n in range(3):
            rng = np.random.default_rng((len(rows), 1))
            steps = rng.uniform(0.02, 0.3, (550, 8))  # another mixture of eight bands of noise every 0.2 s
            bands = np.array_split(np.fft.rfft(rng.standard_normal(110 * 22_050)), 8)
            parts = [np.concatenate([band if m == k else 0 * band for m, band in enumerate(bands)]) for k in range(8)]
            y = sum(np.repeat(steps[:, k], 4_410) * np.fft.irfft(part) for k, part in enumerate(parts))
            name = f"{part}-{n}.wav"
            soundfile.write(root / "music" / part / name, 0.5 * y, 22_050)
            licence = "CC-BY-3.0" if n else "CC0-1.0" if part == "ambient" else "CC-BY (?)"
            rows.append([f"music/{part}/{name}", part, f"Title {n}", f"{part} {n}", licence])
    with (root / "music" / "tracks.csv").open("w", newline="", encoding="utf-8") as lines:
        table = csv.writer(lines)
        table.writerow(["path", "set", "title", "author", "licence"])
        table.writerows(rows)
    words = ["release", "carousel", "--data-dir", str(root / "music"), "--to", str(root / "releases"), "-e", "1", "-Q"]
    words += ["--runs", str(root / "runs"), "--features", str(root / "features"), "--workers", "1"]
    assert main(words) == 0
    return read_release(root / "releases" / "carousel")


def test_one_command_makes_it_of_what_is_free(made):
    record = made.card.training
    assert record.data_items == 7
    assert "beats 1 (Title 1)" in record.data_licence
    assert "beats 0" not in record.data_licence
    assert record.scenario.startswith("folder low-dim128")
    assert not made.card.is_frame_model
    assert TORCHSCRIPT not in made.card.files
    assert all(str(label) in record.data_licence for label in read_landmarks(made.folder, made.card).labels)


def test_its_card_says_how_it_compares_with_components(made):
    metrics = made.card.training.metrics
    assert {"held_db", "held_linear_db", "held_log_spectral_db", "held_linear_log_spectral_db"} <= set(metrics)
    assert metrics["pad_level_db"] <= 6.0


def test_its_motion_goes_on_four_codes_a_segment(made):
    motion = read_motion(made.folder, made.card)
    assert MOTION in made.card.files
    assert motion.level_rate / motion.code_rate == pytest.approx(made.card.features.frames / CODES_A_SEGMENT)


def test_without_data_it_says_what_it_needs(tmp_path):
    assert main(["release", "carousel", "--to", str(tmp_path)]) != 0
