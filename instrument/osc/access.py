"""Decides who may do what: everybody plays, programs of this machine also write files and end the engine."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from aitunes.osc.address import is_loopback
from instrument.namespace import MessageError
from instrument.osc.peers import Peer, TcpPeer
from instrument.osc.proofs import Proofs, is_login
from instrument.osc.senders import Senders

_FROM_AFAR = "only a program on the engine's own machine may do this"
_LOG_IN = "over TCP this needs /login with the token in the file osc-token of AiTunes' data folder"


class Access:
    """Keeps what is known of senders: their limits, their proofs, and which connections have logged in.

    A UDP packet from a loopback address was sent by a program of this machine, as no browser sends UDP and the system
    drops what comes from the network under such an address. A TCP connection from there may be a web page's, so it
    has to show that it can read the player's files.

    Args:
        clock: seconds that never go back.
        login: the token that logs a connection in; an empty one logs nobody in.
        trusted: addresses of machines that are sent streams without a proof.
    """

    def __init__(self, clock: Callable[[], float], login: str = "", trusted: Iterable[str] = ()) -> None:
        self.senders = Senders(clock)
        self.proofs = Proofs(clock, trusted)
        self._login = login
        self._logged_in: set[TcpPeer] = set()

    def check_local(self, peer: Peer) -> None:
        """Let those pass who may write files, record and end the engine.

        Raises:
            MessageError: the peer may not.
        """
        if isinstance(peer, TcpPeer):
            if peer not in self._logged_in:
                raise MessageError(_LOG_IN)
        elif not is_loopback(peer[0]):
            raise MessageError(_FROM_AFAR)

    def log_in(self, peer: Peer, token: str) -> None:
        """Give a connection the rights of a program of this machine.

        Raises:
            MessageError: the token is wrong, or it is no connection.
        """
        if not isinstance(peer, TcpPeer):
            raise MessageError("connections over TCP log in; over UDP the address decides")
        if not is_login(self._login, token):
            raise MessageError("this is not the token in the file osc-token of AiTunes' data folder")
        self._logged_in.add(peer)

    def forget(self, peer: TcpPeer) -> None:
        """Forget a connection that has ended."""
        self._logged_in.discard(peer)

    def may_send(self, peer: Peer, size: int) -> bool:
        """Tell whether an answer of so many bytes may go to a peer, and count it where its address is not proved."""
        return self.proofs.holds(peer) or self.senders.may_answer(peer, size)
