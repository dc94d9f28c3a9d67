"""Proves addresses: a token is sent there, and whoever sends it back receives what is sent to that address."""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import os
import secrets
import stat
from collections import OrderedDict
from collections.abc import Callable, Iterable
from pathlib import Path

from instrument.osc.peers import Peer, TcpPeer, plain_host

PROOF_SECONDS = 120.0
"""A proof's life, whatever is sent meanwhile; subscribers are asked again after half of it."""
MIN_TOKEN = 1 << 16
"""Below it, a number in `/notify` is a port."""

_EPOCH_SECONDS = 60.0
_MAX_WRONG = 1_000
_MAX_PROVED = 512
_ASK_SECONDS = 5.0
_LOGIN_BYTES = 16


class Proofs:
    """Gives tokens and takes them back. A token is computed, so that those who were only asked take no memory.

    Args:
        clock: seconds that never go back.
        trusted: addresses of machines that need no proof, because the player has named them.
    """

    def __init__(self, clock: Callable[[], float], trusted: Iterable[str] = ()) -> None:
        self._clock = clock
        self._trusted = frozenset(trusted)
        self._secret = secrets.token_bytes(32)
        self._wrong = 0
        self._proved: OrderedDict[Peer, float] = OrderedDict()
        self._asked: OrderedDict[Peer, float] = OrderedDict()

    def token(self, peer: Peer) -> int:
        """Return the token of an address, 65,536 or more; another one each minute."""
        return self._token(peer, self._epoch())

    def take(self, peer: Peer, token: int) -> bool:
        """Take a token back; tells whether it is the one that was sent to this address in the last two minutes."""
        epoch = self._epoch()
        if token not in (self._token(peer, epoch), self._token(peer, epoch - 1)):
            self._wrong += 1
            if self._wrong >= _MAX_WRONG:  # somebody guesses
                self._wrong, self._secret = 0, secrets.token_bytes(32)
            return False
        _put(self._proved, peer, self._clock())
        return True

    def holds(self, peer: Peer) -> bool:
        """Tell whether an address is proved or trusted.

        A TCP connection is, as it cannot be made in somebody else's name.
        """
        if isinstance(peer, TcpPeer) or (self._trusted and plain_host(peer[0]) in self._trusted):
            return True
        since = self._proved.get(peer)
        return since is not None and self._clock() - since < PROOF_SECONDS

    def wanes(self, peer: Peer) -> bool:
        """Tell whether it is time to ask a proved address again; true once in a few seconds at most."""
        since, now = self._proved.get(peer), self._clock()
        if (
            since is None
            or now - since < PROOF_SECONDS / 2
            or now - self._asked.get(peer, -_ASK_SECONDS) < _ASK_SECONDS
        ):
            return False
        _put(self._asked, peer, now)
        return True

    def _epoch(self) -> int:
        return int(self._clock() / _EPOCH_SECONDS)

    def _token(self, peer: Peer, epoch: int) -> int:
        digest = hmac.digest(self._secret, f"{peer[0]} {peer[1]} {epoch}".encode(), hashlib.sha256)
        return MIN_TOKEN + int.from_bytes(digest[:4], "big") % ((1 << 31) - MIN_TOKEN)


def _put(times: OrderedDict[Peer, float], peer: Peer, now: float) -> None:
    times[peer] = now
    times.move_to_end(peer)
    if len(times) > _MAX_PROVED:
        times.popitem(last=False)


def login_token(path: Path) -> str:
    """Return the token in a file that only its owner may read; written where there is none.

    Whoever can read it runs as the person who plays. An empty text, which opens nothing, where it cannot be written.
    """
    with contextlib.suppress(OSError, ValueError):
        found = os.lstat(path)
        if stat.S_ISREG(found.st_mode) and found.st_size <= 4 * _LOGIN_BYTES:
            token = path.read_text(encoding="ascii").strip()
            if len(bytes.fromhex(token)) == _LOGIN_BYTES:
                return token
    token = secrets.token_hex(_LOGIN_BYTES)
    unfinished = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as stream:
            stream.write(token + "\n")
        unfinished.replace(path)
    except OSError:
        return ""
    return token


def is_login(expected: str, given: str) -> bool:
    """Compare tokens without telling by the time it takes how much of one is right."""
    return bool(expected) and hmac.compare_digest(expected.encode(), given.encode("utf-8", "replace"))
