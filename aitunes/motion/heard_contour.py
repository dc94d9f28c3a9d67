"""Hears how a recorded note begins and falls, beside what is typical of the place where an encoder puts it."""

from __future__ import annotations

from aitunes.audio_processing.note_pitch import guess_note, track_pitch
from aitunes.features import AudioFeatures, FloatArray
from aitunes.motion.choice import TYPICAL, UNSAID_DYNAMIC, Contour, NoteMotions, attack_seconds, slope_db
from aitunes.motion.note_level import MIN_LOOP_SECONDS, find_marks, note_start, short_levels_db

MIN_CONFIDENCE = 0.5
"""Of the pitch that is heard: below, a sound is no single note."""


def heard_contour(y: FloatArray, features: AudioFeatures, motions: NoteMotions, z: FloatArray) -> Contour:
    """Return the contour of a sound, the typical one where no single note is heard.

    Args:
        y: the waveform, mono, [samples] at the rate of the features.
        features: of the release.
        motions: of the release.
        z: the sound's code, [latent_dim].
    """
    guess = guess_note(track_pitch(y, features.sample_rate))
    if guess.confidence < MIN_CONFIDENCE:
        return TYPICAL
    rate = features.frame_rate
    level = short_levels_db(y, features, guess.midi, len(y) // features.hop_length + 1)
    level -= level.max()
    first, floor = note_start(level, rate)
    attack_end, loop_start, loop_end, release, _ = (int(mark) for mark in find_marks(level[first:], rate, floor))
    if loop_end - loop_start < MIN_LOOP_SECONDS * rate:
        return TYPICAL
    attack = attack_seconds(level[first:], release, rate)
    slope = slope_db(level[first:], attack_end, release, rate)
    return motions.contour(z, guess.midi, UNSAID_DYNAMIC, attack, slope)
