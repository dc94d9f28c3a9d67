"""Recalls snapshots while the engine plays, and tells what has changed by it."""

from __future__ import annotations

from instrument.engine.position_feed import PositionFeed
from instrument.engine.publisher import Publisher
from instrument.engine.synth_thread import SynthThread
from instrument.namespace import ROOT
from instrument.storage.snapshots import SnapshotStore
from instrument.synthesis.snapshot import Snapshot


class Recalls:
    """Morphs to snapshots; called by the worker.

    Args:
        synth_thread: plays.
        store: where they are kept.
        publisher: notified of the settings that change.
        feed: notified of changes of the position.
    """

    def __init__(
        self, synth_thread: SynthThread, store: SnapshotStore, publisher: Publisher, feed: PositionFeed
    ) -> None:
        self._synth_thread, self._store, self._publisher, self._feed = synth_thread, store, publisher, feed

    def recall(self, name: str, morph_seconds: float) -> None:
        """Morph to a snapshot.

        Raises:
            SnapshotError: there is none of that name.
        """
        snapshot = self._store.get(name)
        self._synth_thread.at_next_hop(lambda: self._recall_now(snapshot, morph_seconds))

    def _recall_now(self, snapshot: Snapshot, morph_seconds: float) -> None:
        performance = self._synth_thread.performance
        before = performance.snapshot()
        performance.recall(snapshot, morph_seconds)
        for setting, values in snapshot.settings.items():
            if values != before.settings[setting]:
                self._publisher.notify(None, ROOT + setting, tuple(values))
        self._feed.note_change(None)
