import threading

import numpy as np
import pytest

pytest.importorskip("rich", reason="pip install aitunes[training]")

from training.learn.gather import Limits, gather, open_headers, quotas
from training.learn.listing import list_folder
from training.learn.survey import Survey

pytestmark = pytest.mark.training
RATE = 22_050


class Kept:
    """A collector that keeps how much it was given."""

    sample_rate = RATE

    def __init__(self):
        self.seconds, self.largest = {}, 0

    def add(self, name, label, y, side=None):
        self.seconds[name] = self.seconds.get(name, 0.0) + y.size / RATE
        self.largest = max(self.largest, y.size)


def _gathered(folder, limits=Limits()):  # noqa: B008 - frozen
    survey, kept, shares = Survey(list_folder(folder)), Kept(), []
    gather(survey, open_headers(survey, limits), kept, limits, shares.append)
    return survey, kept, shares


def test_everything_of_a_small_folder_is_read(sounds):
    for n in range(5):
        sounds.noise(f"{n}.wav", seconds=1.0 + n, seed=n)
    survey, kept, shares = _gathered(sounds.folder)
    assert kept.seconds == pytest.approx({f"{n}.wav": 1.0 + n for n in range(5)})
    assert survey.read == survey.sampled == 5
    assert "5 files with 15 s of sound (mono)." in survey.sentences()[0]
    assert shares == sorted(shares)
    assert shares[-1] == pytest.approx(1.0)


def test_what_interrupts_reading_leaves_no_thread_behind(sounds):
    for n in range(8):
        sounds.noise(f"{n}.wav", seconds=25.0, seed=n)
    survey = Survey(list_folder(sounds.folder))

    def interrupt(share):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt) as held:  # and with it every frame of the call
        gather(survey, open_headers(survey, Limits()), Kept(), Limits(), interrupt)
    assert held.tb is not None
    assert "decode" not in {thread.name for thread in threading.enumerate()}


def test_what_is_wrong_with_files_is_named(sounds, rng):
    sounds.noise("good.wav", seconds=2.0)
    sounds.noise("copies/of good.flac", seconds=2.0).unlink()
    (sounds.folder / "copies" / "good.wav").write_bytes((sounds.folder / "good.wav").read_bytes())
    (sounds.folder / "broken.wav").write_bytes(b"RIFF nothing")
    sounds.write("loud.wav", np.clip(2.0 * rng.standard_normal(RATE), -1, 1))
    sounds.write("offset.wav", 0.3 + 0.05 * rng.standard_normal(RATE))
    tone = 0.4 * np.sin(np.arange(RATE) * 0.03)
    sounds.write("phase.wav", np.stack([tone, -tone], axis=1))
    sounds.write("gap.wav", np.concatenate([tone, np.zeros(3 * RATE), tone]))
    survey, kept, _ = _gathered(sounds.folder)
    text = " ".join(survey.sentences())
    assert "Damaged, left out: broken.wav (" in text
    assert len(survey.duplicates) == 1
    assert len(kept.seconds) == 5
    assert "Clipping: 1 file clipped" in text
    assert survey.clipped == ["loud.wav"]
    assert "(DC) was removed from offset.wav" in text
    assert "one channel was taken of phase.wav" in text
    assert survey.seconds_silent == pytest.approx(3.0, abs=0.1)


def test_files_of_silence_are_no_duplicates_of_each_other(sounds):
    for name in ("a.wav", "b.wav"):
        sounds.write(name, np.zeros(RATE))
    survey, _, _ = _gathered(sounds.folder)
    assert not survey.duplicates
    assert survey.seconds_silent == pytest.approx(2.0, abs=0.05)


def test_very_many_files_are_sampled_evenly(sounds):
    one = sounds.noise("0/0.wav", seconds=0.05)
    for folder in range(4):
        (sounds.folder / str(folder)).mkdir(exist_ok=True)
        for n in range(100):
            (sounds.folder / str(folder) / f"{n}.wav").write_bytes(one.read_bytes())
    survey, _, _ = _gathered(sounds.folder, Limits(files=60))
    assert survey.sampled == 60
    assert survey.read + len(survey.duplicates) == 60
    opened = {file.name.split("/")[0] for file, _ in open_headers(Survey(list_folder(sounds.folder)), Limits(files=60))}
    assert opened == {"0", "1", "2", "3"}
    assert "400 files" in survey.sentences()[0]


def test_a_long_file_is_read_in_pieces_up_to_its_share(sounds):
    sounds.write("long.wav", 0.1 * np.ones(300 * RATE, np.float32) * np.sin(np.arange(300 * RATE) * 0.05))
    sounds.noise("short.wav", seconds=3.0)
    survey, kept, _ = _gathered(sounds.folder, Limits(seconds=100.0))
    assert kept.seconds["short.wav"] == pytest.approx(3.0)
    assert 60.0 <= kept.seconds["long.wav"] <= 97.1
    assert kept.largest <= 20 * RATE
    assert "of it, spread evenly over 2 files, are used" in survey.sentences()[0]


def test_reading_ends_when_its_time_is_over(sounds):
    for n in range(6):
        sounds.noise(f"{n}.wav", seed=n)
    ticks = iter(range(1_000))
    survey, kept, _ = _gathered(sounds.folder, Limits(reading_seconds=20.0, clock=lambda: float(next(ticks))))
    assert survey.sampled == 6
    assert not survey.stopped_early
    assert len(kept.seconds) == 6
    survey, kept, _ = _gathered(sounds.folder, Limits(reading_seconds=20.0, clock=lambda: 4.0 * next(ticks)))
    assert survey.stopped_early
    assert 1 <= len(kept.seconds) < 6


def test_every_file_is_read_before_any_is_read_on(sounds):
    for n in range(3):
        sounds.noise(f"{n}.wav", seconds=90.0, seed=n)
    order = []

    class Order(Kept):
        def add(self, name, label, y, side=None):
            order.append(name)

    survey = Survey(list_folder(sounds.folder))
    gather(survey, open_headers(survey, Limits()), Order(), Limits(), lambda share: None)
    assert len(order) == 15
    assert all(set(order[at : at + 3]) == {"0.wav", "1.wav", "2.wav"} for at in range(0, 15, 3))


def test_a_mistake_of_the_collector_ends_the_decoder(sounds):
    sounds.noise("a.wav")

    class Broken(Kept):
        def add(self, name, label, y, side=None):
            raise ZeroDivisionError

    survey = Survey(list_folder(sounds.folder))
    with pytest.raises(ZeroDivisionError):
        gather(survey, open_headers(survey, Limits()), Broken(), Limits(), lambda share: None)


@pytest.mark.parametrize("lengths", [[1.0], [5.0, 5.0, 5.0], [0.1] * 50 + [10_000.0], [3.0, 400.0, 20.0]])
def test_quotas_use_the_whole_time_and_no_more(lengths):
    for seconds in (2.0, 60.0, 1e6):
        shares = quotas(lengths, seconds)
        assert sum(shares) == pytest.approx(min(seconds, sum(lengths)))
        assert all(share <= length for share, length in zip(shares, lengths, strict=True))
