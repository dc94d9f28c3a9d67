"""The allocator: which voice sounds what, when notes overlap, end, glide and are too many."""

import doctest

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from instrument.namespace import MAX_VOICES, MessageError
from instrument.synthesis import voice_allocator as notes
from instrument.synthesis.tones import DRONE_SLOT, PitchRange
from instrument.synthesis.voice_allocator import MAX_KEYS, MAX_STRIKES, STRIKES_A_HOP, VoiceAllocator, velocity_db

HOP = 128 / 44_100
RANGE = PitchRange(36.0, 84.5)


@pytest.fixture
def allocator():
    """Four voices that begin and end at once, without the drone."""
    allocator = VoiceAllocator(RANGE)
    allocator.drone = False
    allocator.attack_seconds = allocator.release_seconds = 0.0
    hops(allocator, 1)
    assert allocator.tones == ()
    return allocator


def hops(allocator, count):
    """The tones of so many hops."""
    heard = []
    for _ in range(count):
        allocator.advance(HOP)
        heard.append(allocator.tones)
    return heard


def pitches(allocator):
    allocator.advance(HOP)
    return sorted(tone.pitch for tone in allocator.tones)


def press(allocator, *chord, velocity=100):
    for note in chord:
        allocator.play(note, velocity)


def let_go(allocator, *chord):
    for note in chord:
        allocator.play(note, 0)


def test_the_examples_in_the_documentation_hold():
    assert doctest.testmod(notes).failed == 0


def test_the_drone_sounds_until_the_first_note():
    allocator = VoiceAllocator(RANGE)
    assert [tone.slot for tone in allocator.tones] == [DRONE_SLOT]
    assert allocator.tones[0].gain == 1.0
    assert allocator.drone
    press(allocator, 60)
    assert not allocator.drone
    allocator.release_seconds = 0.0
    assert pitches(allocator) == [60]


def test_a_drone_that_is_asked_for_stays_under_the_notes(allocator):
    allocator.drone = True
    press(allocator, 60)
    assert pitches(allocator) == [60, 69]
    allocator.drone = False
    assert pitches(allocator) == [60]


def test_setting_the_pitch_brings_the_drone_back_until_the_next_note(allocator):
    allocator.sound_at(50.25)
    assert allocator.drone
    assert pitches(allocator) == [50.25]
    press(allocator, 60)
    assert pitches(allocator) == [60]


def test_a_chord_sounds_while_its_keys_are_held(allocator):
    press(allocator, 60, 64, 67)
    assert pitches(allocator) == [60, 64, 67]
    let_go(allocator, 64)
    assert pitches(allocator) == [60, 67]
    allocator.release_all()
    assert pitches(allocator) == []


def test_the_bend_shifts_notes_and_drone(allocator):
    allocator.drone = True
    press(allocator, 60)
    allocator.bend_semitones = -1.5
    assert pitches(allocator) == [58.5, 67.5]


def test_a_note_keeps_its_voice_while_others_come_and_go(allocator):
    press(allocator, 60)
    (tone,) = hops(allocator, 1)[0]
    press(allocator, 64, 67)
    let_go(allocator, 64)
    press(allocator, 72)
    assert {heard.slot for heard in hops(allocator, 1)[0] if heard.pitch == 60} == {tone.slot}


def test_off_and_on_of_one_time_are_a_new_note_and_on_and_off_are_heard_for_a_hop(allocator):
    press(allocator, 60)
    hops(allocator, 3)
    let_go(allocator, 60)
    press(allocator, 60)
    assert pitches(allocator) == [60]
    let_go(allocator, 60)
    press(allocator, 62)
    let_go(allocator, 62)
    assert pitches(allocator) == [62]
    assert pitches(allocator) == []


def test_the_envelope_rises_in_a_straight_line_holds_and_falls_by_60_db(allocator):
    allocator.attack_seconds, allocator.release_seconds = 100 * HOP, 200 * HOP
    press(allocator, 60)
    gains = np.array([tone.gain for (tone,) in hops(allocator, 150)])
    assert np.allclose(gains[:100], np.arange(1, 101) / 100)
    assert (gains[100:] == 1.0).all()
    let_go(allocator, 60)
    fall = 20 * np.log10([tone.gain for (tone,) in hops(allocator, 199)])
    assert np.allclose(np.diff(fall), -60 / 200)
    assert fall[-1] == pytest.approx(-59.7, abs=0.01)
    hops(allocator, 2)
    assert allocator.tones == ()


def test_a_note_struck_again_rises_from_where_it_is(allocator):
    allocator.attack_seconds, allocator.release_seconds = 10 * HOP, 200 * HOP
    press(allocator, 60)
    hops(allocator, 10)
    let_go(allocator, 60)
    (before,) = hops(allocator, 5)[-1]
    press(allocator, 60)
    (after,) = hops(allocator, 1)[0]
    assert after.slot == before.slot
    assert before.gain < after.gain


@pytest.mark.parametrize(("velocity", "db"), [(127, 0.0), (90, -5.98), (1, -84.15)])
def test_velocity_is_amplitude_squared(allocator, velocity, db):
    assert velocity_db(velocity) == pytest.approx(db, abs=0.01)
    press(allocator, 60, velocity=velocity)
    allocator.advance(HOP)
    assert allocator.tones[0].level_db == velocity_db(velocity)


def test_without_a_free_voice_the_quietest_of_those_released_gives_way(allocator):
    allocator.release_seconds = 1.0
    press(allocator, 60, 62)
    press(allocator, 64, velocity=30)
    press(allocator, 66)
    hops(allocator, 1)
    let_go(allocator, 62, 64)
    press(allocator, 70)
    assert pitches(allocator) == [60, 62, 66, 70]


def test_without_one_released_the_oldest_gives_way(allocator):
    press(allocator, 60, 62, 64, 66, 68)
    assert pitches(allocator) == [62, 64, 66, 68]
    let_go(allocator, 60)
    assert pitches(allocator) == [62, 64, 66, 68]
    press(allocator, 62)
    press(allocator, 70)
    assert pitches(allocator) == [62, 66, 68, 70]


@pytest.mark.parametrize("voices", range(1, MAX_VOICES + 1))
def test_so_many_voices_sound_at_once(allocator, voices):
    allocator.voices = voices
    press(allocator, *range(50, 62))
    assert pitches(allocator) == list(range(62 - voices, 62))


def test_one_voice_plays_the_newest_held_key(allocator):
    allocator.voices = 1
    press(allocator, 60)
    assert pitches(allocator) == [60]
    press(allocator, 64)
    assert pitches(allocator) == [64]
    press(allocator, 62)
    let_go(allocator, 64)
    assert pitches(allocator) == [62]
    let_go(allocator, 62)
    assert pitches(allocator) == [60]
    let_go(allocator, 60)
    assert pitches(allocator) == []


def test_overlapping_notes_glide_and_keep_their_envelope(allocator):
    allocator.voices, allocator.portamento_seconds, allocator.attack_seconds = 1, 100 * HOP, 50 * HOP
    press(allocator, 60)
    first = hops(allocator, 100)
    assert first[0][0].pitch == 60  # nothing to glide from
    press(allocator, 72)
    glide = np.array([[tone.pitch, tone.gain] for (tone,) in hops(allocator, 120)])
    assert np.allclose(glide[:100, 0], 60 + 12 * np.arange(1, 101) / 100)
    assert np.allclose(glide[100:, 0], 72)
    assert (glide[:, 1] == 1.0).all()
    let_go(allocator, 60, 72)
    press(allocator, 48)
    assert hops(allocator, 1)[0][0].pitch == 48


def test_fewer_voices_keep_the_newest_notes(allocator):
    press(allocator, 60, 62, 64)
    hops(allocator, 1)
    allocator.voices = 1
    assert pitches(allocator) == [64]
    let_go(allocator, 64)
    assert pitches(allocator) == [62]


def test_fewer_voices_hold_though_those_that_lost_theirs_still_ring(allocator):
    allocator.release_seconds = 5.0
    press(allocator, 60, 62, 64)
    hops(allocator, 1)
    allocator.voices = 2
    press(allocator, 60)
    assert set(allocator.held_notes) == {60, 64}


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
    allocator = VoiceAllocator(range_of_release)
    before = allocator.tones
    with pytest.raises(MessageError, match=sentence):
        allocator.play(note, 100)
    assert allocator.tones == before
    allocator.play(note, 0)  # the key that was refused is let go


def test_a_release_without_pitch_has_no_pitch_to_set():
    allocator = VoiceAllocator(None)
    with pytest.raises(MessageError, match="has no pitch; load one that has"):
        allocator.sound_at(60.0)
    assert allocator.pitch == 69.0


def test_another_release_goes_on_with_the_notes_that_it_plays(allocator):
    allocator.release_seconds = 1.0
    press(allocator, 40, 60)
    hops(allocator, 1)
    allocator.change_release(PitchRange(50.0, 70.0))
    assert pitches(allocator) == [60]
    assert not allocator.drone


@pytest.mark.parametrize("without_notes", [None, PitchRange(36.0, 84.0, notes=False)])
def test_a_release_that_plays_no_notes_is_not_silent(allocator, without_notes):
    press(allocator, 60)
    hops(allocator, 1)
    allocator.change_release(without_notes)
    assert allocator.drone
    assert pitches(allocator) == [69]


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
    allocator = VoiceAllocator(RANGE)
    allocator.drone, allocator.release_seconds = False, release_seconds
    held = set()
    for what, *values in played:
        if what == "play":
            allocator.play(*values)
            (held.add if values[1] else held.discard)(values[0])
        elif what == "voices":
            (allocator.voices,) = values
        else:
            allocator.advance(HOP)
        assert len({tone.slot for tone in allocator.tones}) == len(allocator.tones) <= 1 + MAX_VOICES
        sounding = allocator.held_notes
        assert len(sounding) <= allocator.voices
        assert len(sounding) == len(set(sounding))
        assert set(sounding) <= held
    for note in held:
        allocator.play(note, 0)
    hops(allocator, 60)
    assert allocator.tones == ()


def test_a_drone_that_is_ended_before_it_began_is_never_heard():
    allocator = VoiceAllocator(PitchRange(36.0, 96.0))
    allocator.drone = False
    assert allocator.tones == ()
    allocator.drone = True
    allocator.advance(0.01)
    allocator.drone = False
    assert allocator.tones


def beginnings(heard):
    """Count the notes that begin at each hop."""
    before, counts = set(), []
    for tones in heard:
        now = {(tone.slot, tone.note_on) for tone in tones}
        counts.append(len(now - before))
        before = now
    return counts


def test_a_chord_of_all_voices_begins_at_one_hop_again_and_again(allocator):
    allocator.voices = MAX_VOICES
    heard = []
    for turn in range(4):
        press(allocator, *range(40 + turn, 40 + turn + MAX_VOICES))
        heard += hops(allocator, MAX_VOICES // STRIKES_A_HOP)
        allocator.release_all()
    assert [count for count in beginnings(heard) if count] == [MAX_VOICES] * 4


@pytest.mark.parametrize("voices", [1, 2, MAX_VOICES])
def test_notes_that_come_by_the_thousand_begin_no_faster_than_a_hop_can_carry(allocator, voices):
    allocator.voices = voices
    heard, count = [], 0
    for _ in range(400):  # nine notes a hop, 3,000 a second
        for _ in range(9):
            allocator.play(40 + count % 30, 100, count)
            allocator.play(40 + count % 30, 0, count) if voices == 1 or count % 3 else None
            count += 1
        heard += hops(allocator, 1)
    counts = beginnings(heard)
    assert max(counts) <= MAX_STRIKES
    assert sum(counts) <= MAX_STRIKES + STRIKES_A_HOP * len(heard)
    assert sum(counts) >= len(heard) / 2
    assert all(heard)
    # The newest play on, and once the flood is over the next note waits for nobody.
    assert max(tone.note_on for tone in heard[-1]) > count - 2 * MAX_VOICES - 9
    allocator.release_all()
    hops(allocator, 1)
    assert allocator.tones == ()
    press(allocator, 60)
    assert pitches(allocator) == [60]


def test_one_voice_goes_back_to_a_key_that_is_down_though_notes_wait(allocator):
    allocator.voices, allocator.release_seconds = MAX_VOICES, 1.0
    press(allocator, *range(40, 40 + MAX_VOICES))
    hops(allocator, 1)
    press(allocator, 50, 51, 52)
    hops(allocator, 1)
    let_go(allocator, *range(40, 53))
    allocator.voices = 1
    press(allocator, 70, 72)  # nothing can begin at this hop
    assert allocator.held_notes == []
    let_go(allocator, 72)
    hops(allocator, 1)
    assert allocator.held_notes == [70]


def test_a_note_that_waits_ends_with_its_key_and_is_heard_for_a_hop(allocator):
    allocator.voices = MAX_VOICES
    press(allocator, *range(40, 40 + MAX_VOICES))
    hops(allocator, 1)
    press(allocator, 70, 71)  # one may begin, the other waits
    let_go(allocator, 71)
    heard = [{tone.pitch for tone in tones} for tones in hops(allocator, 4)]
    assert [71.0 in pitches for pitches in heard] == [True, False, False, False]
    assert all(70.0 in pitches for pitches in heard)


@pytest.mark.parametrize("end", [VoiceAllocator.release_all, VoiceAllocator.silence])
def test_notes_that_wait_end_with_all_others(allocator, end):
    for _ in range(3):
        press(allocator, *range(40, 60))
        hops(allocator, 1)
    end(allocator)
    hops(allocator, 1)
    assert hops(allocator, 20) == [()] * 20


def test_every_key_of_many_lets_the_oldest_go(allocator):
    for number in range(1, 2 * MAX_KEYS):
        allocator.play(60, 100, number)
        hops(allocator, 1)
    assert len(allocator.held_notes) == 4
