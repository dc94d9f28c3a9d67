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
        self._ready: ReleaseRenderer | None = None
        self._ready_rate = 0.0
        self.prepared: Callable[[Release], None] = lambda release: None

    def load(self, name: str) -> None:
        """Change to another release, cross-faded.

        Raises:
            ReleaseError: it cannot be used; the present one plays on.
        """
        before = self._synth_thread.card.name
        if (renderer := self._take_ready(name)) is not None:
            self._take(renderer)
            self._free_retired()
        else:
            self._change_renderer(lambda: self._library.open(name))
        if before != name:
            self._before = before

    def prepare(self, name: str) -> None:
        """Prepare another release beside the sound, so that `load` need not wait for it; one at a time is kept.

        Raises:
            ReleaseError: it cannot be used.
        """
        thread = self._synth_thread
        if name == thread.card.name or (self._ready is not None and self._is_current(self._ready, name)):
            return
        with deepened(thread):
            self.close()
            self._ready_rate = thread.output.sample_rate
            self._ready = prepared(self._library.open(name), thread.performance, self._ready_rate)

    def close(self) -> None:
        """Free what is prepared."""
        renderer, self._ready = self._ready, None
        if renderer is not None:
            renderer.close()

    def _is_current(self, renderer: ReleaseRenderer, name: str) -> bool:
        """Return whether a prepared renderer is what loading that release would make."""
        thread = self._synth_thread
        return (
            self._ready_rate == thread.output.sample_rate
            and renderer.lookahead == thread.performance.lookahead
            and renderer.release.card.name == name
            and renderer.release.card == self._library.card(name)
        )

    def _take_ready(self, name: str) -> ReleaseRenderer | None:
        renderer = self._ready
        if renderer is None or not self._is_current(renderer, name):
            return None
        self._ready = None
        rehearse(renderer, self._synth_thread.performance)
        return renderer

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
            self._take(prepared(open_release(), thread.performance, thread.output.sample_rate))
            self._free_retired()

    def _take(self, renderer: ReleaseRenderer) -> None:
        """Cross-fade to a renderer, which is closed where that fails."""
        thread = self._synth_thread
        with contextlib.ExitStack() as undo:
            undo.callback(renderer.close)
            self.prepared(renderer.release)
            thread.at_next_hop(lambda: thread.take_renderer(renderer))
            undo.pop_all()

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
    renderer = ReleaseRenderer(release, sample_rate, performance.iterations, performance.lookahead)
    rehearse(renderer, performance)
    return renderer


def rehearse(renderer: ReleaseRenderer, performance: Performance) -> None:
    """Render where a renderer will begin; one that fails is closed.

    Raises:
        ReleaseError: it cannot be played.
    """
    rehearsal = performance.rehearsal()
    rehearsal.take_over(renderer.release.card)
    try:
        renderer.prepare(rehearsal.advance(0.0), rehearsal)
    except AiTunesError:
        renderer.close()
        raise
