"""The page for movement: what it sends, what it follows, and the picture of what moves."""

import numpy as np
import pytest

from aitunes.release.motion import MOTION, NOISE_BANDS, Motion
from aitunes.release.reader import read_card
from aitunes.release.writer import write_release
from instrument.pad.motion_trace import traces_or_none
from instrument.pad.release_map import blank, find
from instrument.storage.library import Library

LEVEL_RATE, CODE_RATE = 100.0, 25.0


def motion_of(codes, levels):
    """Sounds of a second and a half whose codes circle once."""
    frames, dim = 150, len(codes[0])
    turn = np.linspace(0.0, 2.0 * np.pi, 38)
    circle = np.zeros((38, dim), np.float32)
    circle[:, 0], circle[:, 1] = np.cos(turn), np.sin(turn)
    return Motion(
        level_rate=LEVEL_RATE,
        code_rate=CODE_RATE,
        codes=np.array(codes, np.float32),
        pitch=np.full(len(codes), 60.0, np.float32),
        dynamic=np.full(len(codes), -1.0, np.float32),
        group=np.arange(len(codes), dtype=np.int32),
        marks=np.array([[5, 30, 120, 130, frames]] * len(codes), np.int32),
        level=np.concatenate(levels).astype(np.float32),
        cents=np.zeros(38 * len(codes), np.float32),
        offsets=np.tile(circle, (len(codes), 1)),
        noise=np.zeros((len(codes), 2, NOISE_BANDS), np.float32),
        metric=np.eye(dim, dtype=np.float32),
    )


@pytest.fixture
def traces(releases, tmp_path):
    """The movements of the release `notes`: one that stays, one that falls."""
    card = read_card(releases / "notes")
    files = {name: (releases / "notes" / name).read_bytes() for name in card.files}
    codes = np.zeros((2, card.latent_dim))
    codes[:, 0] = -2.0, 2.0
    motion = motion_of(codes, [np.zeros(150), np.linspace(0.0, -50.0, 150)])
    folder = write_release(tmp_path / "moving", card, {**files, MOTION: motion.to_bytes()})
    card = read_card(folder)
    return traces_or_none(find(Library([tmp_path / "moving"]), card), card), card


def test_the_trace_is_that_of_the_sound_at_the_position(traces):
    known, card = traces
    for z, fell in ((-2.0, 0.0), (2.0, 1.0)):
        code = np.zeros(card.latent_dim, np.float32)
        code[0] = z
        trace = known.at(card.latent.coordinates(code), 60.0)
        assert trace.level[0] - trace.level[-1] == pytest.approx(fell, abs=0.02)
        assert trace.seconds == pytest.approx(1.5)
        assert trace.loop == pytest.approx((0.2, 0.8))
        assert trace.path.shape == (38, card.latent_dim)


def test_the_trace_of_segments_has_the_level_of_the_passage_that_lies_there(releases, tmp_path):
    card = read_card(releases / "segment")
    files = {name: (releases / "segment" / name).read_bytes() for name in card.files}
    codes = np.zeros((2, card.latent_dim))
    codes[:, 0] = -3.0, 3.0
    motion = motion_of(codes, [np.zeros(150), np.linspace(0.0, -50.0, 150)])
    card = read_card(write_release(tmp_path / "moving", card, {**files, MOTION: motion.to_bytes()}))
    known = traces_or_none(find(Library([tmp_path / "moving"]), card), card)
    for z, fell in ((-3.0, 0.0), (3.0, 1.0)):
        code = np.zeros(card.latent_dim, np.float32)
        code[0] = z
        trace = known.at(card.latent.coordinates(code), 60.0)
        assert len(trace.level) == pytest.approx(trace.seconds * LEVEL_RATE, abs=4)
        assert trace.level[0] - trace.level[-1] == pytest.approx(fell, abs=0.05)


def test_a_release_without_motion_or_without_a_folder_has_no_traces(releases):
    card = read_card(releases / "notes")
    assert traces_or_none(find(Library([releases]), card), card) is None
    assert traces_or_none(blank(card), card) is None


def test_faders_and_mode_are_sent_and_follow_the_engine(model, peer, qtbot):
    from instrument.pad.widgets.motion_panel import MotionPanel

    panel = MotionPanel(model)
    qtbot.addWidget(panel)
    panel.faders["/motion"].moved_to.emit(0.5)
    panel.faders["/motion/seed"].moved_to.emit(7.0)
    panel.mode.setCurrentIndex(2)
    panel.mode.activated.emit(2)
    panel.faders["/motion/quantise"].moved_to.emit(4.0)
    sent = [("/aitunes/motion", 0.5), ("/aitunes/motion/seed", 7), ("/aitunes/motion/mode", "once")]
    sent.append(("/aitunes/motion/quantise", 4.0))
    qtbot.waitUntil(lambda: peer.sent_to(*(path for path, _ in sent)) == sent)
    peer.say("/aitunes/dream", 0.25)
    peer.say("/aitunes/tempo", 96.0)
    peer.say("/aitunes/motion/mode", "loop")
    qtbot.waitUntil(lambda: panel.faders["/dream"].number == pytest.approx(0.25))
    qtbot.waitUntil(lambda: panel.mode.currentData() == "loop")
    qtbot.waitUntil(lambda: panel.faders["/tempo"].number == 96.0)


def test_the_picture_shows_a_trace_and_says_when_there_is_none(model, traces, qtbot):
    from instrument.pad.widgets.motion_picture import MotionPicture, Shown

    picture = MotionPicture()
    qtbot.addWidget(picture)
    picture.resize(300, 80)
    picture.show_trace(None, Shown())
    empty = picture.grab().toImage()
    known, card = traces
    pictures = []
    for amount in (1.0, 2.0):
        picture.show_trace(known.at(np.full(card.latent_dim, 3.0, np.float32), 60.0), Shown(amount))
        pictures.append(picture.grab().toImage())
    assert empty != pictures[0] != pictures[1]
    assert "1.5 seconds" in picture.accessibleDescription()
