"""Record the output: the synth's thread hands over blocks, a thread of its own writes them."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from pathlib import Path

import soundfile

from aitunes.errors import AiTunesError, reason
from aitunes.features import FloatArray
from aitunes.unfinished_files import FileInUseError, abandoned, finish_beside, intended_path, is_unfinished, rescue
from instrument.outputs.file import FORMATS, FileOutput, file_format
from instrument.storage.paths import plain_name


class RecordingError(AiTunesError):
    """A recording that cannot be started or ended."""


class Recorder:
    """Writes what is played into files of one folder.

    Args:
        folder: made when the first recording starts.
        sample_rate: of the output, Hz.
        on_failure: takes the sentence when writing fails for the first time in a recording, on the recorder's thread;
            what comes after is lost, and `stop` says so again.
    """

    def __init__(
        self, folder: Path, sample_rate: float, on_failure: Callable[[str], None] = lambda sentence: None
    ) -> None:
        self._folder = folder
        self.sample_rate = sample_rate
        self._on_failure = on_failure
        self._blocks: queue.SimpleQueue[FloatArray | None] | None = None
        self._thread: threading.Thread | None = None
        self._failure: AiTunesError | None = None
        self._name = ""

    def start(self, name: str) -> Path:
        """Begin to record under that file name.

        Raises:
            RecordingError: a recording runs, the file exists, or the folder cannot be used.
            PathError, OutputError: the name has a path in it, or the file cannot be written.
        """
        if self._blocks is not None:
            raise RecordingError("a recording runs already; stop it first")
        path = self._folder / plain_name(name)
        file_format(path, "24")
        if is_unfinished(path):
            raise RecordingError(f"names such as {name} belong to recordings that run; choose another name")
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            rescue(path)
            taken = path.exists()
        except FileInUseError as error:
            raise RecordingError(f"{name} is being recorded by another AiTunes; choose another name") from error
        except OSError as error:
            raise RecordingError(f"recordings cannot be kept in {self._folder}: {reason(error)}") from error
        if taken:
            raise RecordingError(f"{name} exists already in {self._folder}; choose another name")
        output = FileOutput(path, self.sample_rate, "24", replaces=False)
        blocks: queue.SimpleQueue[FloatArray | None] = queue.SimpleQueue()
        self._failure = None
        self._thread = threading.Thread(target=self._write, args=(output, blocks), name="recorder", daemon=True)
        self._thread.start()
        self._name = name
        self._blocks = blocks
        return path

    def rescue(self) -> list[str]:
        """Give recordings their names that were interrupted by the end of an earlier engine.

        Returns:
            A sentence for each.
        """
        sentences = []
        for ending in FORMATS:
            for unfinished in abandoned(self._folder, ending):
                try:
                    seconds = _length(unfinished)
                    if seconds:
                        path = finish_beside(unfinished, intended_path(unfinished))
                        sentences.append(
                            f"The recording {intended_path(unfinished).name} was interrupted; what there is of it, "
                            f"{seconds:.1f} s, is in {path}."
                        )
                    elif seconds == 0.0:
                        unfinished.unlink()
                    else:
                        sentences.append(f"{unfinished} is left of a recording that was interrupted; it is damaged.")
                except OSError as error:
                    sentences.append(f"{unfinished} is left of a recording that was interrupted: {reason(error)}.")
        return sentences

    def push(self, y: FloatArray) -> None:
        """Hand over a block, if a recording runs; called by the synth's thread."""
        blocks = self._blocks  # once, because `stop` may take it away between two looks
        if blocks is not None:
            blocks.put(y)

    def stop(self) -> None:
        """End the recording; the file is whole when this returns.

        Raises:
            RecordingError: none runs, or writing had failed.
        """
        if self._blocks is None or self._thread is None:
            raise RecordingError("no recording runs")
        blocks, self._blocks = self._blocks, None
        blocks.put(None)
        self._thread.join()
        if self._failure is not None:
            raise RecordingError(str(self._failure))

    @property
    def recording(self) -> bool:
        """Return whether a recording runs."""
        return self._blocks is not None

    @property
    def name(self) -> str:
        """The file that is being recorded, or nothing."""
        return self._name if self.recording else ""

    def _write(self, output: FileOutput, blocks: queue.SimpleQueue[FloatArray | None]) -> None:
        while (y := blocks.get()) is not None:
            if self._failure is None:
                try:
                    output.write(y)
                except AiTunesError as error:
                    self._failure = error
                    self._on_failure(str(error))
        try:
            intended = output.path
            output.close()
            if output.path != intended:
                self._on_failure(f"{intended.name} has appeared meanwhile; the recording is {output.path.name}")
        except AiTunesError as error:
            self._failure = self._failure or error


def _length(path: Path) -> float | None:
    """Return the seconds of a sound file; 0 of an empty one, None of a damaged one."""
    if path.stat().st_size == 0:
        return 0.0
    try:
        return float(soundfile.info(path).duration)
    except soundfile.LibsndfileError:
        return None
