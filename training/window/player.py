"""Plays sound files in a thread of its own: opening a device may take a while."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, QRunnable, QThreadPool, Signal
from typing_extensions import override

from aitunes.audio_processing.playback import PlaybackError, play


class Player(QObject):
    """Plays one sound at a time; a new one stops the one before.

    Signals:
        message: a sentence, where nothing can be heard.
        finished: a sound was begun, or could not be.
    """

    message = Signal(str)
    finished = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._pool = QThreadPool(self)
        self._pool.setMaxThreadCount(1)

    def play(self, path: Path) -> None:
        """Start to play a WAV file."""
        self._pool.clear()
        self._pool.start(_Play(path, self))


class _Play(QRunnable):
    def __init__(self, path: Path, player: Player) -> None:
        super().__init__()
        self.path, self.player = path, player

    @override
    def run(self) -> None:
        import soundfile

        try:
            y, sample_rate = soundfile.read(self.path, dtype="float32")
            play(y, sample_rate, wait=False)
        except PlaybackError as error:
            self.player.message.emit(str(error))
        except (OSError, soundfile.SoundFileError) as error:
            self.player.message.emit(f"{self.path} cannot be played: {error}.")
        finally:
            self.player.finished.emit()
