"""An audio file becomes a place in a release's latent space; a process of its own, so that nothing waits for it.

`python -m instrument.pad.encode RELEASE-FOLDER FILE` prints `{"coordinates": […]}`, or a sentence on stderr.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np

from aitunes.audio_processing.levels import FULL_LEVEL_DB, frame_levels_db
from aitunes.errors import AiTunesError, ReleaseError
from aitunes.features import AudioFeatures, FloatArray, stft_magnitudes
from aitunes.release.card import LATENT_LIMIT, ReleaseCard
from aitunes.release.reader import ENCODER, read_card, session_options, sha256

_MAX_SECONDS = 30.0
_MAX_SEGMENTS = 512
_QUIET_DB = -30.0


class SoundError(AiTunesError):
    """An audio file that cannot become an anchor."""


def read_sound(path: Path, features: AudioFeatures) -> FloatArray:
    """The beginning of a sound file, mono, [samples] at the release's rate, its peak at full scale.

    Raises:
        SoundError: it is no sound file, or silent.
    """
    import soundfile
    import soxr

    try:
        with soundfile.SoundFile(path) as file:
            rate = file.samplerate
            y = file.read(round(_MAX_SECONDS * rate), dtype="float32", always_2d=True).mean(axis=1)
    except (OSError, soundfile.SoundFileError) as error:
        raise SoundError(f"{path.name} cannot be read as sound.") from error
    if not len(y) or not np.isfinite(y).all() or np.abs(y).max() < 1e-5:
        raise SoundError(f"{path.name} is silent.")
    y = np.asarray(soxr.resample(y / np.abs(y).max(), rate, features.sample_rate), np.float32)
    return np.pad(y, (0, max(0, features.n_fft + (features.frames - 1) * features.hop_length - len(y))))


def segments(S: FloatArray, frames: int) -> FloatArray:
    """The louder segments of a spectrogram [n_mels, count]: [segments, n_mels, frames], in order of time.

    What lies more than 30 dB (of the release's 0..1) below the loudest, such as a tail, says little of the sound.
    """
    windows = np.lib.stride_tricks.sliding_window_view(S, frames, axis=1).transpose(1, 0, 2)
    step = max(1, frames // 2, len(windows) // _MAX_SEGMENTS)
    return np.ascontiguousarray(windows[::step])


def encode(folder: Path, path: Path) -> FloatArray:
    """Where a sound lies in a release's latent space, [latent_dim] standard deviations.

    The mean over its segments, the louder ones counting more.

    Raises:
        SoundError: the file cannot be used.
        ReleaseError: the release's encoder cannot.
    """
    card = read_card(folder)
    S = card.features.analyse(_as_trained(read_sound(path, card.features), card))
    parts = segments(S, card.features.frames)
    weights = _loudness(parts, card.features)
    z = _encoded(folder, card, parts[weights > 0.0])
    mean = weights[weights > 0.0] @ card.latent.coordinates(z) / weights.sum()
    return np.asarray(np.clip(mean, -LATENT_LIMIT, LATENT_LIMIT), np.float32)


def _as_trained(y: FloatArray, card: ReleaseCard) -> FloatArray:
    """The sound as loud as the release's model was taught: one that is told the level learnt from levelled notes."""
    if all(spec.name != "level" for spec in card.inputs):
        return y
    features = card.features
    loudest = frame_levels_db(stft_magnitudes(y, features.n_fft, features.hop_length)).max()
    return y * np.float32(10.0 ** ((FULL_LEVEL_DB - loudest) / 20.0))


def _loudness(parts: FloatArray, features: AudioFeatures) -> FloatArray:
    """What each segment counts, [segments]: its magnitude, nothing where it is quiet beside the loudest."""
    loudness = features.denormalise(parts).mean(axis=(1, 2))
    loudest = float(loudness.max())
    if loudest <= 0.0:
        raise SoundError("The sound is too quiet for this release.")
    return np.where(loudness > loudest * 10.0 ** (_QUIET_DB / 20.0), loudness, 0.0).astype(np.float32)


def _encoded(folder: Path, card: ReleaseCard, parts: FloatArray) -> FloatArray:
    import onnxruntime

    if sha256(folder / ENCODER) != card.files[ENCODER]:
        raise ReleaseError(f"The encoder of {card.name} is not the file that was exported. Copy the release again.")
    try:
        encoder = onnxruntime.InferenceSession(folder / ENCODER, session_options(), providers=["CPUExecutionProvider"])
        (z,) = encoder.run(None, {encoder.get_inputs()[0].name: parts})
    except Exception as error:  # onnxruntime's errors share no other base class
        raise ReleaseError(f"The encoder of {card.name} cannot be used: {error}") from error
    return np.asarray(z, np.float32)


def main() -> int:
    """Encode the file that the command line names."""
    folder, path = (Path(word) for word in sys.argv[1:3])
    try:
        coordinates = encode(folder, path)
    except AiTunesError as error:
        print(error, file=sys.stderr)
        return 1
    print(json.dumps({"coordinates": coordinates.tolist()}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
