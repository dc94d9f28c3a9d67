"""Bounds what a card may ask of the instrument: rates, sizes and texts that can be played, held in memory and shown."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

from aitunes.errors import ReleaseError
from aitunes.features import AudioFeatures
from aitunes.file_names import is_device_name

SAMPLE_RATES = (4_000, 384_000)
"""Hz; sound cards have 8,000 to 384,000."""
N_FFT = (32, 32_768)
"""Samples; the longest lasts 0.7 s at 44.1 kHz, and its filter bank still fits into memory."""
HOP_SECONDS = (1.0 / 6_000.0, 0.25)
MAX_FRAMES = 8_192
MAX_OUTPUT_VALUES = 1 << 22
"""Of one decoded segment, bands × frames: 16 MiB."""
MAX_INPUTS = 16
MAX_INPUT_VALUES = 1 << 16
MAX_DB = 400.0
MAX_FILES = 64

_MAX_DIGITS = 18
_MAX_TEXT = 2_000
_MAX_ENTRIES = 500
_FILE_NAME = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,126}[A-Za-z0-9_-])?")
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_WHOLE = ("data_items", "epochs")
_TABLES = ("metrics", "versions")


def is_release_name(name: str) -> bool:
    """Tell whether a name can be a release's: the name of a folder on every system."""
    return _NAME.fullmatch(name) is not None and not is_device_name(name)


def whole_number(text: str) -> int:
    """Parse a whole number of JSON that fits into 64 bits.

    Raises:
        ValueError: it has too many digits.
    """
    if len(text) > _MAX_DIGITS:
        raise ValueError(f"a whole number of {len(text)} digits is larger than any that a card needs")
    return int(text)


def check_files(release: str, files: Mapping[str, Any]) -> None:
    """Refuse files that are too many, have no hash, or have names that are paths or that not every disk can hold.

    Raises:
        ReleaseError: a file is none that a release may have.
    """
    if len(files) > MAX_FILES:
        raise ReleaseError(f"The card of {release} lists {len(files)} files; at most {MAX_FILES} are read.")
    for name, digest in files.items():
        if not isinstance(digest, str) or not _SHA256.fullmatch(digest):
            raise ReleaseError(f"The card of {release} has no valid SHA-256 for {name[:80]}.")
        if not _FILE_NAME.fullmatch(name) or ".." in name or is_device_name(name):
            raise ReleaseError(f"The card of {release} names the file {name[:80]!r}, which is not a plain name.")
    if len({name.lower() for name in files}) < len(files):
        raise ReleaseError(
            f"The card of {release} names files that differ by case alone; not every disk can hold both."
        )


def check_features(release: str, features: AudioFeatures) -> None:
    """Refuse audio features that no instrument can play.

    Raises:
        ReleaseError: a value is out of the range that is named.
    """
    low, high = SAMPLE_RATES
    if not low <= features.sample_rate <= high:
        _refuse(release, f"a sample rate of {features.sample_rate:,} Hz; {low:,} to {high:,} Hz can be played")
    low, high = N_FFT
    if not low <= features.n_fft <= high:
        _refuse(release, f"an n_fft of {features.n_fft:,} samples; {low:,} to {high:,} can be played")
    shortest, longest = HOP_SECONDS
    if not shortest <= features.hop_length / features.sample_rate <= longest:
        _refuse(
            release,
            f"a hop of {1e3 * features.hop_length / features.sample_rate:.3g} ms; "
            f"{1e3 * shortest:.2g} to {1e3 * longest:.3g} ms can be played",
        )
    if features.frames > MAX_FRAMES or features.frames * features.bands > MAX_OUTPUT_VALUES:
        _refuse(
            release,
            f"segments of {features.bands:,} bands and {features.frames:,} frames; at most {MAX_FRAMES:,} frames and "
            f"{MAX_OUTPUT_VALUES:,} values can be played",
        )
    if max(map(abs, features.db_range)) > MAX_DB:
        _refuse(release, f"a db_range beyond ±{MAX_DB:g} dB")


def check_inputs(release: str, inputs: Sequence[tuple[str, tuple[Any, ...]]]) -> None:
    """Refuse inputs that are too many, too large, or share a name; each comes as name and shape.

    Raises:
        ReleaseError: an input is none of what can be fed.
    """
    if len(inputs) > MAX_INPUTS:
        _refuse(release, f"{len(inputs)} inputs; at most {MAX_INPUTS} can be fed")
    names = [name for name, _ in inputs]
    if not all(isinstance(name, str) and 0 < len(name) <= 64 for name in names) or len(set(names)) < len(names):
        _refuse(release, "inputs whose names are not different texts of 1 to 64 characters")
    for name, shape in inputs:
        sizes = shape[1:] if shape and isinstance(shape[0], str) else shape
        if not all(type(size) is int and size >= 1 for size in sizes) or math.prod(sizes) > MAX_INPUT_VALUES:
            _refuse(release, f"an input {name[:64]!r} whose shape is none of at most {MAX_INPUT_VALUES:,} values")


def check_training(release: str, record: dict[str, Any]) -> None:
    """Refuse a record of training with values of other kinds than its fields have, or with endless ones.

    Raises:
        ReleaseError: a field is not what it must be.
    """
    for name, value in record.items():
        if name in _TABLES:
            if len(value) > _MAX_ENTRIES or not all(_is_plain(item) for pair in value.items() for item in pair):
                _refuse(release, f"a training record whose {name} are not at most {_MAX_ENTRIES} plain values")
        elif name in _WHOLE:
            if type(value) is not int or value < 0:
                _refuse(release, f"a training record whose {name} is no whole number")
        elif not (isinstance(value, str) and len(value) <= _MAX_TEXT):
            _refuse(release, f"a training record whose {name} is no text of at most {_MAX_TEXT:,} characters")


def _is_plain(value: object) -> bool:
    if isinstance(value, str):
        return len(value) <= _MAX_TEXT
    return value is None or (isinstance(value, int | float) and math.isfinite(value))


def _refuse(release: str, what: str) -> None:
    raise ReleaseError(f"The card of {release} has {what}. Export the release again.")
