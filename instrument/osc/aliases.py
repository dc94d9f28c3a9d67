"""Answers senders that use former addresses by those addresses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from instrument.namespace import former
from instrument.osc.peers import Peer


@dataclass(frozen=True, slots=True)
class FormerNames:
    """A sender that used a former address, and knows no other."""

    peer: Peer


Sender = Peer | FormerNames


def peer_of(sender: Sender) -> Peer:
    """Return the address to send to."""
    return sender.peer if isinstance(sender, FormerNames) else sender


def as_known_to(sender: Sender, address: str, arguments: tuple[Any, ...]) -> tuple[str, tuple[Any, ...]]:
    """Return an answer in the addresses that its receiver knows.

    >>> as_known_to(FormerNames(("127.0.0.1", 9000)), "/done", ("/aitunes/release/load", "chamber"))
    ('/done', ('/aitunes/model/load', 'chamber'))
    """
    if not isinstance(sender, FormerNames):
        return address, arguments
    if address in ("/done", "/fail") and arguments:
        return address, (former(arguments[0]), *arguments[1:])
    return former(address), arguments
