import hashlib
import os

import numpy as np
import pytest
import soundfile

from aitunes.audio_generation.dataset import MANIFEST, DatasetError, generate_dataset_of_simple_instruments
from aitunes.audio_generation.sinewave import FAMILIES, sinewave_clip
from aitunes.errors import InvalidSoundError

SAMPLE_RATE = 16_000


def generate(folder, clips=2, seed=0, duration=0.1):
    return generate_dataset_of_simple_instruments(folder, SAMPLE_RATE, duration, clips, seed=seed)


def contents(folder):
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_every_label_has_a_folder_with_as_many_clips(tmp_path):
    paths = generate(tmp_path, clips=3)
    labels, counts = np.unique([path.parent.name for path in paths], return_counts=True)
    assert set(labels) == {label.replace(" ", "_") for label in FAMILIES}
    assert set(counts) == {3}
    for path in paths:
        info = soundfile.info(path)
        assert (info.samplerate, info.channels, info.frames) == (SAMPLE_RATE, 1, 1_600)


def test_the_files_hold_the_clips_that_the_seed_names(tmp_path):
    paths = generate(tmp_path, seed=5)
    clip = sinewave_clip(len(FAMILIES) + 3, 5, 0.1, SAMPLE_RATE)  # the second of the fourth family
    path = next(path for path in paths if path.name == f"{clip.label}-0001.wav")
    assert np.abs(soundfile.read(path)[0] - clip.y).max() <= 1.0 / 2**15


def test_a_seed_gives_the_same_bytes_anywhere_and_another_seed_others(tmp_path):
    for name, seed in (("once", 1), ("again", 1), ("other", 2)):
        generate(tmp_path / name, seed=seed)
    once, again, other = (contents(tmp_path / name) for name in ("once", "again", "other"))
    assert once == again
    assert once.keys() == other.keys()
    assert all(once[name] != other[name] for name in once)


def test_the_manifest_lists_every_clip_as_sha256sum_does(tmp_path):
    paths = generate(tmp_path)
    listed = dict(reversed(line.split("  ")) for line in (tmp_path / MANIFEST).read_text().splitlines())
    assert listed == {
        path.relative_to(tmp_path).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in paths
    }


def test_a_new_set_replaces_the_old_one_and_nothing_else(tmp_path):
    generate(tmp_path, clips=3, seed=1)
    mine, beside = tmp_path / "mine.txt", tmp_path / "chord" / "mine.wav"
    for path in (mine, beside):
        path.write_bytes(b"mine")
    paths = generate(tmp_path, clips=1, seed=2)
    assert set(contents(tmp_path)) == {
        path.relative_to(tmp_path) for path in [*paths, mine, beside, tmp_path / MANIFEST]
    }
    assert mine.read_bytes() == beside.read_bytes() == b"mine"


def test_a_foreign_file_in_the_way_stops_it_before_anything_is_written(tmp_path):
    path = tmp_path / "vowel" / "vowel-0001.wav"
    path.parent.mkdir()
    path.write_bytes(b"mine")
    with pytest.raises(DatasetError, match=r"vowel-0001\.wav was not written by AiTunes"):
        generate(tmp_path)
    assert [*contents(tmp_path).values()] == [b"mine"]


def test_a_clip_that_somebody_changed_is_neither_replaced_nor_deleted(tmp_path):
    path = generate(tmp_path, clips=2)[1]
    path.write_bytes(b"changed")
    with pytest.raises(DatasetError, match="changed since"):
        generate(tmp_path, clips=2, seed=9)
    generate(tmp_path, clips=1)
    assert path.read_bytes() == b"changed"


def test_a_run_that_was_cut_off_can_be_repeated_with_other_arguments(tmp_path, monkeypatch):
    def stop(index, *args):
        if index == 5:
            raise KeyboardInterrupt
        return sinewave_clip(index, *args)

    generate(tmp_path, seed=1)
    with monkeypatch.context() as segment:
        segment.setattr("aitunes.audio_generation.dataset.sinewave_clip", stop)
        with pytest.raises(KeyboardInterrupt):
            generate(tmp_path, seed=2)
    with (tmp_path / MANIFEST).open("a") as manifest:
        manifest.write("0123 half a li")
    generate(tmp_path, seed=3)
    generate(tmp_path / "clean", seed=3)
    cleaned = contents(tmp_path / "clean")
    assert {name: data for name, data in contents(tmp_path).items() if name.parts[0] != "clean"} == cleaned


@pytest.mark.parametrize("line", ["holiday pictures\n", f"{'0' * 64}  ../outside.wav\n", f"{'0' * 64}  /etc/passwd\n"])
def test_a_manifest_that_is_none_is_refused(tmp_path, line):
    (tmp_path / MANIFEST).write_text(line)
    with pytest.raises(DatasetError, match="no list of generated files"):
        generate(tmp_path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="Windows has no FIFOs in folders")
def test_a_manifest_that_is_a_pipe_or_endless_is_refused(tmp_path):
    os.mkfifo(tmp_path / MANIFEST)
    with pytest.raises(DatasetError, match="cannot be read"):
        generate(tmp_path)
    (tmp_path / MANIFEST).unlink()
    with (tmp_path / MANIFEST).open("wb") as sparse:
        sparse.truncate(20_000_000_000)
    with pytest.raises(DatasetError, match="cannot be read"):
        generate(tmp_path)


def test_a_folder_that_cannot_be_written_to_is_named(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(DatasetError, match=r"file cannot be written to"):
        generate(tmp_path / "file")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [((4_000, 1.0, 1), "8000 Hz or more"), ((16_000, 1.0, 0), "one clip"), ((16_000, 0.0, 1), "at least one sample")],
)
def test_impossible_sets_are_refused(tmp_path, arguments, sentence):
    with pytest.raises(InvalidSoundError, match=sentence):
        generate_dataset_of_simple_instruments(tmp_path, *arguments)
