"""Groups what an engine reads and writes on disk."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from instrument.engine.options import EngineOptions
from instrument.engine.publisher import Publisher
from instrument.scores.gesture_store import GestureStore
from instrument.storage.library import Library
from instrument.storage.recorder import Recorder
from instrument.storage.snapshots import SnapshotStore


@dataclass(frozen=True)
class Stores:
    """Groups the releases, recordings, snapshots and gestures of an engine."""

    library: Library
    recorder: Recorder
    snapshots: SnapshotStore
    gestures: GestureStore

    @classmethod
    def open(cls, library: Library, options: EngineOptions, sample_rate: float, publisher: Publisher) -> Self:
        """Open the stores of an engine; subscribers hear when a recording cannot be written or a file is damaged."""
        recorder = Recorder(options.recordings, sample_rate, publisher.notify_error)
        gestures = GestureStore(options.gestures, publisher.warn)
        for sentence in [*recorder.rescue(), *gestures.rescue()]:
            publisher.warn(sentence)
        return cls(library, recorder, SnapshotStore(options.snapshots, publisher.warn), gestures)
