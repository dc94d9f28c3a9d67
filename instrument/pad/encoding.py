"""Encodes audio files with a release's encoder, one after another in a child process, so that the window never waits.

`python -m instrument.pad.encoding RELEASE-FOLDER FILE` prints `{"coordinates": […], "attack": …, "decay": …}`, or a
sentence on stderr.
"""

from __future__ import annotations

import json
import sys
from collections import deque
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PySide6.QtCore import QObject, QProcess, QProcessEnvironment, QTimer, Signal

from aitunes.audio_processing.levels import FULL_LEVEL_DB, frame_levels_db
from aitunes.errors import AiTunesError
from aitunes.features import AudioFeatures, FloatArray, stft_magnitudes
from aitunes.motion.choice import TYPICAL, Contour, NoteMotions
from aitunes.motion.heard_contour import heard_contour
from aitunes.release.card import LATENT_LIMIT, ReleaseCard
from aitunes.release.encoder import Encoder
from aitunes.release.limits import SAMPLE_RATES
from aitunes.release.motion import read_motion
from aitunes.release.processes import own_process
from aitunes.release.reader import read_card
from aitunes.release.trial import limit_process
from instrument.pad.child_process import last_words

_MAX_SECONDS = 30.0
_MAX_CHANNELS = 64
_MAX_SEGMENTS = 512
_QUIET_DB = -30.0
_SILENCE = 1e-5
_MAX_ERROR_CHARACTERS = 200
_TIMEOUT_SECONDS = 90.0


class SoundError(AiTunesError):
    """Says why an audio file cannot become an anchor."""


def read_sound(path: Path, features: AudioFeatures) -> FloatArray:
    """Read the first 30 s of a sound file: mono, [samples] at the release's rate, normalised to a peak of 1.

    Raises:
        SoundError: it is no sound file, or silent.
    """
    import soundfile
    import soxr

    if not path.is_file():  # a pipe would be read for ever
        raise SoundError(f"{path.name} is no file.")
    try:
        with soundfile.SoundFile(path) as file:
            rate = file.samplerate
            low, high = SAMPLE_RATES
            if not low <= rate <= high:
                raise SoundError(f"{path.name} has a sample rate of {rate:,} Hz; {low:,} to {high:,} Hz can be read.")
            if file.channels > _MAX_CHANNELS:
                raise SoundError(f"{path.name} has {file.channels} channels; at most {_MAX_CHANNELS} can be read.")
            y = file.read(round(_MAX_SECONDS * rate), dtype="float32", always_2d=True).mean(axis=1)
    except (OSError, soundfile.SoundFileError) as error:
        raise SoundError(f"{path.name} cannot be read as sound.") from error
    if not len(y) or not np.isfinite(y).all() or np.abs(y).max() < _SILENCE:
        raise SoundError(f"{path.name} is silent.")
    y = np.asarray(soxr.resample(y / np.abs(y).max(), rate, features.sample_rate), np.float32)
    return np.pad(y, (0, max(0, features.n_fft + (features.frames - 1) * features.hop_length - len(y))))


def segments(S: FloatArray, frames: int) -> FloatArray:
    """Cut a spectrogram [n_mels, count] into overlapping segments [segments, n_mels, frames], in order of time."""
    windows = np.lib.stride_tricks.sliding_window_view(S, frames, axis=1).transpose(1, 0, 2)
    step = max(1, frames // 2, len(windows) // _MAX_SEGMENTS)
    return np.ascontiguousarray(windows[::step])


@dataclass(frozen=True)
class Encoded:
    """Holds what an encoder has heard.

    Args:
        coordinates: [latent_dim], standard deviations.
        contour: how the sound begins and falls; typical of its place unless it is a note, and the release plays notes.
    """

    coordinates: FloatArray
    contour: Contour = TYPICAL


def encode(folder: Path, path: Path) -> Encoded:
    """Find a sound's position in a release's latent space: the mean over its segments, weighted by their magnitude.

    Raises:
        SoundError: the file cannot be used.
        ReleaseError: the release's encoder cannot.
    """
    card = read_card(folder)
    y = read_sound(path, card.features)
    S = card.features.analyse(_levelled(y, card))
    parts = segments(S, card.features.frames)
    weights = _weights(parts, card.features)
    z = Encoder(folder, card)(parts[weights > 0.0])
    mean = weights[weights > 0.0] @ card.latent.coordinates(z) / weights.sum()
    coordinates = np.asarray(np.clip(mean, -LATENT_LIMIT, LATENT_LIMIT), np.float32)
    motion = read_motion(folder, card)
    if motion is None or all(spec.name != "pitch" for spec in card.inputs):
        return Encoded(coordinates)
    return Encoded(coordinates, heard_contour(y, card.features, NoteMotions(motion), card.latent.codes(coordinates)))


def _levelled(y: FloatArray, card: ReleaseCard) -> FloatArray:
    """Bring a sound to full level for a model that is conditioned on level: it was trained on levelled notes."""
    if all(spec.name != "level" for spec in card.inputs):
        return y
    features = card.features
    loudest = frame_levels_db(stft_magnitudes(y, features.n_fft, features.hop_length)).max()
    return y * np.float32(10.0 ** ((FULL_LEVEL_DB - loudest) / 20.0))


def _weights(parts: FloatArray, features: AudioFeatures) -> FloatArray:
    """Weight segments by their magnitude: [segments]."""
    loudness = features.denormalise(parts).mean(axis=(1, 2))
    loudest = float(loudness.max())
    if loudest <= 0.0:
        raise SoundError("The sound is too quiet for this release.")
    # More than 30 dB below the loudest lies a tail, which says little of the sound.
    return np.where(loudness > loudest * 10.0 ** (_QUIET_DB / 20.0), loudness, 0.0).astype(np.float32)


class EncoderQueue(QObject):
    """Encodes sound files in child processes, one at a time.

    Args:
        timeout_seconds: a process that takes longer is killed.
    """

    encoded = Signal(str, object)
    """A file's name without its ending, and what was heard."""

    failed = Signal(str)
    """Why a file could not be encoded."""

    def __init__(self, timeout_seconds: float = _TIMEOUT_SECONDS, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._timeout = QTimer(self, singleShot=True, interval=round(1e3 * timeout_seconds))
        self._timeout.timeout.connect(self._kill)
        self._waiting: deque[tuple[Path, Path]] = deque()
        self._process: QProcess | None = None

    @property
    def busy(self) -> bool:
        """Return true while a file is being encoded."""
        return self._process is not None

    def add(self, folder: Path, path: Path) -> None:
        """Queue a file for the encoder of the release in that folder."""
        self._waiting.append((folder, path))
        self._start_next()

    def close(self) -> None:
        """Drop the queue and end the running process."""
        self._waiting.clear()
        if self._process is not None:
            self._process.disconnect(self)
            self._process.kill()
            self._process.waitForFinished(1_000)

    def _start_next(self) -> None:
        if self._process is not None or not self._waiting:
            return
        folder, path = self._waiting.popleft()
        process = self._process = QProcess(self)
        process.finished.connect(lambda: self._finish(path))
        process.errorOccurred.connect(
            lambda error: self._finish(path) if error is QProcess.ProcessError.FailedToStart else None
        )
        command, variables = own_process("instrument.pad.encoding", str(folder), str(path))
        environment = QProcessEnvironment()
        for name, value in variables.items():
            environment.insert(name, value)
        process.setProcessEnvironment(environment)
        process.start(command[0], command[1:])
        self._timeout.start()

    def _kill(self) -> None:
        if self._process is not None:
            self._process.kill()

    def _finish(self, path: Path) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        self._timeout.stop()
        try:
            reply = json.loads(bytes(process.readAllStandardOutput().data()))
            coordinates = np.array(reply["coordinates"], np.float32)
            found = Encoded(coordinates, Contour(float(reply["attack"]), float(reply["decay"])))
        except (ValueError, KeyError, TypeError):
            sentence = last_words(process, f"{path.name} could not be encoded: it took too long or too much memory.")
            self.failed.emit(sentence[:_MAX_ERROR_CHARACTERS])
        else:
            self.encoded.emit(path.stem, found)
        process.deleteLater()
        self._start_next()


def main() -> int:
    """Encode the file that the command line names."""
    folder, path = (Path(word) for word in sys.argv[1:3])
    limit_process()  # an encoder is a stranger's program, and a sound file may be damaged
    try:
        found = encode(folder, path)
    except AiTunesError as error:
        print(error, file=sys.stderr)
        return 1
    except MemoryError:
        print(f"{path.name} needs more memory than encoding may have.", file=sys.stderr)
        return 1
    print(json.dumps({"coordinates": found.coordinates.tolist(), **found.contour._asdict()}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
