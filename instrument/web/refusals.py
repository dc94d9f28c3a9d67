"""Says which OSC messages each kind of visitor may not send, by whichever way they come."""

from __future__ import annotations

from aitunes.osc.packets import Message
from instrument.namespace import LOCAL_ONLY, MIDI, ROOT, canonical, former
from instrument.osc.patterns import is_pattern, matching
from instrument.web.visitors import Role

PATTERN_MESSAGES = 50
"""For how many messages one counts whose address the engine compares with all of its own."""

_OF_THE_SERVER = frozenset({"/notify", "/login"})
_NOT_FOR_PAGES = _OF_THE_SERVER | {"/quit", "/dumpOSC", f"{MIDI}/map", f"{MIDI}/notice"}
_DEVICES = frozenset(f"{ROOT}/device/{what}" for what in ("set", "block", "channels"))
_NOT_FROM_AFAR = _NOT_FOR_PAGES | LOCAL_ONLY | _DEVICES | {"/clearSched"}
REFUSED = {
    Role.PROGRAM: _OF_THE_SERVER,
    Role.LOCAL: _NOT_FOR_PAGES,
    Role.GUEST: _NOT_FROM_AFAR,
    Role.PHONE: _NOT_FROM_AFAR,
    Role.STRANGER: _NOT_FROM_AFAR,
}
"""Lists what each kind of visitor may not send over `/api/v1/osc`."""
REFUSED_OSCQUERY = {
    **REFUSED,
    Role.PROGRAM: frozenset[str](),
    Role.LOCAL: _NOT_FOR_PAGES | LOCAL_ONLY,
    Role.STRANGER: _OF_THE_SERVER | LOCAL_ONLY,
}
"""Lists what each may not send over OSCQuery's WebSocket, where pages have no session."""
REASONS = {
    Role.PROGRAM: "the server subscribes by itself",
    Role.LOCAL: "a page may not do this; a program on the engine's own machine may",
    Role.GUEST: "a page of another server may not do this",
    Role.PHONE: "a phone may not do this; the page on the instrument's own machine may",
    Role.STRANGER: "only a program on the engine's own machine may do this, and no web page",
}


def first_refused(messages: list[Message], refused: frozenset[str]) -> str:
    """Return the first of the refused addresses that messages mean; empty where there is none."""
    return next((path for message in messages if (path := _refused(message.address, refused))), "")


def count(messages: list[Message]) -> int:
    """Return for how many messages these count."""
    return sum(PATTERN_MESSAGES if is_pattern(message.address) else 1 for message in messages)


def _refused(address: str, refused: frozenset[str]) -> str:
    if not is_pattern(address):
        return path if (path := canonical(address)) in refused else ""
    return next((path for path in sorted(refused) if matching(address, (path, former(path)))), "")
