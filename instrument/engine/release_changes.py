"""Changes the release or the look-ahead while the engine plays: prepared beside the synth, then cross-faded."""

from __future__ import annotations

import contextlib
import gc
import time
from collections.abc import Callable, Iterator

from aitunes.errors import AiTunesError
from aitunes.release.reader import Release
from instrument.engine.publisher import Publisher
from instrument.engine.synth_thread import SynthThread
from instrument.namespace import ROOT
from instrument.storage.library import Library
from instrument.synthesis.performance import Performance
from instrument.synthesis.release_renderer import ReleaseRenderer

_LOADING_SECONDS = 0.15
_FADE_DEADLINE_SECONDS = 3.0
_POLL_SECONDS = 0.02


class ReleaseChanges:
    """Changes the renderer; called by the worker, one change after another.

    Args:
        synth_thread: takes the renderer.
        library: where releases are found.
        publisher: notified of a release that was given up.
    """

    def __init__(self, synth_thread: SynthThread, library: Library, publisher: Publisher) -> None:
        self._synth_thread = synth_thread
        self._library = library
        self._publisher = publisher
        self._before: str | None = None
        self.prepared: Callable[[Release], None] = lambda release: None

    def load(self, name: str) -> None:
        """Change to another release, cross-faded.

        Raises:
            ReleaseError: it cannot be used; the present one plays on.
        """
        before = self._synth_thread.card.name
        self._change_renderer(lambda: self._library.open(name))
        if before != name:
            self._before = before

    def fall_back(self, failed: str) -> None:
        """Change back to the release that played before one that has failed; without any, silence stays."""
        if not self._synth_thread.synth.abandoned:
            return  # somebody has loaded another one meanwhile
        before, self._before = self._before, None
        if before is not None and before != failed:
            try:
                self._change_renderer(lambda: self._library.open(before))
            except AiTunesError as error:
                self._publisher.warn(str(error))
            else:
                self._publisher.notify(None, f"{ROOT}/release/load", (before,))
                self._publisher.warn(f"The release {failed} has failed; {before} plays again.")
                return
        self._publisher.warn(f"The release {failed} has failed, so nothing sounds; {ROOT}/release/load loads another.")

    def change_lookahead(self) -> None:
        """Change to the look-ahead that is set, cross-faded."""
        # Of many changes in the worker's queue, the first takes the newest value and leaves nothing to do.
        thread = self._synth_thread
        if thread.synth.renderer.lookahead != thread.performance.lookahead:
            self._change_renderer(lambda: thread.synth.renderer.release)

    def _change_renderer(self, open_release: Callable[[], Release]) -> None:
        thread = self._synth_thread
        with deepened(thread):
            with contextlib.ExitStack() as undo:
                renderer = prepared(open_release(), thread.performance, thread.output.sample_rate)
                undo.callback(renderer.close)
                self.prepared(renderer.release)
                thread.at_next_hop(lambda: thread.take_renderer(renderer))
                undo.pop_all()
            self._free_retired()

    def _free_retired(self) -> None:
        thread = self._synth_thread
        deadline = time.monotonic() + _FADE_DEADLINE_SECONDS
        while not (retired := thread.synth.take_retired()):
            if time.monotonic() > deadline or thread.stopped.wait(_POLL_SECONDS):
                return
        while retired:
            retired.pop().close()
        # What a session leaves behind is collected now, and what lives is not looked at again.
        gc.collect()
        gc.freeze()


@contextlib.contextmanager
def deepened(thread: SynthThread) -> Iterator[None]:
    """Play from a deeper buffer, because making a session and freeing one hold the interpreter for milliseconds."""
    thread.output.deepen(_LOADING_SECONDS)
    time.sleep(_LOADING_SECONDS)
    try:
        yield
    finally:
        thread.output.deepen(0.0)


def prepared(release: Release, performance: Performance, sample_rate: float) -> ReleaseRenderer:
    """Create a renderer that has rendered where it will begin, so that a release that fails does so here.

    Raises:
        ReleaseError: it cannot be played.
    """
    rehearsal = performance.rehearsal()
    rehearsal.take_over(release.card)
    renderer = ReleaseRenderer(release, sample_rate, rehearsal.iterations, rehearsal.lookahead)
    try:
        renderer.prepare(rehearsal.advance(0.0), rehearsal)
    except AiTunesError:
        renderer.close()
        raise
    return renderer
