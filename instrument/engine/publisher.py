"""What the engine has to say: replies, echoes of changes, meters and errors; sent off the synth's thread."""

from __future__ import annotations

import gc
import time
from collections import deque
from dataclasses import dataclass
from typing import Any

from instrument.engine.scope import Scope
from instrument.namespace import ROOT, former
from instrument.osc.aliases import Sender, as_known_to, peer_of
from instrument.osc.server import OscServer
from instrument.osc.subscribers import Peer
from instrument.synthesis.dynamics import OutputStage, decibels

METER_SECONDS = 0.04
_COLLECT_SECONDS = 20.0
_ERROR_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class _Notice:
    peer: Peer | None
    to_others: bool
    address: str
    arguments: tuple[Any, ...]


class Publisher:
    """Collects messages from any thread without a lock; `publish` sends them."""

    def __init__(self) -> None:
        self._notices: deque[_Notice] = deque()
        self._meter_due = 0.0
        self._collect_due = time.monotonic() + _COLLECT_SECONDS
        self._underruns = 0
        self._error_due = 0.0

    def reply(self, sender: Sender | None, address: str, arguments: tuple[Any, ...]) -> None:
        """Answer the one who asked; nobody, where the engine asked itself."""
        if sender is not None:
            self._notices.append(_Notice(peer_of(sender), False, *as_known_to(sender, address, arguments)))

    def announce(self, author: Sender | None, address: str, arguments: tuple[Any, ...]) -> None:
        """Tell every subscriber but the author; by the former address, too, where there is one."""
        peer = None if author is None else peer_of(author)
        for name in dict.fromkeys((address, former(address))):
            self._notices.append(_Notice(peer, True, name, arguments))

    def publish(self, osc: OscServer, stage: OutputStage, scope: Scope, underruns: int) -> None:
        """Send what has collected; called every few milliseconds by the publishing thread."""
        now = time.monotonic()
        if underruns > self._underruns and now >= self._error_due:
            self._error_due = now + _ERROR_SECONDS
            self._underruns = underruns
            plural = "" if underruns == 1 else "s"
            self.announce(None, "/error", (f"the sound was interrupted: {underruns} underrun{plural} so far",))
        while self._notices:
            notice = self._notices.popleft()
            if notice.to_others:
                osc.send_to_others(notice.peer, notice.address, notice.arguments)
            elif notice.peer is not None:
                osc.send(notice.peer, notice.address, notice.arguments)
        if now >= self._meter_due:
            self._meter_due = now + METER_SECONDS
            osc.send_to_others(None, f"{ROOT}/meter", (decibels(stage.peak), decibels(stage.rms)))
            if osc.subscribers:
                osc.send_to_others(None, f"{ROOT}/scope", (scope.levels().astype(">f4").tobytes(),))
        if now >= self._collect_due:
            # Automatic collection is off and what lived at the start is frozen, so this takes microseconds.
            self._collect_due = now + _COLLECT_SECONDS
            gc.collect()
