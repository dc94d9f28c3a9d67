"""A sound file becomes a place in the latent space."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from aitunes.errors import ReleaseError
from aitunes.motion.choice import TYPICAL
from aitunes.release.card import LATENT_LIMIT
from instrument.pad.encoding import EncoderQueue, SoundError, encode, segments
from instrument.storage.library import Library

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def bundled():
    return Library().find("first-light")


@pytest.fixture
def sound(tmp_path):
    def write(hz, name="sound.wav", rate=48_000, gain=0.5, seconds=0.5, channels=1):
        t = np.arange(round(seconds * rate)) / rate
        y = gain * sum(np.sin(2 * np.pi * hz * k * t) / k for k in (1, 2, 3))
        soundfile.write(tmp_path / name, np.stack([y] * channels, axis=1), rate)
        return tmp_path / name

    return write


def test_loudness_rate_and_channels_do_not_move_a_sound(bundled, sound):
    expected = encode(bundled, sound(440.0)).coordinates
    assert expected.shape == (8,)
    assert np.abs(expected).max() <= LATENT_LIMIT
    other = encode(bundled, sound(440.0, "other.flac", rate=44_100, gain=0.05, channels=2)).coordinates
    np.testing.assert_allclose(other, expected, atol=0.15)


def test_what_sounds_different_lies_apart(bundled, sound):
    low, near, high = (encode(bundled, sound(hz, f"{hz}.wav")).coordinates for hz in (220.0, 225.0, 1_760.0))
    assert np.linalg.norm(low - near) < 0.5 * np.linalg.norm(low - high)


def test_silence_after_a_sound_changes_nothing(bundled, sound, tmp_path):
    y, rate = soundfile.read(sound(330.0))
    soundfile.write(tmp_path / "long.wav", np.concatenate([y, np.zeros(rate)]), rate)
    expected = encode(bundled, tmp_path / "sound.wav").coordinates
    np.testing.assert_allclose(encode(bundled, tmp_path / "long.wav").coordinates, expected, atol=0.2)


def test_a_sound_shorter_than_a_window_is_encoded(bundled, sound):
    assert np.isfinite(encode(bundled, sound(440.0, seconds=0.005)).coordinates).all()


def test_a_note_is_heard_to_begin_and_to_fall(tmp_path):
    """Beside what is typical of its place in Chamber, which knows how its instruments do."""
    t = np.arange(88_200) / 44_100
    tone = sum(np.sin(2 * np.pi * 220.0 * k * t) / k for k in range(1, 6))
    found = {}
    for name, seconds, slope in (("plucked", 0.003, -30.0), ("bowed", 0.3, 0.0)):
        y = 0.2 * tone * np.minimum(1.0, t / seconds) * 10.0 ** (slope * t / 20.0)
        soundfile.write(tmp_path / f"{name}.wav", np.pad(y, (4_410, 4_410)), 44_100)
        found[name] = encode(Library().find("chamber"), tmp_path / f"{name}.wav").contour
    assert found["bowed"].attack > 5.0 * found["plucked"].attack
    assert found["plucked"].decay > found["bowed"].decay + 15.0


def test_what_is_no_single_note_has_the_contour_of_its_place(tmp_path):
    noise = 0.1 * np.random.default_rng(3).normal(size=44_100)
    soundfile.write(tmp_path / "noise.wav", noise, 44_100)
    assert encode(Library().find("chamber"), tmp_path / "noise.wav").contour == TYPICAL


def test_segments_are_the_frames_in_order():
    S = np.arange(12, dtype=np.float32).reshape(1, 12)
    assert segments(S, 1)[:, 0, 0].tolist() == list(range(12))
    assert segments(S, 4)[:, 0].tolist() == [[0, 1, 2, 3], [2, 3, 4, 5], [4, 5, 6, 7], [6, 7, 8, 9], [8, 9, 10, 11]]


def test_silence_and_what_is_no_sound_are_refused(bundled, sound, tmp_path):
    with pytest.raises(SoundError, match=r"sound\.wav is silent"):
        encode(bundled, sound(440.0, gain=0.0))
    (tmp_path / "words.wav").write_text("no sound")
    with pytest.raises(SoundError, match=r"words\.wav cannot be read as sound"):
        encode(bundled, tmp_path / "words.wav")
    with pytest.raises(SoundError, match="65 channels; at most 64"):
        encode(bundled, sound(440.0, channels=65))


def test_an_encoder_that_was_not_exported_is_refused(bundled, sound, tmp_path):
    shutil.copytree(bundled, tmp_path / "bundled")
    (tmp_path / "bundled" / "encoder.onnx").write_bytes(b"something else")
    with pytest.raises(ReleaseError, match="not the file that was exported"):
        encode(tmp_path / "bundled", sound(440.0))


def test_it_is_a_program(bundled, sound, tmp_path):
    def run(path):
        command = [sys.executable, "-m", "instrument.pad.encoding", str(bundled), str(path)]
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=280)

    done = run(sound(440.0))
    found = encode(bundled, tmp_path / "sound.wav")
    np.testing.assert_allclose(json.loads(done.stdout)["coordinates"], found.coordinates)
    refused = run(tmp_path / "nothing.wav")
    assert (refused.returncode, refused.stderr) == (1, "nothing.wav is no file.\n")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="Windows has no FIFOs in folders")
def test_a_pipe_is_not_waited_for(bundled, tmp_path):
    os.mkfifo(tmp_path / "pipe.wav")
    with pytest.raises(SoundError, match=r"pipe\.wav is no file"):
        encode(bundled, tmp_path / "pipe.wav")


@pytest.mark.parametrize("rate", [1, 3_999, 500_000, 2**31 - 1])
def test_a_sample_rate_that_no_sound_has_is_refused(bundled, tmp_path, rate):
    soundfile.write(tmp_path / "odd.wav", np.ones(100), rate)
    with pytest.raises(SoundError, match=f"{rate:,} Hz"):
        encode(bundled, tmp_path / "odd.wav")


def with_encoder(bundled, folder, operation, *inputs):
    """Copy a release, with an encoder that is one operation on the mean of its input."""
    onnx = pytest.importorskip("onnx")
    mean = onnx.helper.make_node("ReduceMean", ["S"], ["mean"], axes=[1], keepdims=0)
    node = onnx.helper.make_node(operation, ["mean" if name == "mean" else name for name in inputs], ["z"])
    zero = onnx.numpy_helper.from_array(np.zeros((), np.float32), "zero")
    shapes = {"S": ["n", "mels", "frames"], "z": ["n", "d"]}
    values = {name: onnx.helper.make_tensor_value_info(name, 1, shape) for name, shape in shapes.items()}
    graph = onnx.helper.make_graph([mean, node], "encoder", [values["S"]], [values["z"]], [zero])
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 13)], ir_version=8)
    content = model.SerializeToString()
    shutil.copytree(bundled, folder)
    (folder / "encoder.onnx").write_bytes(content)
    card = json.loads((folder / "card.json").read_text())
    card["files"]["encoder.onnx"] = hashlib.sha256(content).hexdigest()
    (folder / "card.json").write_text(json.dumps(card))
    return folder


@pytest.mark.parametrize(("operation", "inputs"), [("Div", ("mean", "zero")), ("Identity", ("mean",))])
def test_an_encoder_that_answers_nonsense_makes_no_anchor(bundled, sound, tmp_path, operation, inputs):
    folder = with_encoder(bundled, tmp_path / "hostile", operation, *inputs)
    with pytest.raises(ReleaseError, match="something else than 8 finite numbers"):
        encode(folder, sound(440.0))


def test_an_encoder_that_takes_too_long_is_ended_and_the_next_file_has_its_turn(bundled, sound, qtbot):
    queue = EncoderQueue(timeout_seconds=0.01)
    sentences = []
    queue.failed.connect(sentences.append)
    queue.add(bundled, sound(440.0))
    queue.add(bundled, sound(660.0, "second.wav"))
    qtbot.waitUntil(lambda: len(sentences) == 2, timeout=60_000)
    reason = "could not be encoded: it took too long or too much memory."
    assert sentences == [f"sound.wav {reason}", f"second.wav {reason}"]
    assert not queue.busy
