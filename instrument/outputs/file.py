"""Writes a sound file under a temporary name, and renames it once it is whole."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

import numpy as np
import soundfile

from aitunes.atomic import finish
from aitunes.errors import reason
from aitunes.features import FloatArray
from aitunes.unfinished_files import Claim, FileInUseError, finish_beside, rescue, unfinished_name
from instrument.outputs import OutputError

SUBTYPES = {"16": "PCM_16", "24": "PCM_24", "float": "FLOAT"}
FORMATS = {".wav": "WAV", ".flac": "FLAC"}
_ADD_PEAK_CHUNK = 0x1050  # sndfile.h: SFC_SET_ADD_PEAK_CHUNK
_UPDATE_HEADER_AUTO = 0x1061  # sndfile.h: SFC_SET_UPDATE_HEADER_AUTO
_SYSTEM_ERROR = 2  # sndfile.h: SF_ERR_SYSTEM


def file_format(path: Path, depth: str) -> tuple[str, str]:
    """Look up libsndfile's format and subtype for a file ending and a bit depth.

    Raises:
        OutputError: an unknown ending, or a depth that the format does not have.
    """
    kind = FORMATS.get(path.suffix.lower())
    if kind is None:
        raise OutputError(f"The file's name must end in {' or '.join(FORMATS)}, like take.wav; {path.name} does not.")
    if depth not in SUBTYPES:
        raise OutputError(f"The bit depth is one of {', '.join(SUBTYPES)}, not {depth}.")
    if not soundfile.check_format(kind, SUBTYPES[depth]):
        raise OutputError(f"{kind} has no {depth}-bit samples; choose 16 or 24, or a .wav file.")
    return kind, SUBTYPES[depth]


class FileOutput:
    """Writes two channels to a WAV or FLAC file as fast as they come.

    Until it is closed the file is called `NAME.unfinished.wav`, and its header is true after every block, so that any
    program can read what there is however the writing ends.

    Args:
        path: ends in .wav or .flac; nothing of that name is touched before the new file is whole.
        sample_rate: Hz, whole.
        depth: "16", "24" or "float".
        replaces: an older file of that name gives way; otherwise the new one takes the next free name.

    Raises:
        OutputError: the format is unknown, or the file cannot be written or is being written already.
    """

    latency_seconds = 0.0
    reserve_seconds = 0.0
    feels_scans = False
    underruns = 0
    device_underruns = 0
    overslept_seconds = 0.0

    def __init__(self, path: Path, sample_rate: float, depth: str = "16", replaces: bool = True) -> None:
        _check_place(path)
        kind, subtype = file_format(path, depth)
        self.name = str(path)
        self.path = path
        self.sample_rate = sample_rate
        self._replaces = replaces
        self._frames = 0
        self._unfinished = unfinished_name(path)
        self._claim = _create(path)
        try:
            self._file = soundfile.SoundFile(
                self._unfinished, "w", samplerate=round(sample_rate), channels=2, format=kind, subtype=subtype
            )
            # The peak chunk holds the time of day, and the same score must give the same bytes.
            soundfile._snd.sf_command(self._file._file, _ADD_PEAK_CHUNK, soundfile._ffi.NULL, 0)
            self._is_flac = kind == "FLAC"
            if not self._is_flac:
                soundfile._snd.sf_command(self._file._file, _UPDATE_HEADER_AUTO, soundfile._ffi.NULL, 1)
        except BaseException as error:  # Ctrl-C too leaves nothing
            self._claim.release()
            with contextlib.suppress(OSError):
                self._unfinished.unlink()
            if isinstance(error, OSError | soundfile.LibsndfileError):
                raise _cannot_write(path, error) from error
            raise

    def start(self) -> None:
        """Do nothing: the file is open."""

    def wait(self) -> float:
        """Return 0: a file is always ready."""
        return 0.0

    def write(self, y: FloatArray) -> None:
        """Append a block of left and right, [samples, 2].

        Raises:
            OutputError: the disk is full or gone.
        """
        try:
            self._file.write(y)
            self._frames += len(y)
            if self._is_flac:
                _tell_flac_length(self._claim, self._frames)
        except (OSError, soundfile.LibsndfileError) as error:
            raise _cannot_write(self.path, error) from error

    def deepen(self, seconds: float) -> None:
        """Do nothing: a file is never late."""

    def close(self) -> None:
        """Finish the file and give it its name, which `path` has then.

        Raises:
            OutputError: the disk is full or gone, or a folder has that name.
        """
        try:
            if self._is_flac and not self._frames:  # a FLAC file without samples cannot be read
                self._file.write(np.zeros((1, 2), np.float32))
            self._file.close()
            if os.name == "nt":  # where a file that is open cannot be renamed
                self._claim.release()
            if self._replaces:
                finish(self._unfinished, self.path)
            else:
                self.path = finish_beside(self._unfinished, self.path)
        except (OSError, soundfile.LibsndfileError) as error:
            raise _cannot_write(self.path, error) from error
        finally:
            self._claim.release()

    def discard(self) -> None:
        """Remove an unfinished file; an older one of that name stays."""
        self._file.close()
        self._claim.release()
        self._unfinished.unlink(missing_ok=True)


def _create(path: Path) -> Claim:
    """Create the unfinished file, because the system says why it cannot be, and libsndfile does not.

    Raises:
        OutputError: it cannot be created, or another program writes it.
    """
    unfinished = unfinished_name(path)
    try:
        rescue(path)
        unfinished.touch(exist_ok=False)
        return Claim(unfinished)
    except (FileExistsError, FileInUseError) as error:
        raise OutputError(f"{path} is being written by another AiTunes at this moment; choose another name.") from error
    except OSError as error:
        raise _cannot_write(path, error) from error


def _tell_flac_length(claim: Claim, frames: int) -> None:
    """Write into a FLAC file how many frames can be read, which its encoder does at the end alone.

    The encoder keeps up to two of its blocks to itself, whose size is at byte 8; the length is in the last 36 bits of
    the eight bytes at 18.
    """
    block = int.from_bytes(claim.read_at(8, 2), "big")
    told = claim.read_at(18, 8)
    if not block or len(told) < 8:
        return
    kept = int.from_bytes(told, "big") >> 36 << 36
    length = max(0, frames // block - 1) * block
    if (new := (kept | length).to_bytes(8, "big")) != told:
        claim.write_at(18, new)


def _check_place(path: Path) -> None:
    try:
        str(path).encode()
        if path.is_dir():
            raise OutputError(f"{path} cannot be written: it is a folder; give the name of a file.")
        if not path.parent.is_dir():
            raise OutputError(f"{path} cannot be written: there is no folder {path.parent}.")
    except UnicodeEncodeError as error:  # a name of the file system's own that is not in its encoding
        raise OutputError(f"{str(path)!a} cannot be written: its name is no text.") from error
    except OSError as error:
        raise _cannot_write(path, error) from error


def _cannot_write(path: Path, error: OSError | soundfile.LibsndfileError) -> OutputError:
    if isinstance(error, OSError):
        why = reason(error)
    elif error.code == _SYSTEM_ERROR:
        why = "the disk is full or gone"
    else:
        why = error.error_string.rstrip(".")
    return OutputError(f"{path} cannot be written: {why}.")
