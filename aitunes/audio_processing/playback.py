"""Plays a sound on the default device, for listening while working; the instrument has an engine of its own."""

from __future__ import annotations

from aitunes.errors import AiTunesError
from aitunes.features import FloatArray


class PlaybackError(AiTunesError):
    """Says why a sound cannot be played here."""


def play(y: FloatArray, sample_rate: float, wait: bool) -> None:
    """Start to play a waveform [samples], and stop what was playing.

    Raises:
        PlaybackError: PortAudio or a device is missing, or the device refuses.
    """
    try:
        import sounddevice
    except OSError as error:  # the library is there and PortAudio is not
        raise PlaybackError(f"Nothing can be played here: {error}. Save the sound to a file instead.") from error
    try:
        sounddevice.play(y, sample_rate, blocking=wait)
    except sounddevice.PortAudioError as error:
        raise PlaybackError(f"No sound device plays this: {error}. Save the sound to a file instead.") from error
