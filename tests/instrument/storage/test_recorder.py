import queue
import signal
import subprocess
import sys
import threading

import numpy as np
import pytest
import soundfile

from aitunes.errors import AiTunesError
from instrument.outputs import OutputError
from instrument.storage.recorder import Recorder, RecordingError


@pytest.fixture
def recorder(tmp_path):
    return Recorder(tmp_path / "recordings", 48_000.0)


@pytest.mark.parametrize("name", ["take.wav", "take 1.flac", "Élan.wav"])
def test_what_was_played_is_recorded(recorder, tmp_path, rng, name):
    y = rng.uniform(-0.9, 0.9, (12_800, 2)).astype(np.float32)
    recorder.start(name)
    assert recorder.recording
    for block in y.reshape(-1, 128, 2):
        recorder.push(block)
    recorder.stop()
    assert not recorder.recording
    heard, rate = soundfile.read(tmp_path / "recordings" / name, dtype="float32")
    assert rate == 48_000
    assert np.allclose(heard, y, atol=2**-22)


def test_nothing_is_recorded_outside_start_and_stop(recorder, tmp_path):
    recorder.push(np.ones((128, 2), np.float32))
    recorder.start("a.wav")
    recorder.stop()
    recorder.push(np.ones((128, 2), np.float32))
    assert soundfile.info(tmp_path / "recordings" / "a.wav").frames == 0


@pytest.mark.parametrize(("name", "frames"), [("a.wav", 0), ("a.flac", 1)])
def test_a_recording_that_is_stopped_at_once_can_be_read(recorder, tmp_path, name, frames):
    recorder.start(name)
    recorder.stop()
    assert soundfile.info(tmp_path / "recordings" / name).frames == frames


def test_one_recording_at_a_time(recorder):
    recorder.start("a.wav")
    with pytest.raises(RecordingError, match="runs already"):
        recorder.start("b.wav")
    recorder.stop()
    with pytest.raises(RecordingError, match="no recording runs"):
        recorder.stop()


def test_an_older_recording_is_never_overwritten(recorder, tmp_path):
    recorder.start("a.wav")
    recorder.stop()
    before = (tmp_path / "recordings" / "a.wav").read_bytes()
    with pytest.raises(RecordingError, match="exists already"):
        recorder.start("a.wav")
    assert (tmp_path / "recordings" / "a.wav").read_bytes() == before


@pytest.mark.parametrize(
    "name", ["../a.wav", "/tmp/a.wav", "a/b.wav", "..", "", ".a.wav", "a\\b.wav", "a\n.wav", "x" * 200]
)
def test_a_name_that_leaves_the_folder_is_refused(recorder, tmp_path, name):
    with pytest.raises(AiTunesError, match="is not a plain file name"):
        recorder.start(name)
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_ending_is_refused(recorder):
    with pytest.raises(OutputError, match="must end in"):
        recorder.start("a.mp3")


def test_a_failure_while_writing_is_told_at_the_stop_and_leaves_what_there_is(recorder, tmp_path, monkeypatch):
    recorder.start("a.wav")
    recorder.push(np.full((128, 2), 0.5, np.float32))
    written = threading.Event()

    def full(output, y):
        written.set()
        raise OutputError("a.wav cannot be written: No space left on device.")

    # The first block must be on disk before the disk is full.
    recorder._blocks.put(np.zeros((0, 2), np.float32))
    while not recorder._blocks.empty():
        pass
    monkeypatch.setattr("instrument.outputs.file.FileOutput.write", full)
    recorder.push(np.zeros((128, 2), np.float32))
    assert written.wait(60.0)
    with pytest.raises(RecordingError, match="No space left"):
        recorder.stop()
    assert soundfile.read(tmp_path / "recordings" / "a.wav")[0][:128] == pytest.approx(0.5)


def test_a_stop_in_the_midst_of_a_push_does_not_stop_the_sound(tmp_path):
    class StoppedAtTheSecondLook(Recorder):
        looks = None

        @property
        def _blocks(self):
            if self.looks is not None:
                self.looks += 1
            return self.queue if not self.looks or self.looks == 1 else None

        @_blocks.setter
        def _blocks(self, queue):
            self.queue = queue

    recorder = StoppedAtTheSecondLook(tmp_path, 48_000.0)
    recorder.start("a.wav")
    recorder.looks = 0
    recorder.push(np.zeros((16, 2), np.float32))
    assert recorder.looks == 1
    recorder.looks = None
    recorder.stop()


@pytest.mark.parametrize("place", ["recordings", "home"])
def test_a_file_in_the_folders_place_is_a_sentence(tmp_path, place):
    (tmp_path / place).write_text("not a folder")
    recorder = Recorder(tmp_path / "home" / "recordings" if place == "home" else tmp_path / place, 48_000.0)
    with pytest.raises(RecordingError, match=r"recordings cannot be kept in .*: a file is where a folder should be"):
        recorder.start("a.wav")
    assert not recorder.recording


@pytest.mark.parametrize("call", ["exists", "mkdir"])
def test_a_folder_that_may_not_be_used_is_a_sentence(recorder, monkeypatch, call):
    def forbid(*arguments, **options):
        raise PermissionError(13, "Permission denied", "recordings")

    monkeypatch.setattr(f"pathlib.Path.{call}", forbid)
    with pytest.raises(RecordingError, match=r"recordings cannot be kept in .*: Permission denied$"):
        recorder.start("a.wav")


def test_the_longest_name_of_many_bytes_is_recorded(recorder, tmp_path):
    name = "🎹" * 49 + ".wav"
    recorder.start(name)
    recorder.stop()
    assert (tmp_path / "recordings" / name).is_file()


def test_a_full_disk_is_told_at_once_and_once(tmp_path, rng):
    resource = pytest.importorskip("resource", reason="Windows limits no file's size")
    told = queue.SimpleQueue()
    recorder = Recorder(tmp_path, 48_000.0, told.put)
    recorder.start("a.wav")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, before[1]))
    try:
        for _ in range(500):
            recorder.push(rng.uniform(-0.5, 0.5, (128, 2)).astype(np.float32))
        sentence = told.get(timeout=60.0)
        assert sentence == f"{tmp_path / 'a.wav'} cannot be written: the disk is full or gone."
        with pytest.raises(RecordingError, match=r"full or gone\.$"):
            recorder.stop()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert told.empty()
    assert soundfile.info(tmp_path / "a.wav").frames > 7_500


def test_a_start_that_fails_leaves_nothing(recorder, tmp_path, monkeypatch):
    def refuse(*arguments, **options):
        raise soundfile.LibsndfileError(2, "Error opening 'a.wav': ")

    monkeypatch.setattr("soundfile.SoundFile._open", refuse)
    with pytest.raises(OutputError, match=r"a\.wav cannot be written: the disk is full or gone\.$"):
        recorder.start("a.wav")
    assert not recorder.recording
    assert list((tmp_path / "recordings").iterdir()) == []


_KILLED = """
import os, signal, sys
from pathlib import Path
import numpy as np
from instrument.storage.recorder import Recorder

recorder = Recorder(Path(sys.argv[1]), 48_000.0)
recorder.start(sys.argv[2])
for n in range(100):
    recorder.push(np.full((480, 2), 0.25, np.float32))
recorder._blocks.put(np.zeros((0, 2), np.float32))
while not recorder._blocks.empty():
    pass
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="Windows has no SIGKILL")
@pytest.mark.parametrize(("name", "least"), [("take.wav", 47_000), ("take.flac", 38_000)])
def test_after_a_kill_the_take_can_be_read_at_once_and_the_next_start_names_it(recorder, tmp_path, name, least):
    folder = tmp_path / "recordings"
    subprocess.run([sys.executable, "-c", _KILLED, folder, name], check=False, timeout=60)
    (left,) = folder.iterdir()
    assert left.name == name.replace("take", "take.unfinished")
    y, _ = soundfile.read(left)
    assert least <= len(y) <= 48_000
    assert np.allclose(y, 0.25, atol=2**-22)
    (sentence,) = recorder.rescue()
    assert sentence.startswith(f"The recording {name} was interrupted; what there is of it, ")
    assert [path.name for path in folder.iterdir()] == [name]
    assert len(soundfile.read(folder / name)[0]) == len(y)
    assert recorder.rescue() == []


def test_the_header_is_true_while_it_is_recorded(recorder, tmp_path):
    recorder.start("take.wav")
    for _ in range(10):
        recorder.push(np.full((480, 2), 0.25, np.float32))
    recorder._blocks.put(np.zeros((0, 2), np.float32))
    while not recorder._blocks.empty():
        pass
    assert soundfile.info(tmp_path / "recordings" / "take.unfinished.wav").frames >= 4_320
    recorder.stop()
    assert soundfile.info(tmp_path / "recordings" / "take.wav").frames == 4_800


def test_a_take_of_another_engine_is_neither_replaced_nor_rescued(recorder, tmp_path):
    other = Recorder(tmp_path / "recordings", 48_000.0)
    recorder.start("take.wav")
    recorder.push(np.full((480, 2), 0.25, np.float32))
    assert other.rescue() == []
    with pytest.raises(RecordingError, match=r"take\.wav is being recorded by another AiTunes"):
        other.start("take.wav")
    recorder.stop()
    with pytest.raises(RecordingError, match="exists already"):
        other.start("take.wav")


def test_a_file_that_appears_meanwhile_is_not_replaced(tmp_path):
    sentences = []
    recorder = Recorder(tmp_path, 48_000.0, sentences.append)
    recorder.start("take.wav")
    (tmp_path / "take.wav").write_text("mine")
    recorder.stop()
    assert (tmp_path / "take.wav").read_text() == "mine"
    assert soundfile.info(tmp_path / "take-2.wav").frames == 0
    assert sentences == ["take.wav has appeared meanwhile; the recording is take-2.wav"]


def test_what_is_left_of_a_take_never_replaces_another(recorder, tmp_path, rng):
    folder = tmp_path / "recordings"
    folder.mkdir()
    (folder / "take.wav").write_text("mine")
    soundfile.write(folder / "take.unfinished.wav", rng.uniform(size=(4_800, 2)), 48_000)
    (folder / "empty.unfinished.wav").touch()
    (folder / "damaged.unfinished.flac").write_text("no sound")
    sentences = recorder.rescue()
    assert [sentence.split(";")[0] for sentence in sentences] == [
        "The recording take.wav was interrupted",
        f"{folder / 'damaged.unfinished.flac'} is left of a recording that was interrupted",
    ]
    assert sorted(path.name for path in folder.iterdir()) == ["damaged.unfinished.flac", "take-2.wav", "take.wav"]


def test_names_of_running_recordings_are_no_names_of_takes(recorder):
    with pytest.raises(RecordingError, match="belong to recordings that run"):
        recorder.start("take.unfinished.wav")
