"""Tones become frames: decoded together, and only where something has changed."""

from dataclasses import replace

import numpy as np
import pytest

from instrument.synthesis.polyphony import Polyphony
from instrument.synthesis.release_renderer import source_for
from instrument.synthesis.tones import SLOTS, Tone

pytestmark = pytest.mark.training

HOME = np.zeros(2, np.float32)
BRIGHT = np.array([1.5, 0.0], np.float32)


class Watched:
    """A decoder that remembers what it was asked for."""

    def __init__(self, decoder):
        self.decoder = decoder
        self.asked = []

    def run(self, outputs, inputs, options=None):
        self.asked.append({name: values.tolist() for name, values in inputs.items()})
        return self.decoder.run(outputs, inputs)

    @property
    def batches(self):
        return [len(asked["z"]) for asked in self.asked]


@pytest.fixture
def watched(open_release):
    """A source on a release, and what its decoder was asked."""

    def watch(name):
        release = open_release(name)
        decoder = Watched(release.decoder)
        return Polyphony(replace(release, decoder=decoder)), decoder

    return watch


@pytest.fixture
def playing(open_release, perform):
    """A performance with those tones: (pitch, level_db, gain) each."""
    performance = perform(open_release("notes"))

    def play(*tones):
        performance.tones = tuple(Tone(slot, *tone) for slot, tone in enumerate(tones, 1))
        return performance

    return play


def alone(release, pitch, level_db=0.0, z=HOME):
    """Return what a release says of one tone, [bands]."""
    inputs = {"z": z[None], "pitch": [[pitch]], "level": [[level_db]]}
    inputs = {spec.name: np.array(inputs[spec.name], np.float32) for spec in release.card.inputs}
    (S,) = release.decoder.run(None, inputs)
    return release.card.features.denormalise(S[0, :, 0])


def test_a_frame_model_answers_in_the_same_hop(open_release, perform):
    release = open_release("tiny")
    source = source_for(release, background=True)
    assert isinstance(source, Polyphony)
    performance = perform(release)
    for z in (np.zeros(3, np.float32), np.array([1.0, -2.0, 0.5], np.float32)):
        (S,) = release.decoder.run(None, {"z": z[None]})
        assert np.allclose(source.frames(z, performance)[0], release.card.features.denormalise(S[0, :, 0]))


def test_what_rests_is_not_decoded_again(watched, playing):
    source, decoder = watched("notes")
    assert list(source.frames(HOME, playing((60.0, 0.0, 1.0)))) == [1]
    assert source.frames(HOME.copy(), playing((60.0, 0.0, 1.0))) == {}
    assert decoder.batches == [1]


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_what_is_no_number_becomes_silence_or_stays_finite(open_release, perform, value):
    class Broken:
        def run(self, outputs, inputs, options=None):
            return (np.full((1, 32, 1), value, np.float32),)

    release = open_release("tiny")
    frames = Polyphony(replace(release, decoder=Broken())).frames(np.zeros(3, np.float32), perform(release))
    assert np.isfinite(frames[0]).all()


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e30, np.finfo(np.float32).max])
def test_one_voice_that_is_no_number_leaves_the_others_alone(open_release, playing, value):
    class Broken:
        def run(self, outputs, inputs, options=None):
            (S,) = release.decoder.run(outputs, inputs)
            S[inputs["pitch"][:, 0] == 60.0] = value
            return (S,)

    release = open_release("notes")
    chord = playing((60.0, 0.0, 1.0), (64.0, -6.0, 1.0))
    frames = Polyphony(replace(release, decoder=Broken())).frames(HOME, chord)
    assert np.isfinite(frames[1]).all()
    assert np.allclose(frames[2], alone(release, 64.0, -6.0))


def test_a_chord_is_decoded_in_one_call_and_further_notes_alone(watched, playing):
    source, decoder = watched("notes")
    chord = [(60.0, 0.0, 1.0), (64.0, -6.0, 1.0), (67.0, -12.0, 1.0)]
    source.frames(HOME, playing(*chord))
    source.frames(HOME, playing(*chord, (72.0, 0.0, 0.1)))
    assert decoder.batches == [3, 1]
    assert decoder.asked[0]["pitch"] == [[60.0], [64.0], [67.0]]
    assert decoder.asked[0]["level"] == [[0.0], [-6.0], [-12.0]]


def test_envelopes_ask_for_nothing_and_the_pad_for_everything_at_once(watched, playing):
    source, decoder = watched("notes")
    for gain in (0.2, 0.6, 1.0, 0.3):
        source.frames(HOME, playing((60.0, 0.0, gain), (64.0, 0.0, 1.0)))
        assert (source.gain(1), source.gain(2)) == pytest.approx((gain, 1.0))
    source.frames(BRIGHT, playing((60.0, 0.0, 0.3), (64.0, 0.0, 1.0)))
    assert decoder.batches == [2, 2]


def test_every_tone_has_its_own_frame_at_its_own_gain(watched, playing, open_release):
    source, _ = watched("notes")
    frames = source.frames(BRIGHT, playing((60.0, 0.0, 0.5), (64.0, -10.0, 1.0)))
    release = open_release("notes")
    assert sorted(frames) == [1, 2]
    assert np.allclose(frames[1], alone(release, 60.0, z=BRIGHT), rtol=1e-4)
    assert (source.gain(1), source.gain(2), source.gain(3)) == pytest.approx((0.5, 1.0, 0.0))
    assert np.allclose(frames[2], alone(release, 64.0, -10.0, z=BRIGHT), rtol=1e-4)


def test_only_what_has_changed_is_given_and_the_end_of_a_tone_once(watched, playing):
    source, decoder = watched("notes")
    source.frames(HOME, playing((60.0, 0.0, 1.0), (64.0, 0.0, 1.0)))
    assert source.frames(HOME, playing((60.0, 0.0, 1.0), (64.0, 0.0, 0.9))) == {}
    assert sorted(source.frames(HOME, playing((60.0, 0.0, 1.0), (64.0, -1.0, 0.9)))) == [2]
    ended = source.frames(HOME, playing((60.0, 0.0, 1.0)))
    assert sorted(ended) == [2]
    assert not ended[2].any()
    assert source.frames(HOME, playing((60.0, 0.0, 1.0))) == {}
    source.frames(HOME, playing())
    assert source.frames(BRIGHT, playing()) == {}
    assert decoder.batches == [2, 1]


def test_a_quiet_note_is_asked_for_as_such_and_a_quieter_one_than_the_model_knows_scaled(watched, playing):
    source, decoder = watched("notes")
    frame = source.frames(HOME, playing((60.0, -80.0, 1.0)))[1]
    assert decoder.asked[0]["level"] == [[-60.0]]
    assert np.allclose(frame, decoder_answer(decoder), rtol=1e-4)
    assert source.gain(1) == pytest.approx(0.1)


def decoder_answer(decoder):
    """The magnitudes of what was asked first, [bands]."""
    inputs = {name: np.array(values, np.float32) for name, values in decoder.asked[0].items()}
    (S,) = decoder.decoder.run(None, inputs)
    return np.where(S > 0.0, 10.0 ** ((S * 100.0 - 60.0) / 20.0), 0.0)[0, :, 0]


def test_a_release_without_level_is_scaled(watched, playing, open_release):
    source, decoder = watched("unlevelled")
    frame = source.frames(HOME, playing((60.0, -20.0, 1.0)))[1]
    assert set(decoder.asked[0]) == {"z", "pitch"}
    assert np.allclose(frame, alone(open_release("unlevelled"), 60.0), rtol=1e-4)
    assert source.gain(1) == pytest.approx(0.1)


def test_pitches_beyond_the_releases_sound_at_its_edge(watched, playing):
    source, decoder = watched("notes")
    source.frames(HOME, playing((20.0, 0.0, 1.0), (120.0, 0.0, 1.0)))
    assert decoder.asked[0]["pitch"] == [[45.0], [84.0]]


def test_preparing_touches_every_number_of_tones(watched, playing):
    source, decoder = watched("notes")
    source.prepare(HOME, playing())
    assert decoder.batches == list(range(1, SLOTS + 1))
    assert list(source.frames(HOME, playing((60.0, 0.0, 1.0)))) == [1]


def test_a_release_without_notes_touches_one(watched, open_release, perform):
    source, decoder = watched("tiny")
    source.prepare(np.zeros(3, np.float32), perform(open_release("tiny")))
    assert decoder.batches == [1]


def test_a_decode_that_fails_is_tried_again(watched, playing):
    source, decoder = watched("notes")
    working, decoder.decoder = decoder.decoder, None
    with pytest.raises(AttributeError):
        source.frames(HOME, playing((60.0, 0.0, 1.0)))
    decoder.decoder = working
    assert source.frames(HOME, playing((60.0, 0.0, 1.0)))[1].any()


def test_a_segment_model_with_pitch_sounds_at_the_drones(open_release, perform):
    release = open_release("pitched-segment")
    performance = perform(release)
    source = source_for(release, background=False)
    source.prepare(HOME, performance)
    assert np.allclose(source.frames(HOME, performance)[0], alone(release, 69.0), rtol=1e-4)
    performance.allocator.sound_at(57.0)
    for _ in range(20):
        performance.sound(0.003)
        frame = source.frames(HOME, performance)[0]
    assert np.allclose(frame, alone(release, 57.0), rtol=1e-4)
    performance.allocator.drone = False
    performance.allocator.release_seconds = 0.0
    performance.sound(0.003)
    assert not source.frames(HOME, performance)[0].any()
