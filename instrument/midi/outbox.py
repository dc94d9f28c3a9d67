"""Collects what goes to the engine: notes at once and in order, moving values a bounded number of times a second."""

from __future__ import annotations

from collections.abc import Callable
from itertools import groupby

from aitunes.osc.packets import build, bundle
from instrument.namespace import Value

STREAM_SECONDS = 0.003
"""Sets how often a moving value is sent at most: about once a hop of the engine."""
_MAX_IN_BUNDLE = 128


class Outbox:
    """Encodes messages and sends them in bundles for the time at which they are to be heard.

    Args:
        send: sends one datagram.
        delay: returns the seconds from an event to its sound, or None where clocks differ and nothing is timed.

    Attributes:
        event_time: seconds of `time.time` at which what is handled now came in.
    """

    def __init__(self, send: Callable[[bytes], None], delay: Callable[[], float | None] = lambda: None) -> None:
        self._send, self._delay = send, delay
        self.event_time = 0.0
        self._ready: list[tuple[float, bytes]] = []
        self._streams: dict[tuple[Value, ...], tuple[float, bytes]] = {}
        self._due = 0.0

    def act(self, path: str, *values: Value) -> None:
        """Send a message after all before it."""
        self._take_streams()
        self._ready.append((self.event_time, build(path, *values)))

    def stream(self, path: str, *values: Value) -> None:
        """Send values; those of the same path that differ in the last one alone overtake each other."""
        key = (path, *values[:-1])
        self._streams.pop(key, None)
        self._streams[key] = self.event_time, build(path, *values)

    def flush(self, now: float) -> None:
        """Send what is due.

        Args:
            now: seconds that never go back.
        """
        if self._streams and (now >= self._due or self._ready):
            self._take_streams()
            self._due = now + STREAM_SECONDS
        ready, self._ready = self._ready, []
        delay = self._delay()
        for event_time, group in groupby(ready, key=lambda pair: pair[0]):
            messages = [message for _, message in group]
            tag = None if delay is None else event_time + delay
            for start in range(0, len(messages), _MAX_IN_BUNDLE):
                self._send(bundle(messages[start : start + _MAX_IN_BUNDLE], tag))

    def wait_seconds(self, now: float) -> float | None:
        """Return in how many seconds to flush again; None where nothing waits."""
        return max(0.0, self._due - now) if self._streams else None

    def _take_streams(self) -> None:
        self._ready.extend(self._streams.values())
        self._streams.clear()
