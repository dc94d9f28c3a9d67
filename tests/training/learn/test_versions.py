import errno
import itertools
from dataclasses import dataclass

import pytest

pytest.importorskip("rich", reason="pip install aitunes[training]")

from aitunes.errors import TrainingError
from training.learn.naming import check_writable, release_name
from training.learn.steps import Titles
from training.learn.stopping import Stop
from training.learn.versions import MIN_TRAINING_SECONDS, PlayingEngine, Versions

pytestmark = pytest.mark.training
TITLES = Titles("mine", "Mine", "Learnt by a test.", "mine", "aitunes-train learn mine")


@dataclass(frozen=True)
class Step:
    progress: float
    is_better: bool
    is_last: bool = False


class Learning:
    """Steps of given distances; every export costs some seconds of the clock."""

    def __init__(self, distances, clock, fails_at=(), error=errno.ENOSPC):
        self.distances, self.clock, self.fails_at, self.error = distances, clock, fails_at, error
        self.exports, self.best_db = [], float("inf")

    def run(self, seconds):
        for n, distance in enumerate(self.distances, 1):
            self.clock.now += seconds / len(self.distances)
            is_better = distance < self.best_db
            self.best_db = min(self.best_db, distance)
            yield Step(n / len(self.distances), is_better, n == len(self.distances))

    def export(self, to, titles):
        if len(self.exports) in self.fails_at:
            raise OSError(self.error, "refused", str(to))
        self.clock.now += 5.0
        self.exports.append(self.best_db)
        return to / titles.name


class SteadyLearning:
    """Gets a little better with every step of so many seconds, whose clock stands still while a version is exported."""

    def __init__(self, clock, step_seconds, export_seconds):
        self.clock, self.step_seconds, self.export_seconds = clock, step_seconds, export_seconds
        self.exports, self.best_db = 0, float("inf")

    def run(self, seconds):
        spent = 0.0
        while spent < seconds:
            spent += self.step_seconds
            self.clock.now += self.step_seconds
            self.best_db = 10.0 - 5.0 * spent / seconds
            yield Step(min(1.0, spent / seconds), True, spent >= seconds)

    def export(self, to, titles):
        self.exports += 1
        self.clock.now += self.export_seconds
        return to / titles.name


class Clock:
    now = 100.0

    def __call__(self):
        return self.now


@pytest.fixture
def work(tmp_path, heard):
    def make(distances, **failing):
        clock = Clock()
        learning = Learning(distances, clock, **failing)
        return learning, Versions(learning, TITLES, tmp_path, heard, PlayingEngine(None, heard), clock(), clock)

    return make


def test_the_first_state_is_installed_at_once_and_the_best_one_last(work, heard):
    learning, versions = work([9.0, 8.9, 8.0, 5.0, 5.5, 4.0, 4.5])
    learnt = versions.until(400.0, Stop())
    assert learning.exports[0] == 9.0
    assert learning.exports[-1] == 4.0
    assert learnt.held_db == 4.0
    assert [version.number for version in heard.versions] == list(range(1, len(learning.exports) + 1))
    assert heard.facts["release"] == "mine"
    assert "aitunes" in heard.text
    assert "--release mine" in heard.text


def test_versions_only_get_better(work):
    learning, versions = work([9.0, 12.0, 8.0, 11.0, 7.0, 30.0])
    versions.until(400.0, Stop())
    assert all(later < earlier for earlier, later in itertools.pairwise(learning.exports))


def test_exports_take_a_small_share_of_the_time(work):
    learning, versions = work([10.0 - 0.01 * n for n in range(900)])
    versions.until(400.0, Stop())
    assert 2 <= len(learning.exports) <= 12


@pytest.mark.parametrize("step_seconds", [0.05, 0.7, 5.0])
@pytest.mark.parametrize("export_seconds", [0.5, 5.0, 20.0, 70.0])
@pytest.mark.parametrize("prepared", [10.0, 200.0, 290.0, 400.0])
def test_the_time_is_overrun_by_no_more_than_the_last_export(tmp_path, heard, step_seconds, export_seconds, prepared):
    end, clock = 300.0, Clock()
    clock.now = prepared
    learning = SteadyLearning(clock, step_seconds, export_seconds)
    versions = Versions(learning, TITLES, tmp_path, heard, PlayingEngine(None, heard), 0.0, clock)
    learnt = versions.until(end, Stop())
    # What is learnt in no time at all is nothing: a few seconds are taken even where the time is over.
    begun = max(end, prepared + MIN_TRAINING_SECONDS)
    assert clock.now <= begun + step_seconds + export_seconds
    if prepared + MIN_TRAINING_SECONDS + 2.0 * export_seconds < end:
        assert clock.now <= end + step_seconds
    assert learnt.held_db == learning.best_db


def test_a_stop_keeps_the_best_so_far(work, heard):
    learning, versions = work([9.0, 8.0, 7.0, 6.0, 5.0])
    stop = Stop()
    original = learning.run

    def stopped(seconds):
        for step in original(seconds):
            if learning.best_db == 7.0:
                stop.is_gentle = True
                stop.request()
            yield step

    learning.run = stopped
    learnt = versions.until(400.0, stop)
    assert learnt.was_stopped
    assert learnt.held_db == 7.0
    assert "Stopped; the best so far is kept." in heard.text


def test_a_stop_before_there_is_anything_interrupts():
    with pytest.raises(KeyboardInterrupt):
        Stop().request()


@pytest.mark.parametrize(("error", "words"), [(errno.ENOSPC, "is full"), (errno.EROFS, "cannot be written")])
def test_a_disk_that_refuses_is_a_sentence(work, error, words):
    _, versions = work([9.0, 8.0], fails_at=(0,), error=error)
    with pytest.raises(TrainingError, match=f"{words}.*nothing was installed"):
        versions.until(400.0, Stop())


def test_a_disk_that_fills_later_leaves_the_version_before(work, heard):
    _, versions = work([9.0, 3.0], fails_at=(1,))
    with pytest.raises(TrainingError, match=r"The version before stays in .*mine"):
        versions.until(400.0, Stop())
    assert len(heard.versions) == 1


def test_a_model_that_never_comes_is_a_sentence(work):
    _, versions = work([float("inf"), float("inf")])
    with pytest.raises(TrainingError, match="Nothing was learnt"):
        versions.until(400.0, Stop())


def test_a_folder_that_cannot_be_written_is_a_sentence_before_the_work(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(TrainingError, match=r"cannot be written into .*--to"):
        check_writable(tmp_path / "file" / "releases")


def test_names_come_from_the_folder_and_take_nobodys_place(tmp_path, tiny):
    folder = tmp_path / "My Sounds"
    folder.mkdir()
    assert release_name(None, folder, tmp_path / "releases") == "my-sounds"
    tiny.write(tmp_path / "releases", "my-sounds")  # made of something else
    assert release_name(None, folder, tmp_path / "releases") == "my-sounds-2"
    with pytest.raises(TrainingError, match="something else"):
        release_name("my-sounds", folder, tmp_path / "releases")
    with pytest.raises(TrainingError, match="comes with AiTunes"):
        release_name("chamber", folder, tmp_path / "releases")
    with pytest.raises(TrainingError, match="lower-case"):
        release_name("../up", folder, tmp_path / "releases")


def test_a_folder_called_as_a_bundled_release_gets_a_name_of_its_own(tmp_path):
    (tmp_path / "Chamber").mkdir()
    assert release_name(None, tmp_path / "Chamber", tmp_path / "releases") == "chamber-2"


def test_a_time_that_is_over_before_learning_begins_still_gives_a_version(work, heard):
    learning, versions = work([9.0, 8.0])
    learnt = versions.until(50.0, Stop())  # the clock says 100
    assert learnt.versions >= 1
    assert learnt.held_db == learning.exports[-1]
