"""Writes a sound file under a temporary name, and renames it once it is whole."""

from __future__ import annotations

import contextlib
from pathlib import Path

import soundfile

from aitunes.atomic import finish, unfinished_path
from aitunes.errors import reason
from aitunes.features import FloatArray
from instrument.outputs import OutputError

SUBTYPES = {"16": "PCM_16", "24": "PCM_24", "float": "FLOAT"}
_FORMATS = {".wav": "WAV", ".flac": "FLAC"}
_ADD_PEAK_CHUNK = 0x1050  # sndfile.h: SFC_SET_ADD_PEAK_CHUNK
_SYSTEM_ERROR = 2  # sndfile.h: SF_ERR_SYSTEM


def file_format(path: Path, depth: str) -> tuple[str, str]:
    """Look up libsndfile's format and subtype for a file ending and a bit depth.

    Raises:
        OutputError: an unknown ending, or a depth that the format does not have.
    """
    kind = _FORMATS.get(path.suffix.lower())
    if kind is None:
        raise OutputError(f"The file's name must end in {' or '.join(_FORMATS)}, like take.wav; {path.name} does not.")
    if depth not in SUBTYPES:
        raise OutputError(f"The bit depth is one of {', '.join(SUBTYPES)}, not {depth}.")
    if not soundfile.check_format(kind, SUBTYPES[depth]):
        raise OutputError(f"{kind} has no {depth}-bit samples; choose 16 or 24, or a .wav file.")
    return kind, SUBTYPES[depth]


class FileOutput:
    """Writes two channels to a WAV or FLAC file as fast as they come.

    Args:
        path: ends in .wav or .flac; replaced only when the new file is whole.
        sample_rate: Hz, whole.
        depth: "16", "24" or "float".

    Raises:
        OutputError: the format is unknown or the file cannot be written.
    """

    latency_seconds = 0.0
    feels_scans = False
    underruns = 0
    device_underruns = 0

    def __init__(self, path: Path, sample_rate: float, depth: str = "16") -> None:
        _check_place(path)
        kind, subtype = file_format(path, depth)
        self.name = str(path)
        self.sample_rate = sample_rate
        self._path = path
        self._unfinished = unfinished_path(path)
        try:
            # Made here first, because the system says why it cannot be, and libsndfile does not.
            self._unfinished.touch()
            self._file = soundfile.SoundFile(
                self._unfinished, "w", samplerate=round(sample_rate), channels=2, format=kind, subtype=subtype
            )
            # The peak chunk holds the time of day, and the same score must give the same bytes.
            soundfile._snd.sf_command(self._file._file, _ADD_PEAK_CHUNK, soundfile._ffi.NULL, 0)
        except BaseException as error:  # Ctrl-C too leaves nothing
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
        except (OSError, soundfile.LibsndfileError) as error:
            raise _cannot_write(self._path, error) from error

    def deepen(self, seconds: float) -> None:
        """Do nothing: a file is never late."""

    def close(self) -> None:
        """Finish the file and give it its name.

        Raises:
            OutputError: the disk is full or gone, or a folder has that name.
        """
        try:
            self._file.close()
            finish(self._unfinished, self._path)
        except (OSError, soundfile.LibsndfileError) as error:
            raise _cannot_write(self._path, error) from error

    def discard(self) -> None:
        """Remove an unfinished file; an older one of that name stays."""
        self._file.close()
        self._unfinished.unlink(missing_ok=True)


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
