"""The engine, seen by OSC from another process: questions with answers, and peers that listen."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from typing_extensions import override

from aitunes.errors import AiTunesError
from aitunes.osc.packets import Message, build, bundle, messages
from instrument.namespace import ROOT
from instrument.web.nodes import Facts

_ANSWER_SECONDS = 1.0
_REPEAT_SECONDS = 0.25
_MAX_QUESTIONS = 128
_FACTS_SECONDS = 10.0
_FACTS_ANSWER_SECONDS = 3.0
"""Cards are read one after another, in a process of their own, which takes its time on a busy machine."""
_FACTS_REPEAT_SECONDS = 1.0

_LATENT = f"{ROOT}/latent"
_RELEASE = f"{ROOT}/release/load"
_RELEASE_ROW = f"{ROOT}/release"
_CARD = f"{ROOT}/release/info"
_RELEASE_LIST = f"{ROOT}/release/list"


class EngineGoneError(AiTunesError):
    """No engine answers."""


@dataclass(frozen=True)
class View:
    """The engine at one moment.

    Args:
        facts: of its release.
        values: by path, for those that have one.
        is_whole: all facts are known.
    """

    facts: Facts
    values: dict[str, list[Any]]
    is_whole: bool = True


class Peer:
    """One UDP socket to the engine."""

    def __init__(self, transport: asyncio.DatagramTransport) -> None:
        self._transport = transport

    def send(self, datagram: bytes) -> None:
        """Send one datagram."""
        self._transport.sendto(datagram)


class _Receiver(asyncio.DatagramProtocol):
    # Where nobody listens, the system may report an error, which is passed over: whoever waits finds out by itself.
    def __init__(self, receive: Callable[[bytes], None]) -> None:
        self._receive = receive

    @override
    def datagram_received(self, data: bytes, addr: Any) -> None:
        self._receive(data)


class EngineClient:
    """Asks the engine at an address.

    Args:
        host, port: where it listens for OSC.
    """

    def __init__(self, host: str, port: int) -> None:
        self.host, self.port = host, port
        self._named = ""
        self._facts = Facts(0)
        self._facts_due = 0.0
        self._is_whole = False

    @contextlib.asynccontextmanager
    async def peer(self, receive: Callable[[bytes], None]) -> AsyncIterator[Peer]:
        """Yields a socket of its own, so that the engine tells whoever uses it from all others.

        Raises:
            EngineGoneError: the host is unknown.
        """
        loop = asyncio.get_running_loop()
        try:
            transport, _ = await loop.create_datagram_endpoint(
                lambda: _Receiver(receive), remote_addr=(self.host, self.port)
            )
        except OSError as error:
            raise EngineGoneError(f"{self.host}:{self.port} cannot be reached: {error.strerror or error}.") from error
        try:
            yield Peer(transport)
        finally:
            transport.close()

    async def view(self, choose: Callable[[Facts], Sequence[str]] = lambda facts: ()) -> View:
        """Return the facts, and the values at the paths that are chosen by them; one that the engine refuses has none.

        Raises:
            EngineGoneError: it does not answer.
        """
        # Nearly always the facts are those of the last time, and one exchange is enough.
        asked = set(choose(self._facts))
        values = await self._values({_LATENT, _RELEASE, *asked})
        if not (values.get(_LATENT) and values.get(_RELEASE)):
            raise EngineGoneError(f"No AiTunes answers at {self.host}:{self.port}; start one with `aitunes`.")
        latent_dim, name = len(values[_LATENT]), values[_RELEASE][0]
        if (name, latent_dim) != (self._named, self._facts.latent_dim) or time.monotonic() > self._facts_due:
            found, whole = await self._read_facts(latent_dim)
            if whole or (name, latent_dim) != (self._named, self._facts.latent_dim):
                self._facts, self._is_whole = found, whole
            # What the engine was too busy to tell is asked for again the next time.
            self._named, self._facts_due = name, time.monotonic() + (_FACTS_SECONDS if whole else 0.0)
        facts = self._facts
        chosen = choose(facts)
        if missing := set(chosen) - asked:
            values.update(await self._values(missing))
        return View(facts, {path: values[path] for path in chosen if path in values}, self._is_whole)

    async def _values(self, paths: Iterable[str]) -> dict[str, list[Any]]:
        waiting = set(paths)
        values: dict[str, list[Any]] = {}

        def take(message: Message) -> bool:
            if message.address == "/fail" and message.arguments:
                waiting.discard(str(message.arguments[0]))
            elif message.address in waiting:
                waiting.discard(message.address)
                values[message.address] = message.arguments
            return not waiting

        await self._converse(lambda: _questions(sorted(waiting)), take)
        return values

    async def _read_facts(self, latent_dim: int) -> tuple[Facts, bool]:
        """Return what is known of the playing release, and whether that is complete."""
        # The engine answers these beside its sound, one after another, and late while it changes releases.
        names: list[str] = []
        ranges: list[tuple[str, float, float]] = []
        waiting = {_CARD, _RELEASE_LIST}

        def take(message: Message) -> bool:
            match message:
                case Message(address, [str(name), *_]) if address == _RELEASE_ROW:
                    names.append(name)
                case Message(address, [str(card), *_]) if address == _CARD:
                    ranges.extend(_input_ranges(card))
                    waiting.discard(_CARD)
                case Message("/done" | "/fail", [str(path), *_]):
                    waiting.discard(path)
            return not waiting

        await self._converse(
            lambda: _questions(sorted(waiting)), take, _FACTS_ANSWER_SECONDS, repeat_seconds=_FACTS_REPEAT_SECONDS
        )
        return Facts(latent_dim, tuple(dict.fromkeys(names)), tuple(dict.fromkeys(ranges))), not waiting

    async def _converse(
        self,
        questions: Callable[[], list[bytes]],
        take: Callable[[Message], bool],
        seconds: float = _ANSWER_SECONDS,
        repeat_seconds: float = _REPEAT_SECONDS,
    ) -> None:
        """Ask until `take`, which sees every answer, is content or the time is over; UDP may lose either."""
        content = asyncio.Event()

        def receive(datagram: bytes) -> None:
            for message in messages(datagram):
                if take(message):
                    content.set()

        async with self.peer(receive) as peer:
            for _ in range(round(seconds / repeat_seconds)):
                for datagram in questions():
                    peer.send(datagram)
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(content.wait(), repeat_seconds)
                    return


def _questions(paths: Sequence[str]) -> list[bytes]:
    """Datagrams that ask for these values, many in one."""
    starts = range(0, len(paths), _MAX_QUESTIONS)
    return [bundle(build(path) for path in paths[start : start + _MAX_QUESTIONS]) for start in starts]


def _input_ranges(card: str) -> list[tuple[str, float, float]]:
    """Ranges of the decoder's inputs beyond the latent code, from a release's card."""
    try:
        inputs = json.loads(card)["inputs"][1:]
        return [(spec["name"], float(spec["range"][0]), float(spec["range"][1])) for spec in inputs]
    except (ValueError, KeyError, TypeError, IndexError, OverflowError, RecursionError):
        return []
