"""The keyboard: which voice sounds what, when notes overlap, end, glide and are too many."""

import doctest

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from instrument.namespace import MOST_VOICES, MessageError
from instrument.synthesis import notes
from instrument.synthesis.notes import DRONE_SLOT, Keyboard, PitchRange, velocity_db

HOP = 128 / 44_100
RANGE = PitchRange(36.0, 84.5)


@pytest.fixture
def keyboard():
    """Four voices that begin and end at once, without the drone."""
    keyboard = Keyboard(RANGE)
    keyboard.drone = False
    keyboard.attack_seconds = keyboard.release_seconds = 0.0
    hops(keyboard, 1)
    assert keyboard.tones == ()
    return keyboard


def hops(keyboard, count):
    """The tones of so many hops."""
    heard = []
    for _ in range(count):
        keyboard.advance(HOP)
        heard.append(keyboard.tones)
    return heard


def pitches(keyboard):
    keyboard.advance(HOP)
    return sorted(tone.pitch for tone in keyboard.tones)


def press(keyboard, *chord, velocity=100):
    for note in chord:
        keyboard.play(note, velocity)


def let_go(keyboard, *chord):
    for note in chord:
        keyboard.play(note, 0)


def test_the_examples_in_the_documentation_hold():
    assert doctest.testmod(notes).failed == 0


def test_the_drone_sounds_until_the_first_note():
    keyboard = Keyboard(RANGE)
    assert [tone.slot for tone in keyboard.tones] == [DRONE_SLOT]
    assert keyboard.tones[0].gain == 1.0
    assert keyboard.drone
    press(keyboard, 60)
    assert not keyboard.drone
    keyboard.release_seconds = 0.0
    assert pitches(keyboard) == [60]


def test_a_drone_that_is_asked_for_stays_under_the_notes(keyboard):
    keyboard.drone = True
    press(keyboard, 60)
    assert pitches(keyboard) == [60, 69]
    keyboard.drone = False
    assert pitches(keyboard) == [60]


def test_setting_the_pitch_brings_the_drone_back_until_the_next_note(keyboard):
    keyboard.sound_at(50.25)
    assert keyboard.drone
    assert pitches(keyboard) == [50.25]
    press(keyboard, 60)
    assert pitches(keyboard) == [60]


def test_a_chord_sounds_while_its_keys_are_held(keyboard):
    press(keyboard, 60, 64, 67)
    assert pitches(keyboard) == [60, 64, 67]
    let_go(keyboard, 64)
    assert pitches(keyboard) == [60, 67]
    keyboard.let_all_go()
    assert pitches(keyboard) == []


def test_the_bend_shifts_notes_and_drone(keyboard):
    keyboard.drone = True
    press(keyboard, 60)
    keyboard.bend_semitones = -1.5
    assert pitches(keyboard) == [58.5, 67.5]


def test_a_note_keeps_its_voice_while_others_come_and_go(keyboard):
    press(keyboard, 60)
    (tone,) = hops(keyboard, 1)[0]
    press(keyboard, 64, 67)
    let_go(keyboard, 64)
    press(keyboard, 72)
    assert {heard.slot for heard in hops(keyboard, 1)[0] if heard.pitch == 60} == {tone.slot}


def test_off_and_on_of_one_time_are_a_new_note_and_on_and_off_are_heard_for_a_hop(keyboard):
    press(keyboard, 60)
    hops(keyboard, 3)
    let_go(keyboard, 60)
    press(keyboard, 60)
    assert pitches(keyboard) == [60]
    let_go(keyboard, 60)
    press(keyboard, 62)
    let_go(keyboard, 62)
    assert pitches(keyboard) == [62]
    assert pitches(keyboard) == []


def test_the_envelope_rises_in_a_straight_line_holds_and_falls_by_60_db(keyboard):
    keyboard.attack_seconds, keyboard.release_seconds = 100 * HOP, 200 * HOP
    press(keyboard, 60)
    gains = np.array([tone.gain for (tone,) in hops(keyboard, 150)])
    assert np.allclose(gains[:100], np.arange(1, 101) / 100)
    assert (gains[100:] == 1.0).all()
    let_go(keyboard, 60)
    fall = 20 * np.log10([tone.gain for (tone,) in hops(keyboard, 199)])
    assert np.allclose(np.diff(fall), -60 / 200)
    assert fall[-1] == pytest.approx(-59.7, abs=0.01)
    hops(keyboard, 2)
    assert keyboard.tones == ()


def test_a_note_struck_again_rises_from_where_it_is(keyboard):
    keyboard.attack_seconds, keyboard.release_seconds = 10 * HOP, 200 * HOP
    press(keyboard, 60)
    hops(keyboard, 10)
    let_go(keyboard, 60)
    (before,) = hops(keyboard, 5)[-1]
    press(keyboard, 60)
    (after,) = hops(keyboard, 1)[0]
    assert after.slot == before.slot
    assert before.gain < after.gain


@pytest.mark.parametrize(("velocity", "db"), [(127, 0.0), (90, -5.98), (1, -84.15)])
def test_velocity_is_amplitude_squared(keyboard, velocity, db):
    assert velocity_db(velocity) == pytest.approx(db, abs=0.01)
    press(keyboard, 60, velocity=velocity)
    keyboard.advance(HOP)
    assert keyboard.tones[0].level_db == velocity_db(velocity)


def test_without_a_free_voice_the_quietest_of_those_released_gives_way(keyboard):
    keyboard.release_seconds = 1.0
    press(keyboard, 60, 62)
    press(keyboard, 64, velocity=30)
    press(keyboard, 66)
    hops(keyboard, 1)
    let_go(keyboard, 62, 64)
    press(keyboard, 70)
    assert pitches(keyboard) == [60, 62, 66, 70]


def test_without_one_released_the_oldest_gives_way(keyboard):
    press(keyboard, 60, 62, 64, 66, 68)
    assert pitches(keyboard) == [62, 64, 66, 68]
    let_go(keyboard, 60)
    assert pitches(keyboard) == [62, 64, 66, 68]
    press(keyboard, 62)
    press(keyboard, 70)
    assert pitches(keyboard) == [62, 66, 68, 70]


@pytest.mark.parametrize("voices", range(1, MOST_VOICES + 1))
def test_so_many_voices_sound_at_once(keyboard, voices):
    keyboard.voices = voices
    press(keyboard, *range(50, 62))
    assert pitches(keyboard) == list(range(62 - voices, 62))


def test_one_voice_plays_the_newest_held_key(keyboard):
    keyboard.voices = 1
    press(keyboard, 60)
    assert pitches(keyboard) == [60]
    press(keyboard, 64)
    assert pitches(keyboard) == [64]
    press(keyboard, 62)
    let_go(keyboard, 64)
    assert pitches(keyboard) == [62]
    let_go(keyboard, 62)
    assert pitches(keyboard) == [60]
    let_go(keyboard, 60)
    assert pitches(keyboard) == []


def test_overlapping_notes_glide_and_keep_their_envelope(keyboard):
    keyboard.voices, keyboard.portamento_seconds, keyboard.attack_seconds = 1, 100 * HOP, 50 * HOP
    press(keyboard, 60)
    first = hops(keyboard, 100)
    assert first[0][0].pitch == 60  # nothing to glide from
    press(keyboard, 72)
    glide = np.array([[tone.pitch, tone.gain] for (tone,) in hops(keyboard, 120)])
    assert np.allclose(glide[:100, 0], 60 + 12 * np.arange(1, 101) / 100)
    assert np.allclose(glide[100:, 0], 72)
    assert (glide[:, 1] == 1.0).all()
    let_go(keyboard, 60, 72)
    press(keyboard, 48)
    assert hops(keyboard, 1)[0][0].pitch == 48


def test_fewer_voices_keep_the_newest_notes(keyboard):
    press(keyboard, 60, 62, 64)
    hops(keyboard, 1)
    keyboard.voices = 1
    assert pitches(keyboard) == [64]
    let_go(keyboard, 64)
    assert pitches(keyboard) == [62]


def test_fewer_voices_hold_though_those_that_lost_theirs_still_ring(keyboard):
    keyboard.release_seconds = 5.0
    press(keyboard, 60, 62, 64)
    hops(keyboard, 1)
    keyboard.voices = 2
    press(keyboard, 60)
    assert {string.note for string in keyboard._strings if string.held} == {60, 64}


@pytest.mark.parametrize(
    ("range_of_release", "note", "sentence"),
    [
        (RANGE, 35, "plays the notes 36 to 84; 35 lies outside"),
        (RANGE, 85, "plays the notes 36 to 84; 85 lies outside"),
        (None, 60, "has no pitch, so it plays no notes"),
        (PitchRange(36.0, 84.0, notes=False), 60, "set /aitunes/pitch"),
    ],
)
def test_a_note_that_cannot_be_played_is_refused_and_changes_nothing(range_of_release, note, sentence):
    keyboard = Keyboard(range_of_release)
    before = keyboard.tones
    with pytest.raises(MessageError, match=sentence):
        keyboard.play(note, 100)
    assert keyboard.tones == before
    keyboard.play(note, 0)  # the key that was refused is let go


def test_a_release_without_pitch_has_no_pitch_to_set():
    keyboard = Keyboard(None)
    with pytest.raises(MessageError, match="has no pitch; load one that has"):
        keyboard.sound_at(60.0)
    assert keyboard.pitch == 69.0


def test_another_release_goes_on_with_the_notes_that_it_plays(keyboard):
    keyboard.release_seconds = 1.0
    press(keyboard, 40, 60)
    hops(keyboard, 1)
    keyboard.change_release(PitchRange(50.0, 70.0))
    assert pitches(keyboard) == [60]
    assert not keyboard.drone


@pytest.mark.parametrize("without_notes", [None, PitchRange(36.0, 84.0, notes=False)])
def test_a_release_that_plays_no_notes_is_not_silent(keyboard, without_notes):
    press(keyboard, 60)
    hops(keyboard, 1)
    keyboard.change_release(without_notes)
    assert keyboard.drone
    assert pitches(keyboard) == [69]


@given(
    st.lists(
        st.one_of(
            st.tuples(st.just("play"), st.integers(36, 42), st.sampled_from([0, 0, 90])),
            st.tuples(st.just("voices"), st.integers(1, 8)),
            st.tuples(st.just("hop")),
        ),
        max_size=60,
    ),
    st.floats(0.0, 0.1),
)
def test_whatever_is_played_nothing_hangs_and_voices_are_never_exceeded(played, release_seconds):
    keyboard = Keyboard(RANGE)
    keyboard.drone, keyboard.release_seconds = False, release_seconds
    held = set()
    for what, *values in played:
        if what == "play":
            keyboard.play(*values)
            (held.add if values[1] else held.discard)(values[0])
        elif what == "voices":
            (keyboard.voices,) = values
        else:
            keyboard.advance(HOP)
        assert len({tone.slot for tone in keyboard.tones}) == len(keyboard.tones) <= 1 + MOST_VOICES
        assert sum(string.held for string in keyboard._strings) <= keyboard.voices
        sounding = [string.note for string in keyboard._strings if string.held]
        assert len(sounding) == len(set(sounding))
        assert set(sounding) <= held
    for note in held:
        keyboard.play(note, 0)
    hops(keyboard, 60)
    assert keyboard.tones == ()


def test_a_drone_that_is_ended_before_it_began_is_never_heard():
    keyboard = Keyboard(PitchRange(36.0, 96.0))
    keyboard.drone = False
    assert keyboard.tones == ()
    keyboard.drone = True
    keyboard.advance(0.01)
    keyboard.drone = False
    assert keyboard.tones
