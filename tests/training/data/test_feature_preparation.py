import errno
import signal
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import soundfile

from aitunes.audio_processing.levels import frame_levels_db
from aitunes.datasets.folder import read_folder
from aitunes.errors import TrainingError
from aitunes.experiments.scenarios.music import FRAME
from aitunes.features import AudioFeatures
from training.data import feature_preparation, shards
from training.data.feature_preparation import PrepareOptions, hold_out, prepare_tracks
from training.data.feature_store import FeatureStore, is_store
from training.data.shards import cut
from training.data.stored_segments import StoredSegments

pytestmark = pytest.mark.training

ROOT = Path(__file__).parents[3]
FEATURES = AudioFeatures(22_050, 1024, 256, 40, 50.0, 11_025.0, frames=16)
OPTIONS = PrepareOptions(FEATURES, workers=1)


def quiet(done, total, seconds):
    pass


@pytest.fixture
def folder(tmp_path, rng):
    """Ten short tracks of two kinds, at two rates, mono and stereo."""
    audio = tmp_path / "audio"
    for n in range(10):
        rate, channels = (22_050, 44_100)[n % 2], 1 + n // 5
        path = audio / ("low", "high")[n % 2] / f"track {n}.wav"
        path.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(path, 0.2 * rng.standard_normal((rate, channels)), rate)
    return audio


def prepare(folder, to, options=OPTIONS):
    return prepare_tracks(read_folder(folder), options, to, quiet)


def read(store, tracks):
    """All segments of some tracks."""
    segments = StoredSegments.of(store, tracks)
    return segments[np.arange(len(segments))]


def contents(folder):
    """Every file of a store by name, hidden ones among them."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_workers_do_not_change_a_byte(folder, tmp_path):
    for workers in (1, 3):
        prepare(folder, tmp_path / str(workers), PrepareOptions(FEATURES, workers=workers))
    assert contents(tmp_path / "1") == contents(tmp_path / "3")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["1", "3", "audio"]


def test_a_killed_run_goes_on_and_ends_with_the_same_bytes(folder, tmp_path):
    code = (
        "import os, signal, sys; from pathlib import Path\n"
        "from tests.training.data import test_feature_preparation as t\n"
        "def stop(done, total, seconds): done == 4 and os.kill(os.getpid(), signal.SIGKILL)\n"
        "t.prepare_tracks(t.read_folder(Path(sys.argv[1])), t.OPTIONS, Path(sys.argv[2]), stop)"
    )
    target = tmp_path / "killed"
    command = [sys.executable, "-c", code, str(folder), str(target)]
    killed = subprocess.run(command, cwd=ROOT, env={"PYTHONPATH": str(ROOT)}, check=False, timeout=240)
    assert killed.returncode == -signal.SIGKILL
    assert not is_store(target)
    first = []
    prepare_tracks(read_folder(folder), OPTIONS, target, lambda done, total, seconds: first.append(done))
    assert first[0] >= 4  # what was done is not done again
    prepare(folder, tmp_path / "whole")
    assert contents(target) == contents(tmp_path / "whole")


def test_other_settings_do_not_take_up_what_an_interrupted_run_left(folder, tmp_path):
    def stop(done, total, seconds):
        if done == 4:
            raise KeyboardInterrupt

    with pytest.raises(TrainingError, match="goes on where it stood"):
        prepare_tracks(read_folder(folder), OPTIONS, tmp_path / "a", stop)
    other = PrepareOptions(AudioFeatures(22_050, 1024, 256, 40, 50.0, 11_025.0, frames=8), workers=1)
    prepare(folder, tmp_path / "a", other)
    prepare(folder, tmp_path / "b", other)
    assert contents(tmp_path / "a") == contents(tmp_path / "b")


def test_damaged_short_and_silent_tracks_are_listed_and_leave_no_trace(folder, tmp_path):
    prepare(folder, tmp_path / "clean")
    (folder / "low" / "a.mp3").write_text("no music")
    soundfile.write(folder / "low" / "b.wav", np.ones(500), 22_050)
    soundfile.write(folder / "low" / "c.wav", np.zeros(22_050), 22_050)
    soundfile.write(folder / "low" / "d.wav", np.full(22_050, np.nan), 22_050, "FLOAT")
    card = prepare(folder, tmp_path / "spoilt")
    reasons = [
        "is damaged or no sound file",
        "too short: less than one window of 0.046 s",
        "is silent",
        "samples that are no numbers",
    ]
    assert all(reason in said for reason, said in zip(reasons, card.skipped, strict=True))
    one, other = FeatureStore(tmp_path / "clean"), FeatureStore(tmp_path / "spoilt")
    assert one.card.hash == other.card.hash
    assert other.card.skipped == card.skipped


def test_a_run_in_which_everything_failed_is_an_error(tmp_path):
    (tmp_path / "audio").mkdir()
    (tmp_path / "audio" / "a.wav").write_text("no music")
    with pytest.raises(TrainingError, match=r"No track gave a segment; 1 failed.*a\.wav is damaged or no sound file"):
        prepare(tmp_path / "audio", tmp_path / "a")
    assert not (tmp_path / "a").exists()


def test_segments_are_the_frames_of_their_track_in_order(folder, tmp_path):
    prepare(folder, tmp_path / "a")
    store = FeatureStore(tmp_path / "a")
    y, _ = soundfile.read(folder / "low" / "track 0.wav", dtype="float32")
    segments = read(store, np.flatnonzero(store.tracks.names == b"low/track 0.wav"))
    whole = FEATURES.analyse(y)
    assert len(segments) == whole.shape[1] // FEATURES.frames
    assert np.allclose(np.concatenate(list(segments), axis=1), whole[:, : len(segments) * 16], atol=1e-4)
    assert store.card.statistics["seconds"] == pytest.approx(len(store) * 16 * 256 / 22_050)


def test_a_sound_shorter_than_a_segment_is_followed_by_silence(folder, tmp_path):
    y = 0.5 * np.sin(0.1 * np.arange(3_000, dtype=np.float32))
    soundfile.write(folder / "low" / "drum.wav", y, 22_050, "FLOAT")
    card = prepare(folder, tmp_path / "a")
    store = FeatureStore(tmp_path / "a")
    (segment,) = read(store, np.flatnonzero(store.tracks.names == b"low/drum.wav"))
    count = FEATURES.analyse(y).shape[1]
    assert not card.skipped
    assert 0 < count < FEATURES.frames
    assert np.allclose(segment[:, :count], FEATURES.analyse(y), atol=1e-4)
    assert not segment[:, count:].any()


def test_single_frames_lose_their_dynamics_and_the_quiet_ones_are_left_out(tmp_path):
    (tmp_path / "audio").mkdir()
    noise = np.random.default_rng(0).standard_normal(44_100).astype(np.float32)
    decay = 10.0 ** (-3.0 * np.arange(44_100) / 44_100)  # 60 dB
    soundfile.write(tmp_path / "audio" / "dying.wav", 0.2 * noise * decay, 44_100, "FLOAT")
    soundfile.write(tmp_path / "audio" / "steady.wav", 0.01 * noise, 44_100, "FLOAT")
    prepare(tmp_path / "audio", tmp_path / "a", PrepareOptions(FRAME, workers=1))
    store = FeatureStore(tmp_path / "a")
    mel = FRAME.denormalise(read(store, np.arange(2))[:, :, 0])
    levels_db = frame_levels_db(np.maximum(np.linalg.pinv(FRAME.filter_bank) @ mel.T, 0.0))
    assert levels_db == pytest.approx(20.0 * np.log10(0.2), abs=14.0)  # three tenths of at most 40 dB are kept
    frames = dict(zip(store.tracks.names.tolist(), store.tracks.items.tolist(), strict=True))
    assert frames[b"steady.wav"] == 1 + (44_100 - FRAME.n_fft) // FRAME.hop_length
    assert frames[b"dying.wav"] == pytest.approx(40 / 60 * frames[b"steady.wav"], rel=0.1)


def test_every_label_is_in_both_halves(folder, tmp_path):
    prepare(folder, tmp_path / "a")
    store = FeatureStore(tmp_path / "a")
    labels = store.tracks.labels
    train, held = (set(labels[store.tracks.held == half].tolist()) for half in (False, True))
    assert train == held == {b"low", b"high"}


def test_tracks_of_one_each_leave_one_to_evaluate_with():
    assert hold_out(np.array(["a", "b", "c"]), 0.1, 0).sum() == 1
    assert not hold_out(np.array(["a"]), 0.1, 0).any()


def test_a_full_disk_is_a_sentence_and_the_rest_is_kept(folder, tmp_path, monkeypatch):
    write, calls = shards.write_whole, []

    def full(path, pieces, durable):
        calls.append(path.suffix)
        if calls.count(".npy") == 4:
            raise OSError(errno.ENOSPC, "No space left on device")
        write(path, pieces, durable)

    monkeypatch.setattr(shards, "write_whole", full)
    with pytest.raises(TrainingError, match=r"disk .* is full"):
        prepare(folder, tmp_path / "a")
    assert not list(tmp_path.rglob("*.part*"))
    prepare(folder, tmp_path / "a")
    assert calls.count(".npy") == 11


def test_a_disk_too_small_is_told_before_the_work(folder, tmp_path, monkeypatch):
    monkeypatch.setattr(feature_preparation.shutil, "disk_usage", lambda path: SimpleNamespace(free=1000))
    with pytest.raises(TrainingError, match="are free"):
        prepare(folder, tmp_path / "a")


def test_what_is_no_store_is_refused(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "index.json").write_text("notes")
    with pytest.raises(TrainingError, match="no folder of prepared features"):
        FeatureStore(tmp_path / "a")
    with pytest.raises(TrainingError, match="aitunes-train prepare"):
        FeatureStore(tmp_path / "b")


def test_a_store_without_one_of_its_shards_or_with_half_of_one_is_refused(folder, tmp_path):
    prepare(folder, tmp_path / "a")
    shard = next((tmp_path / "a").glob("0*.npy"))
    shard.write_bytes(shard.read_bytes()[:-4])
    with pytest.raises(TrainingError, match=rf"1 of 10 shards .*{shard.name}"):
        FeatureStore(tmp_path / "a")
    shard.unlink()
    with pytest.raises(TrainingError, match=rf"1 of 10 shards .*{shard.name}"):
        FeatureStore(tmp_path / "a")


def test_a_store_stays_until_the_next_one_is_whole(folder, tmp_path):
    prepare(folder, tmp_path / "a")
    before = contents(tmp_path / "a")

    def stop(done, total, seconds):
        if done == 4:
            raise KeyboardInterrupt

    other = PrepareOptions(AudioFeatures(22_050, 1024, 256, 40, 50.0, 11_025.0, frames=8), workers=1)
    with pytest.raises(TrainingError, match="goes on where it stood"):
        prepare_tracks(read_folder(folder), other, tmp_path / "a", stop)
    assert before.items() <= contents(tmp_path / "a").items()
    assert FeatureStore(tmp_path / "a").card.features == FEATURES
    prepare(folder, tmp_path / "a")
    assert contents(tmp_path / "a") == before


def test_a_file_in_the_place_of_the_store_is_a_sentence(folder, tmp_path):
    (tmp_path / "a").write_text("notes")
    with pytest.raises(TrainingError, match="is no folder"):
        prepare(folder, tmp_path / "a")


def test_segments_are_spread_evenly_where_only_some_are_wanted():
    S = np.repeat(np.arange(1, 101, dtype=np.float32), 2)[:, None] / 100
    assert cut(S, 2, 3)[:, 0, 0].tolist() == pytest.approx([0.01, 0.51, 1.0])


@pytest.mark.parametrize("items", [[], [3], [5, 2, 2, 0], [1, 2, 3]])
def test_segments_come_in_the_order_asked(folder, tmp_path, items):
    prepare(folder, tmp_path / "a")
    store = FeatureStore(tmp_path / "a")
    segments = StoredSegments.of(store, np.arange(10))
    assert np.array_equal(segments[np.array(items, np.int64)], read(store, np.arange(10))[items])
