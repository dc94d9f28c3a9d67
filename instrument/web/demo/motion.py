"""Writes the recorded movements of a release's notes as numbers that a page reads without unpacking."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from aitunes.motion import choice, pace
from aitunes.motion.choice import NoteMotions
from aitunes.motion.velocity_timbre import VelocityTimbre
from aitunes.release.motion import Motion
from instrument.synthesis import moving_tones

_KINDS = {"f8": "<f8", "f4": "<f4", "i4": "<i4", "f2": "<f2"}  # each begins at a multiple of its size
_RULES = {
    choice: (
        *("OCTAVE", "CENTRE", "RANGE_SEMITONES", "RANGE_WEIGHT", "NEIGHBOURS", "ATTACK_NEIGHBOURS", "PITCH_SPREAD"),
        *("CODE_WEIGHT", "DYNAMIC_WEIGHT", "UNSAID_DYNAMIC", "TYPICAL_WEIGHT", "DECAYING_DB", "MAX_CORRECTION"),
        *("STRETCH", "ATTACK_FLOOR_SECONDS", "SLOPE_UNIT", "LEVEL_SECONDS", "RISE_OF_WINDOW"),
    ),
    pace: (
        *("SILENT_DB", "MIN_ATTACK_SPEED", "NOTE_FADE_SECONDS", "JUMP_SHARE", "SIMILAR_MOMENTS", "END_DB_PER_SECOND"),
        *("CENTS_PER_DB", "MIN_FED_DB", "LEFT", "MAX_FALL_DB"),
    ),
    moving_tones: ("DECODE_HOPS", "MOVED_CODE", "MOVED_CONTROL"),
}


def describe_motion(motion: Motion) -> tuple[dict[str, Any], bytes]:
    """Return what the page knows of the movements of notes: rates, rules, and where which numbers lie in the bytes."""
    described: dict[str, dict[str, Any]] = {}
    data = bytearray()
    arrays = _arrays(motion)
    for kind, dtype in _KINDS.items():
        for name, values in arrays[kind].items():
            described[name] = {"kind": kind, "offset": len(data), "size": int(values.size)}
            data += np.ascontiguousarray(values).astype(dtype).tobytes()
    rules = {name: getattr(module, name) for module, names in _RULES.items() for name in names}
    return {
        "levelRate": motion.level_rate,
        "codeRate": motion.code_rate,
        "rules": rules,
        "arrays": described,
    }, bytes(data)


def _arrays(motion: Motion) -> dict[str, dict[str, NDArray[Any]]]:
    """Return all arrays by their kind: what is recorded, and what `NoteMotions` and `VelocityTimbre` make of it."""
    motions, timbre = NoteMotions(motion), VelocityTimbre(motion)
    lines = [timbre.line(int(members[0])) for members in motions.groups]
    none = np.zeros(motion.codes.shape[1]), -1.0, -1.0
    trends, softest, loudest = zip(*(line or none for line in lines), strict=True)
    numbers = np.zeros(len(motion))
    for number, members in enumerate(motions.groups):
        numbers[members] = number
    starts = np.cumsum([0, *(len(members) for members in motions.groups)])
    return {
        "f8": {"slopes": motions.slopes, "attacks": motions.attacks, "figures": motions.figures},
        "f4": {
            **{name: getattr(motion, name) for name in ("pitch", "dynamic", "metric")},
            "points": motions.points,
            "lines": motions.lines,
            "trends": np.stack(trends),
            "softest": np.array(softest),
            "loudest": np.array(loudest),
        },
        "i4": {
            "marks": motion.marks,
            "levelStarts": motion.level_starts,
            "codeStarts": motion.code_starts,
            "members": np.concatenate(motions.groups),
            "groupStarts": starts,
            "group": numbers,
        },
        "f2": {name: getattr(motion, name) for name in ("level", "cents", "offsets", "noise")},
    }
