"""The whole command, on small folders: what a new user gets, and what comes of what is no good."""

import contextlib
import itertools
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("lightning", reason="pip install aitunes[training]")

from aitunes.errors import AiTunesError
from aitunes.release.motion import read_motion
from aitunes.release.reader import read_release
from training.learn.options import LearnOptions
from training.learn.session import learn

pytestmark = [pytest.mark.training, pytest.mark.timeout(1200)]

ROOT = Path(__file__).parents[3]
RATE = 22_050


@contextlib.contextmanager
def _command(*words, home):
    """The command as a process, and the lines that it tells."""
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "training.cli", "learn", *map(str, words), "--json-progress"],
        env={**os.environ, "PYTHONPATH": str(ROOT), "AITUNES_HOME": str(home)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield process, (json.loads(line) for line in process.stdout)
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
        process.stdin.close()


def test_a_folder_of_notes_becomes_an_instrument_that_the_engine_plays(sounds, tmp_path, playing_engine, tiny):
    for n in range(9):
        sounds.note(f"harp_{n}.wav", 50 + 3 * n)
    home = tmp_path / "home"
    tiny.write(home / "releases", "before")
    address, playing = playing_engine(home / "releases", "before", AITUNES_HOME=str(home))
    words = [sounds.folder, "--minutes", "0.2", "--connect", address, "--public-name", "Harp"]
    with _command(*words, home=home) as (process, lines):
        told = list(lines)
        assert process.wait() == 0
    release = read_release(home / "releases" / "my-sounds")
    assert [spec.name for spec in release.card.inputs] == ["z", "pitch", "level"]
    assert release.card.public_name == "Harp"
    assert release.card.training.data_items == 9
    motion = read_motion(release.folder, release.card)
    assert motion is not None
    slope = np.diff(motion.level[motion.marks[0, 0] : motion.marks[0, 3]]).mean() * motion.level_rate
    assert slope == pytest.approx(-17.4, abs=3.0)  # exp(−2t), in dB a second
    assert release.card.training.command.startswith("aitunes-train learn ")
    said = " ".join(line.get("said", "") for line in told)
    assert "single notes, each with a pitch (9 of 9" in said
    assert "9 notes of 1 instrument, D3 to D5" in said
    versions = [line["version"] for line in told if "version" in line]
    assert versions[0]["plays"]
    assert playing() == "my-sounds"
    done = next(line["done"] for line in told if "done" in line)
    assert done["versions"] == len(versions)
    assert done["held_db"] == pytest.approx(release.card.training.metrics["held_out_db"], abs=0.01)
    shares = [line["progress"]["share"] for line in told if "progress" in line]
    assert all(later >= earlier for earlier, later in itertools.pairwise(shares))


def _noises(sounds, count=6, seconds=2.0):
    for n in range(count):
        y = np.random.default_rng(n).standard_normal(round(seconds * RATE))
        sounds.write(f"{n}.wav", 0.1 * np.convolve(y, np.ones(1 + 4 * n) / (1 + 4 * n), "same"))


@pytest.mark.parametrize("way", ["signal", "word"])
def test_a_stop_keeps_the_best_so_far(sounds, tmp_path, way):
    _noises(sounds)
    with _command(sounds.folder, "--minutes", "30", "--no-play", home=tmp_path) as (process, lines):
        next(line for line in lines if "version" in line)
        if way == "signal":
            process.send_signal(signal.SIGINT)
        else:
            process.stdin.write("stop\n")
            process.stdin.flush()
        told = list(lines)
        assert process.wait() == 0
    assert any("Stopped; the best so far is kept." in line.get("said", "") for line in told)
    assert told[-1]["done"]["was_stopped"]
    read_release(tmp_path / "releases" / "my-sounds")
    assert [path.name for path in (tmp_path / "releases").iterdir()] == ["my-sounds"]  # no leavings


def _learn(sounds, tmp_path, heard, **options):
    chosen = {"minutes": 0.05, "engine": None, "workers": 1, **options}
    return learn(LearnOptions(sounds.folder, tmp_path / "releases", **chosen), heard)


def test_any_sound_becomes_a_release_the_flaws_are_named_and_the_next_one_takes_its_place(sounds, tmp_path, heard):
    _noises(sounds)
    (sounds.folder / "._0.wav").write_bytes(b"\x00\x05\x16\x07" + bytes(200))
    (sounds.folder / "0.wav.asd").write_bytes(b"ableton")
    (sounds.folder / "broken.flac").write_bytes(b"fLaC")
    (sounds.folder / "copy.wav").write_bytes((sounds.folder / "1.wav").read_bytes())
    learnt = _learn(sounds, tmp_path, heard, coordinates=4)
    card = read_release(learnt.folder).card
    assert card.latent_dim == 4
    assert card.is_frame_model
    assert "8 files with 14 s of sound" in heard.text or "8 files with" in heard.text
    assert "Damaged, left out: broken.flac" in heard.text
    assert "Duplicates, used once: " in heard.text
    assert "2 side files" in heard.text
    assert "Taken for textures" in heard.text
    assert "To play it: aitunes --releases" in heard.text
    assert heard.facts["held_db"] == learnt.held_db
    motion = read_motion(learnt.folder, card)
    assert motion is not None
    assert motion.code_starts[-1] > 100
    before = (learnt.folder / "card.json").read_bytes()
    second = _learn(sounds, tmp_path, heard, public_name="Other")
    assert second.folder == learnt.folder
    assert (second.folder / "card.json").read_bytes() != before
    assert read_release(second.folder).card.public_name == "Other"


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({}, "There is no sound file in"),
        ({"a.txt": b"text", "b.als": b"set"}, r"Not sound, ignored: 2 files"),
        ({"a.wav": b"RIFF", "b.mp3": bytes(300)}, "No sound file can be read in .* Damaged: "),
        ({"a.wav": b""}, "Empty, left out: a.wav"),
    ],
)
def test_a_folder_without_sound_is_a_sentence(sounds, tmp_path, heard, files, words):
    for name, contents in files.items():
        (sounds.folder / name).write_bytes(contents)
    with pytest.raises(AiTunesError, match=words):
        _learn(sounds, tmp_path, heard)
    assert not list((tmp_path / "releases").glob("*"))


@pytest.mark.parametrize(
    "make",
    [
        lambda sounds: sounds.write("silence.wav", np.zeros(3 * RATE)),
        lambda sounds: sounds.write("constant.wav", np.full(3 * RATE, 0.5)),
        lambda sounds: sounds.noise("short.wav", seconds=0.02),
    ],
    ids=["silence", "DC", "too short"],
)
def test_too_little_is_a_sentence_and_nothing_is_installed(sounds, tmp_path, heard, make):
    make(sounds)
    with pytest.raises(AiTunesError):
        _learn(sounds, tmp_path, heard)
    assert not list((tmp_path / "releases").glob("*"))


def _click():
    y = np.zeros(RATE)
    y[RATE // 2] = 0.9
    return y


@pytest.mark.parametrize("y", [np.random.default_rng(0).normal(0, 0.1, 2 * RATE), _click()], ids=["noise", "a click"])
def test_a_second_of_one_file_is_enough(sounds, tmp_path, heard, y):
    sounds.write("one.wav", y)
    learnt = _learn(sounds, tmp_path, heard)
    assert read_release(learnt.folder).card.is_frame_model


def test_notes_that_are_none_are_refused_with_advice(sounds, tmp_path, heard):
    for n in range(4):
        sounds.noise(f"{n}.wav", seed=n)
    with pytest.raises(AiTunesError, match="--kind textures"):
        _learn(sounds, tmp_path, heard, kind="notes")
