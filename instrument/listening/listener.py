"""Listens on a thread of its own: reads an input, analyses it, and leaves what is heard for whoever asks."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from aitunes.errors import AiTunesError
from aitunes.features import FloatArray
from instrument.inputs import Input
from instrument.listening.analysis import LOOK_SECONDS, Analyser
from instrument.listening.feedback import FeedbackGuard
from instrument.scheduling import INPUT_PRIORITY, raised_priority
from instrument.synthesis.dynamics import decibels
from instrument.synthesis.following import FollowSettings

_POLL_SECONDS, _MAX_NAP_SECONDS = 0.0006, 0.01
_EARLY_SHARE = 0.7
_CLOSE_SECONDS = 0.5


class Listener:
    """Runs the analysis of an input; all that it leaves is replaced as a whole, so that nobody needs a lock.

    Args:
        source: the input, already started.
        analyser: for the playing release; may be replaced at any time.
        settings: returns the player's, at any time.
        watch: takes every block [samples] after the gain, which must not be changed.

    Attributes:
        failure: why the thread has ended, a sentence.
        turn_down_db: by how much the gain is too high; whoever lowers it sets it to 0.
    """

    def __init__(
        self,
        source: Input,
        analyser: Analyser,
        settings: Callable[[], FollowSettings],
        watch: Callable[[FloatArray], None],
    ) -> None:
        self.source, self.analyser = source, analyser
        self.failure = ""
        self.turn_down_db = 0.0
        self._settings, self._watch = settings, watch
        self._guard = FeedbackGuard()
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="input", daemon=True)

    @property
    def output_gain(self) -> float:
        """Return the factor by which the output is to be softer just now."""
        return 10.0 ** (self._guard.dip_db / 20.0)

    @property
    def hanging(self) -> bool:
        """Return whether the thread has not ended."""
        return self._thread.is_alive()

    def start(self) -> None:
        """Begin to listen."""
        self._thread.start()

    def close(self) -> None:
        """End the thread; the source stays open."""
        self._closing.set()
        self.analyser.timbre.stop()
        if self._thread.ident is not None:
            self._thread.join(_CLOSE_SECONDS)

    def _run(self) -> None:
        try:
            with raised_priority(INPUT_PRIORITY):
                while not self._closing.is_set():
                    y = self.source.read()
                    if len(y):
                        self._take(y)
                    # Most devices bring as much again after as long again; a sound that lasts can wait for two looks.
                    until_next = _EARLY_SHARE * len(y) / self.source.sample_rate
                    if len(y) and self.analyser.is_settled:
                        until_next = max(until_next, 2.0 * LOOK_SECONDS)
                    time.sleep(min(max(until_next, _POLL_SECONDS), _MAX_NAP_SECONDS))
        except AiTunesError as error:
            self.failure = str(error)
        except Exception as error:  # noqa: BLE001  whatever it is, the player is told
            self.failure = f"Listening has ended: {error!r}."

    def _take(self, y: FloatArray) -> None:
        analyser = self.analyser
        analyser.process(y, self._settings())
        self._watch(y.copy())
        sounding, seconds = analyser.heard.sounding, len(y) / self.source.sample_rate
        self.turn_down_db += self._guard.step(decibels(analyser.rms), analyser.peak, sounding, seconds)
