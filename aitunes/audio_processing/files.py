"""Reads sound files whole and undamaged or not at all, and writes them whole or not at all."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import soundfile
import soxr

from aitunes.atomic import finish, unfinished_path
from aitunes.errors import AiTunesError
from aitunes.features import FloatArray


class AudioFileError(AiTunesError):
    """Says why a sound file cannot be read or written."""


FORMATS: dict[str, tuple[str, str]] = {
    ".wav": ("WAV", "PCM_24"),
    ".flac": ("FLAC", "PCM_24"),
    ".aiff": ("AIFF", "PCM_24"),
    ".ogg": ("OGG", "VORBIS"),
    ".opus": ("OGG", "OPUS"),
    ".mp3": ("MP3", "MPEG_LAYER_III"),
}
"""Ending of a file's name → libsndfile's format and subtype, for writing. Reading looks at the contents."""

# libsndfile opens a WAV or Ogg file that was cut short without complaint; only its log tells.
_CHUNK_LENGTH = re.compile(r"^data : (\d+) \(should be (\d+)\)", re.MULTILINE)
_CUT_OGG = "Last page lacks an end-of-stream bit"
_UNKNOWN_LENGTH = 0x7FFFF000  # what programs that write to a pipe declare, and more

_WHOLE = 0.98  # the length of an MP3 without a header is an estimate


def read_audio(path: str | Path, sample_rate: int | None = None, mono: bool = True) -> tuple[FloatArray, int]:
    """Read a whole sound file, of any format that libsndfile reads: WAV, FLAC, AIFF, Ogg, Opus, MP3 and more.

    Args:
        sample_rate: what it is resampled to, Hz; None keeps its own.
        mono: mix the channels down to their mean.

    Returns:
        y [samples], or [channels, samples] unless `mono`; and its sample rate, Hz.

    Raises:
        AudioFileError: there is no such file, it is no sound, it is damaged or cut short, or it is empty.
    """
    if sample_rate is not None and sample_rate <= 0:
        raise AudioFileError(f"A sample rate must be above 0 Hz, not {sample_rate!r}.")
    path = Path(path)
    if not path.is_file():
        raise AudioFileError(f"There is no file {path}.")
    try:
        with soundfile.SoundFile(path) as file:
            y = file.read(dtype="float32", always_2d=True)
            _check_whole(path, file, len(y))
            rate = int(file.samplerate)
    except (OSError, soundfile.LibsndfileError) as error:
        reason = getattr(error, "error_string", None) or str(error)
        raise AudioFileError(f"{path} is damaged or no sound file: {reason.rstrip('.')}.") from error
    if not y.size:
        raise AudioFileError(f"{path} holds no samples.")
    if not np.isfinite(y).all():
        raise AudioFileError(f"{path} is damaged: it holds samples that are no numbers.")
    if mono:
        y = y.mean(axis=1, keepdims=True)
    if sample_rate is not None and sample_rate != rate:
        y, rate = soxr.resample(y, rate, sample_rate), sample_rate
    return (y[:, 0] if mono else np.ascontiguousarray(y.T)), rate


def write_audio(
    path: str | Path, y: FloatArray, sample_rate: int, subtype: str | None = None, overwrite: bool = False
) -> Path:
    """Write a sound file under a temporary name and rename it once it is whole.

    Args:
        path: its ending, one of `FORMATS`, chooses the format; folders that lack are made.
        y: [samples] or [channels, samples]; what exceeds full scale, 1, is clipped.
        subtype: libsndfile's name of the sample format, as "PCM_16"; None takes the one of `FORMATS`.
        overwrite: replace a file that is there.

    Returns:
        The path.

    Raises:
        AudioFileError: the ending is unknown, the file is there, or it cannot be written.
    """
    path = Path(path)
    if path.suffix.lower() not in FORMATS:
        raise AudioFileError(f"{path.name} must end in one of {', '.join(FORMATS)}.")
    if path.exists() and not overwrite:
        raise AudioFileError(f"{path} is there already; choose another name or pass overwrite=True.")
    format_, default = FORMATS[path.suffix.lower()]
    unfinished = unfinished_path(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        clipped = np.clip(y, -1.0, 1.0).T
        soundfile.write(unfinished, clipped, sample_rate, format=format_, subtype=subtype or default)
        finish(unfinished, path)
    except (OSError, ValueError, soundfile.LibsndfileError) as error:
        raise AudioFileError(f"{path} cannot be written: {error}") from error
    finally:
        unfinished.unlink(missing_ok=True)
    return path


def _check_whole(path: Path, file: soundfile.SoundFile, count: int) -> None:
    """Refuse a file that declares more than it holds."""
    length = _CHUNK_LENGTH.search(file.extra_info)
    if length:
        declared, found = int(length[1]), int(length[2])
        cut = found < declared < _UNKNOWN_LENGTH
    else:
        cut = _CUT_OGG in file.extra_info or count < _WHOLE * file.frames
    if cut:
        seconds = count / file.samplerate
        raise AudioFileError(f"{path} is damaged: it is cut short after {seconds:.2f} s.")
