"""Tests how a release's motion is stored, and what of it is refused."""

from dataclasses import replace

import numpy as np
import pytest

from aitunes.errors import ReleaseError
from aitunes.release.motion import MOTION, NOISE_BANDS, Motion, code_frames, read_motion
from aitunes.release.reader import read_card
from aitunes.release.writer import write_release


def make_motion(latent_dim=3, lengths=(40, 61)):
    rng = np.random.default_rng(3)
    codes = code_frames(np.array(lengths), 100.0, 25.0)
    return Motion(
        level_rate=100.0,
        code_rate=25.0,
        codes=rng.normal(size=(len(lengths), latent_dim)).astype(np.float32),
        pitch=np.full(len(lengths), 60.0, np.float32),
        dynamic=np.full(len(lengths), -1.0, np.float32),
        group=np.arange(len(lengths), dtype=np.int32),
        marks=np.array([[5, 10, length - 10, length - 10, length] for length in lengths], np.int32),
        level=rng.uniform(-40.0, 0.0, sum(lengths)).astype(np.float32),
        cents=rng.normal(size=codes.sum()).astype(np.float32),
        offsets=rng.normal(size=(codes.sum(), latent_dim)).astype(np.float32),
        noise=rng.uniform(size=(len(lengths), 2, NOISE_BANDS)).astype(np.float32),
        metric=np.eye(latent_dim, dtype=np.float32),
    )


@pytest.fixture
def write(tiny, tmp_path):
    """`write(content)`: a release whose motion file has that content; its folder and card."""

    def written(content):
        card = tiny.card()
        folder = write_release(tmp_path, card, {**tiny.files(card, tiny.decoder(card)), MOTION: content})
        return folder, read_card(folder)

    return written


def test_a_motion_comes_back_to_a_thousandth(write):
    motion = make_motion()
    found = read_motion(*write(motion.to_bytes()))
    for name in ("codes", "pitch", "dynamic", "group", "marks", "metric"):
        assert np.array_equal(getattr(found, name), getattr(motion, name)), name
    for name in ("level", "cents", "offsets", "noise"):
        assert np.allclose(getattr(found, name), getattr(motion, name), rtol=1e-3, atol=1e-3), name


def test_a_release_without_one_has_none(tiny, tmp_path):
    folder = tiny.write(tmp_path)
    assert read_motion(folder, read_card(folder)) is None


def test_chosen_trajectories_keep_their_values():
    motion = make_motion(lengths=(40, 61, 52))
    part = motion.of(np.array([2, 0]))
    assert np.array_equal(part.level, np.concatenate([motion.level[101:], motion.level[:40]]))
    assert np.array_equal(part.offsets[: part.code_starts[1]], motion.offsets[motion.code_starts[2] :])


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"level": np.zeros(7, np.float32)}, "not as long as their marks"),
        ({"marks": np.array([[5, 10, 30, 30, 40], [5, 50, 50, 51, 61]], np.int32)}, "marks do not rise"),
        ({"marks": np.array([[5, 10, 30, 30, 40], [-1, 10, 51, 51, 61]], np.int32)}, "marks do not rise"),
        ({"codes": np.zeros((2, 4), np.float32)}, "the shape"),
        ({"noise": np.full((2, 2, NOISE_BANDS), 1.5, np.float32)}, "beyond"),
        ({"cents": np.full(26, 5_000.0, np.float32)}, "beyond"),
        ({"level_rate": 1e6}, "two rates"),
        ({"code_rate": 200.0}, "two rates"),
        ({"code_rate": 1e-300}, "two rates"),
        ({"code_rate": 5e-324}, "two rates"),
        ({"level_rate": 1e-3, "code_rate": 1e-3}, "two rates"),
        ({"codes": np.full((2, 3), np.nan, np.float32)}, "no numbers"),
    ],
)
def test_a_motion_that_does_not_fit_is_refused_in_a_sentence(write, change, match):
    folder, card = write(replace(make_motion(), **change).to_bytes())
    with pytest.raises(ReleaseError, match=match):
        read_motion(folder, card)


def test_what_is_no_archive_is_refused(write):
    with pytest.raises(ReleaseError, match="motion of tiny cannot be read"):
        read_motion(*write(b"no archive at all"))
