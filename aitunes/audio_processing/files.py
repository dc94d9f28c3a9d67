"""Reads sound files whole and undamaged or not at all, and writes them whole or not at all."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import soundfile
import soxr

from aitunes.atomic import finish, unfinished_path
from aitunes.audio_processing.decoding import AudioFileError, AudioFileWarning, SoundStream
from aitunes.features import FloatArray

__all__ = ["FORMATS", "AudioFileError", "AudioFileWarning", "read_audio", "write_audio"]

FORMATS: dict[str, tuple[str, str]] = {
    ".wav": ("WAV", "PCM_24"),
    ".flac": ("FLAC", "PCM_24"),
    ".aiff": ("AIFF", "PCM_24"),
    ".ogg": ("OGG", "VORBIS"),
    ".opus": ("OGG", "OPUS"),
    ".mp3": ("MP3", "MPEG_LAYER_III"),
}
"""Ending of a file's name → libsndfile's format and subtype, for writing. Reading looks at the contents."""

_BLOCK_FRAMES = 1 << 18


def read_audio(path: str | Path, sample_rate: int | None = None, mono: bool = True) -> tuple[FloatArray, int]:
    """Read a sound file of any format that libsndfile reads: WAV, FLAC, AIFF, Ogg, Opus, MP3 and more.

    Of a file that is cut short or damaged in the middle what can be read is returned; an `AudioFileWarning` says how
    much that is.

    Args:
        sample_rate: what it is resampled to, Hz; None keeps its own.
        mono: mix the channels down to their mean; channels of opposite phase, which cancel, to the first of them.

    Returns:
        y [samples], or [channels, samples] unless `mono`; and its sample rate, Hz.

    Raises:
        AudioFileError: there is no such file, it is no sound, or nothing can be read.
    """
    if sample_rate is not None and sample_rate <= 0:
        raise AudioFileError(f"A sample rate must be above 0 Hz, not {sample_rate!r}.")
    path = Path(path)
    if not path.is_file():
        raise AudioFileError(f"There is no file {path}.")
    with SoundStream(path) as sound:
        blocks = sound.mono_blocks(_BLOCK_FRAMES) if mono else sound.blocks(_BLOCK_FRAMES)
        y, rate = np.concatenate(list(blocks)), sound.sample_rate
    if not y.size:
        raise AudioFileError(f"{path} holds no samples.{''.join(f' {note}' for note in sound.notes)}")
    for note in sound.notes:
        warnings.warn(note, AudioFileWarning, stacklevel=2)
    if sample_rate is not None and sample_rate != rate:
        y, rate = soxr.resample(y, rate, sample_rate), sample_rate
    return (y if mono else np.ascontiguousarray(y.T)), rate


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
