"""Watches the synth's thread: a decoder that hangs is interrupted, and given up if that does not help."""

from __future__ import annotations

import threading

from instrument.engine.publisher import Publisher
from instrument.engine.synth_thread import HopHandler, SynthThread

HANG_SECONDS = 1.0
"""Sets how long a hop may last before it is interrupted."""
GRACE_SECONDS = 0.5
"""Sets how long an interrupted hop may last on before another thread takes over."""
_LOOK_SECONDS = 0.1
_CLOSE_SECONDS = 0.5


class Watchdog:
    """Looks at the present hop ten times a second.

    Args:
        synth_thread: what is watched.
        handler: takes part in the threads that follow.
        publisher: takes warnings.
    """

    def __init__(self, synth_thread: SynthThread, handler: HopHandler, publisher: Publisher) -> None:
        self._synth_thread = synth_thread
        self._handler = handler
        self._publisher = publisher
        self._interrupted = False
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="watchdog", daemon=True)

    def start(self) -> None:
        """Begin to watch."""
        self._thread.start()

    def close(self) -> None:
        """Stop watching."""
        self._closing.set()
        if self._thread.ident is not None:
            self._thread.join(_CLOSE_SECONDS)

    def look(self) -> None:
        """Interrupt or give up a hop that has lasted too long; note what each thread has worked."""
        self._synth_thread.flight.look()
        lasts = self._synth_thread.hop_lasts
        if lasts < HANG_SECONDS:
            self._interrupted = False
        elif not self._interrupted:
            self._interrupted = True
            name = self._synth_thread.card.name
            self._publisher.warn(f"The release {name} takes more than {HANG_SECONDS:g} s for a moment of sound.")
            self._synth_thread.interrupt()
        elif lasts > HANG_SECONDS + GRACE_SECONDS:
            self._interrupted = False
            self._synth_thread.replace(self._handler)

    def _run(self) -> None:
        while not self._closing.wait(_LOOK_SECONDS):
            self.look()
