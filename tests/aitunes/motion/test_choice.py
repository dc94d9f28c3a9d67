"""Which recorded trajectory a note gets: that of the instrument which its code names, with typical attack and decay."""

import math

import numpy as np
import pytest

from aitunes.motion.choice import Contour, NoteMotions
from aitunes.release.motion import NOISE_BANDS, Motion, code_frames
from instrument.namespace import ROOT, expand

RATE = 200.0


def motion_of(notes):
    """A motion of (group, pitch, code, slope in dB a second, attack in seconds), each two seconds long."""
    seconds = np.arange(400) / RATE
    levels = []
    for _, _, _, slope, attack in notes:
        rise = 20.0 * np.log10(np.clip(seconds / attack, 1e-2, 1.0))
        levels.append(rise + slope * np.maximum(seconds - attack, 0.0))
    marks = [[round(attack * RATE), 200, 399, 400, 400] for *_, attack in notes]
    frames = int(code_frames(np.full(len(notes), 400), RATE, RATE / 4).sum())
    return Motion(
        level_rate=RATE,
        code_rate=RATE / 4,
        codes=np.array([code for _, _, code, _, _ in notes], np.float32),
        pitch=np.array([pitch for _, pitch, _, _, _ in notes], np.float32),
        dynamic=np.full(len(notes), -1.0, np.float32),
        group=np.array([group for group, *_ in notes], np.int32),
        marks=np.array(marks, np.int32),
        level=np.concatenate(levels).astype(np.float32),
        cents=np.zeros(frames, np.float32),
        offsets=np.zeros((frames, 2), np.float32),
        noise=np.zeros((len(notes), 2, NOISE_BANDS), np.float32),
        metric=np.eye(2, dtype=np.float32),
    )


def test_an_instrument_is_known_by_how_its_codes_follow_the_pitch():
    # The two lines are two apart at every pitch, but at 72 the first lies where the second does at 60.
    low = [(0, pitch, (2.0 * (pitch - 60) / 12, 0.0), -20.0, 0.05) for pitch in (48, 54, 60, 66)]
    high = [(1, pitch, (2.0 + 2.0 * (pitch - 60) / 12, 0.0), 0.0, 0.05) for pitch in (48, 54, 60, 66)]
    motions = NoteMotions(motion_of(low + high))
    assert motions.choose(np.array([2.0, 0.0], np.float32), 72.0, 0.8).index < 4
    assert motions.choose(np.array([2.0, 0.0], np.float32), 60.0, 0.8).index >= 4


def test_a_note_that_is_unlike_its_neighbours_does_not_speak_for_them():
    notes = [(0, 60 + n, (0.0, 0.0), -20.0, 0.05) for n in (-4, -2, 2, 4)] + [(0, 60, (0.0, 0.0), -60.0, 0.4)]
    motions = NoteMotions(motion_of(notes))
    choice = motions.choose(np.zeros(2, np.float32), 60.2, 0.8)
    assert motions.slopes[choice.index] + choice.correction_db == pytest.approx(-20.0, abs=1.0)


def test_what_moves_is_corrected_to_what_its_neighbours_do():
    notes = [(0, 60 + n, (0.0, 0.0), -20.0 + n, 0.1) for n in (-6, -3, 0, 3, 6)]
    motions = NoteMotions(motion_of(notes))
    choice = motions.choose(np.zeros(2, np.float32), 66.0, 0.8)
    assert motions.slopes[choice.index] + choice.correction_db == pytest.approx(-16.0, abs=2.5)
    assert choice.stretch == pytest.approx(1.0, abs=0.1)


def test_the_window_of_the_measurement_is_not_played_as_an_attack():
    # Measured over two periods of 110 Hz, even a step rises within 14.5 ms; this rises within 12.
    notes = [(0, 45 + n, (0.0, 0.0), -20.0, 0.015) for n in (-4, -2, 0, 2, 4)]
    assert NoteMotions(motion_of(notes)).choose(np.zeros(2, np.float32), 45.0, 0.8).stretch < 0.3
    notes = [(0, 45 + n, (0.0, 0.0), -20.0, 0.1) for n in (-4, -2, 0, 2, 4)]
    assert NoteMotions(motion_of(notes)).choose(np.zeros(2, np.float32), 45.0, 0.8).stretch > 0.9


def test_a_contour_is_added_to_what_is_typical():
    notes = [(0, 60 + n, (0.0, 0.0), -20.0, 0.1) for n in (-4, -2, 0, 2, 4)]
    motions, z = NoteMotions(motion_of(notes)), np.zeros(2, np.float32)
    typical = motions.choose(z, 60.0, 0.8)
    asked = motions.choose(z, 60.0, 0.8, Contour(4.0, 15.0))
    assert asked.stretch == pytest.approx(4.0 * typical.stretch, rel=0.15)
    assert motions.slopes[asked.index] * asked.pace == pytest.approx(-35.0, abs=1.0)
    assert motions.choose(z, 60.0, 0.8, Contour(1.0, -50.0)).pace == 0.05


def test_a_sustained_note_falls_where_that_is_asked_for_and_swells_for_a_second_at_most():
    notes = [(0, 60 + n, (0.0, 0.0), 0.0, 0.1) for n in (-4, -2, 0, 2, 4)]
    motions, z = NoteMotions(motion_of(notes)), np.zeros(2, np.float32)
    assert motions.choose(z, 60.0, 0.8).correction_db == 0.0
    falls = motions.choose(z, 60.0, 0.8, Contour(1.0, 20.0))
    assert (falls.correction_db, falls.corrected_seconds) == (pytest.approx(-20.0, abs=1.0), math.inf)
    swells = motions.choose(z, 60.0, 0.8, Contour(1.0, -30.0))
    assert (swells.correction_db, swells.corrected_seconds) == (6.0, 1.0)


def test_a_note_has_the_contour_that_it_is_played_back_with():
    notes = [(0, 60 + n, (0.0, 0.0), -20.0, 0.1) for n in (-4, -2, 0, 2, 4)]
    motions, z = NoteMotions(motion_of(notes)), np.zeros(2, np.float32)
    contour = motions.contour(z, 60.0, 0.8, 0.25, -35.0)
    played = motions.choose(z, 60.0, 0.8, contour)
    assert motions.slopes[played.index] * played.pace == pytest.approx(-35.0, abs=0.5)
    assert motions.attacks[played.index] * played.stretch == pytest.approx(0.25, abs=0.01)


@pytest.mark.parametrize(("heard", "played"), [((1e9, 1e9), (10.0, 60.0)), ((0.0, -1e9), (0.1, -60.0))])
def test_a_contour_is_bounded_by_what_its_addresses_take(heard, played):
    assert Contour(*heard).bounded() == played
    assert [expand(1)[f"{ROOT}/motion/{name}"].arguments[0].high for name in Contour._fields] == [10.0, 60.0]
    with pytest.raises(ValueError, match="not finite"):
        Contour(float("nan"), 0.0).bounded()
