"""Collects what subscribers and senders are to hear, and sends it off the synth's thread."""

from __future__ import annotations

import contextlib
import gc
import sys
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from instrument.engine.scope import Scope
from instrument.namespace import ROOT, former
from instrument.osc.aliases import Sender, as_known_to, peer_of
from instrument.osc.server import OscServer
from instrument.osc.subscribers import Peer
from instrument.synthesis.dynamics import OutputStage, decibels

METER_SECONDS = 0.04
MAX_SENT = 256
"""Limits the messages of one wake, so that the synth gets the interpreter between two of them."""
MAX_WAITING = 4_096
"""Limits the notices that wait; answers are bounded by what their senders may ask."""
COLLECT_SECONDS = 1.0
_ERROR_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Message:
    """Holds a message that waits to be sent.

    Args:
        peer: who gets it, or whose change it tells.
        to_others: send it to every subscriber but the peer.
        address, arguments: as in OSC.
    """

    peer: Peer | None
    to_others: bool
    address: str
    arguments: tuple[Any, ...]


class Publisher:
    """Collects messages from any thread without a lock; `publish` sends them.

    Args:
        log: takes sentences for the terminal.
        clock: seconds that never go back.

    Attributes:
        wake: called when an answer waits; must not block.
    """

    def __init__(
        self,
        log: Callable[[str], None] = lambda line: print(line, file=sys.stderr),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.wake: Callable[[], None] = lambda: None
        self._log = log
        self._clock = clock
        self._messages: deque[Message] = deque()
        self._meter_due = 0.0
        self._collect_due = clock() + COLLECT_SECONDS
        self._underruns = 0
        self._error_due = 0.0
        self._left_out = 0

    def reply(self, sender: Sender | None, address: str, arguments: tuple[Any, ...]) -> None:
        """Answer a sender by the addresses that it uses; None, the engine itself, gets no answer."""
        if sender is not None:
            self._messages.append(Message(peer_of(sender), False, *as_known_to(sender, address, arguments)))
            self.wake()

    def notify(self, author: Sender | None, address: str, arguments: tuple[Any, ...]) -> None:
        """Notify every subscriber but the author; by the former address, too, where there is one."""
        if len(self._messages) >= MAX_WAITING:
            self._left_out += 1
            return
        peer = None if author is None else peer_of(author)
        for name in dict.fromkeys((address, former(address))):
            self._messages.append(Message(peer, True, name, arguments))

    def notify_error(self, sentence: str) -> None:
        """Notify every subscriber of what went wrong with the sound."""
        self.notify(None, "/error", (sentence,))

    def warn(self, sentence: str) -> None:
        """Notify every subscriber, and log to the terminal, even if that has been closed."""
        self.notify_error(sentence)
        with contextlib.suppress(OSError, ValueError):
            self._log(sentence)

    def drain(self, count: int = MAX_WAITING) -> list[Message]:
        """Take so many of the messages that wait."""
        messages: list[Message] = []
        while self._messages and len(messages) < count:
            messages.append(self._messages.popleft())
        return messages

    def publish(self, osc: OscServer, stage: OutputStage, scope: Scope, underruns: int, cause: str = "") -> None:
        """Send what has collected; called every few milliseconds by the publishing thread.

        Args:
            stage, scope: for the streams.
            underruns: interruptions since the start.
            cause: of the last one, where it is known.
        """
        now = self._clock()
        if underruns > self._underruns and now >= self._error_due:
            self._error_due = now + _ERROR_SECONDS
            self._underruns = underruns
            plural = "" if underruns == 1 else "s"
            reason = f"; the last because {cause}" if cause else ""
            self.notify_error(f"the sound was interrupted: {underruns} underrun{plural} so far{reason}")
        self._send(osc)
        if now >= self._meter_due:
            self._meter_due = now + METER_SECONDS
            osc.send_to_others(None, f"{ROOT}/meter", (decibels(stage.peak), decibels(stage.rms)))
            if osc.subscribers:
                osc.send_to_others(None, f"{ROOT}/scope", (scope.levels().astype(">f4").tobytes(),))
        if now >= self._collect_due:
            # Automatic collection is off. What has lived for a while is frozen, so this looks at what is new, and takes
            # microseconds however much the engine keeps.
            self._collect_due = now + COLLECT_SECONDS
            gc.collect()
            gc.freeze()

    def _send(self, osc: OscServer) -> None:
        for message in self.drain(MAX_SENT):
            if message.to_others:
                osc.send_to_others(message.peer, message.address, message.arguments)
            elif message.peer is not None:
                osc.send(message.peer, message.address, message.arguments)
        if self._messages:
            self.wake()
        elif self._left_out:
            left_out, self._left_out = self._left_out, 0
            self.notify_error(f"{left_out} changes came faster than they can be told; ask for what you show")
