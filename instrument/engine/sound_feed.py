"""Sends what is played to programs that ask for it, such as the page's: off while nobody listens."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from typing import Any

import numpy as np

from aitunes.features import FloatArray
from instrument.namespace import SOUND, MessageError
from instrument.osc.peers import Peer

PACKET_SECONDS = 0.02
MAX_LISTENERS = 4
_MAX_BLOCKS = 256
_LARGEST = 32_767.0

Send = Callable[[Peer, str, tuple[Any, ...]], None]


class SoundFeed:
    """Cuts what is played into packets of 20 ms.

    The synth's thread only hands over its blocks; the thread that publishes converts and sends them.

    Args:
        clock: seconds that never go back.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._ends: dict[Peer, float] = {}
        self._blocks: deque[tuple[FloatArray, float]] = deque(maxlen=_MAX_BLOCKS)
        self._rest: list[FloatArray] = []
        self._sample_rate = 0.0
        self._sequence = 0

    def listen(self, peer: Peer, seconds: float) -> None:
        """Send to a peer for so many seconds from now on; 0 ends it.

        Raises:
            MessageError: there are too many.
        """
        now = self._clock()
        ends = {other: end for other, end in self._ends.items() if end > now and other != peer}
        if seconds and len(ends) >= MAX_LISTENERS:
            raise MessageError(f"{MAX_LISTENERS} programs listen already")
        self._ends = {**ends, peer: now + seconds} if seconds else ends  # a new one: other threads read the old

    def push(self, y: FloatArray, sample_rate: float) -> None:
        """Take a block [samples, 2], which must not change any more; synth's thread only."""
        if self._ends:
            self._blocks.append((y, sample_rate))

    def publish(self, send: Send) -> None:
        """Send the packets that are complete; called by the publishing thread."""
        if not self._ends:
            if self._blocks or self._rest:
                self._blocks.clear()
                self._rest.clear()
            return
        now = self._clock()
        if any(end <= now for end in self._ends.values()):
            self._ends = {peer: end for peer, end in self._ends.items() if end > now}
        while self._blocks:
            y, sample_rate = self._blocks.popleft()
            if sample_rate != self._sample_rate:
                self._rest, self._sample_rate = [], sample_rate
            self._rest.append(y)
        frames = round(PACKET_SECONDS * self._sample_rate)
        if not self._rest or sum(map(len, self._rest)) < frames:
            return
        y = np.concatenate(self._rest)
        for start in range(0, len(y) - frames + 1, frames):
            self._send(y[start : start + frames], send)
        self._rest = [y[len(y) - len(y) % frames :]]

    def _send(self, y: FloatArray, send: Send) -> None:
        samples = np.rint(np.clip(y, -1.0, 1.0) * _LARGEST).astype("<i2").tobytes()
        self._sequence = (self._sequence + 1) % 2**31
        for peer in list(self._ends):
            send(peer, SOUND, (self._sequence, round(self._sample_rate), samples))
