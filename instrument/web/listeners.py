"""Those who listen over a WebSocket, and the one subscription to the engine that serves them all."""

from __future__ import annotations

import asyncio
import contextlib
import json
import math
from collections.abc import Sequence
from typing import Any

from aitunes.osc.packets import build
from aitunes.osc.session import Session
from aitunes.release.card import MAX_LATENT_DIM
from instrument.namespace import canonical, expand
from instrument.web import nodes
from instrument.web.engine_client import EngineClient, EngineGoneError, View
from instrument.web.nodes import Facts, Node

MAX_LISTENERS = 64
"""Each has a socket of its own to the engine, and a process has a thousand at most."""
_RENEW_SECONDS = 2.0
_FOLLOW_SECONDS = 0.04
_MAX_WAITING = 1_024
_EVERY_ROW = expand(MAX_LATENT_DIM)
"""Addresses of any release, by path."""
_STIRRING = {"setting", "action", "command"}

Frame = bytes | str


class Listener:
    """One client: the methods it listens to, and what waits to be sent to it."""

    def __init__(self) -> None:
        self.paths: set[str] = set()
        self._waiting: asyncio.Queue[Frame] = asyncio.Queue(_MAX_WAITING)
        self.lags = asyncio.Event()

    def send(self, frame: Frame) -> None:
        """Queue a frame, OSC as bytes or a command as text; a client that lets too many wait is given up."""
        try:
            self._waiting.put_nowait(frame)
        except asyncio.QueueFull:
            self.lags.set()

    def command(self, command: str, data: str) -> None:
        """Queue one of OSCQuery's commands."""
        self.send(json.dumps({"COMMAND": command, "DATA": data}))

    async def next_frame(self) -> Frame:
        """Return the next frame to send."""
        return await self._waiting.get()


class Listeners:
    """Everyone who listens; while there is anyone, the engine is subscribed to.

    Args:
        engine: where values come from.
    """

    def __init__(self, engine: EngineClient) -> None:
        self._engine = engine
        self._everyone: set[Listener] = set()
        self._known: dict[str, Sequence[Any]] = {}
        self._heard: set[str] = set()
        self._structure: dict[str, Node] = {}
        self._stirred = asyncio.Event()
        self._session = Session(lambda datagram: None)
        self._task: asyncio.Task[None] | None = None

    def join(self, listener: Listener) -> None:
        """Begin to tell somebody."""
        self._everyone.add(listener)
        if self._task is None:
            self._task = asyncio.create_task(self._run())

    def leave(self, listener: Listener) -> None:
        """Stop telling somebody; with the last one the subscription ends."""
        self._everyone.discard(listener)
        if not self._everyone and self._task is not None:
            self._task.cancel()
            self._task = None
            self._known.clear()
            self._structure.clear()

    async def handle(self, listener: Listener, text: str) -> None:
        """Handle a command; one that OSCQuery does not define changes nothing."""
        try:
            message = json.loads(text)
            command, path = message["COMMAND"], message["DATA"]
        except (ValueError, KeyError, TypeError, RecursionError):
            return
        if command == "IGNORE" and isinstance(path, str):
            listener.paths.discard(path)
        elif command == "LISTEN" and isinstance(path, str) and await self._is_method(path):
            listener.paths.add(path)

    async def _is_method(self, path: str) -> bool:
        # Whatever is asked of the engine is sent to it as a message, and some messages act, as /quit does.
        if canonical(path) not in _EVERY_ROW:
            return False
        if not _has_value(path):
            return True
        try:
            view = await self._engine.view(lambda _: [path])
        except EngineGoneError:
            return True  # it may come back; what it does not have then is left out then
        if path in view.values:
            self._known.setdefault(path, view.values[path])
        return canonical(path) in expand(view.facts.latent_dim)

    async def _run(self) -> None:
        while True:
            with contextlib.suppress(EngineGoneError):
                async with self._engine.peer(self._hear) as peer, asyncio.TaskGroup() as tasks:
                    self._session = Session(peer.send)
                    tasks.create_task(self._follow())
                    tasks.create_task(_subscribe(self._session))
            await asyncio.sleep(_RENEW_SECONDS)

    def _hear(self, datagram: bytes) -> None:
        """Hand on a message that somebody sent to a method; whatever it was, other values may have followed."""
        for message in self._session.receive(datagram):
            self._heard.add(message.address)
            for listener in self._everyone:
                if message.address in listener.paths:
                    self._known[message.address] = message.arguments
                    listener.send(datagram)
            # A renewal's answer stirs too: whatever was lost on the way is found then.
            tags = self._structure.get(message.address, {}).get("TAGS", ())
            if message.address == "/done" or _STIRRING.intersection(tags):
                self._stirred.set()

    async def _follow(self) -> None:
        """After a change, or a renewal, see what else has changed: coordinates follow the pad, methods the release."""
        while True:
            await self._stirred.wait()
            self._stirred.clear()
            self._heard.clear()
            with contextlib.suppress(EngineGoneError):
                view = await self._engine.view(self._listened)
                if view.is_whole:  # or what was not known yet would look like a change, once it is
                    self._tell_structure(view)
                else:
                    self._stirred.set()
                self._tell_values(view)
            await asyncio.sleep(_FOLLOW_SECONDS)

    def _listened(self, _: Facts) -> list[str]:
        return sorted({path for listener in self._everyone for path in listener.paths if _has_value(path)})

    def _tell_values(self, view: View) -> None:
        # What was heard while the question was under way may be newer than its answer.
        for path in view.values.keys() - self._heard:
            values = view.values[path]
            known = self._known.get(path)
            self._known[path] = values
            if known is not None and not _same(known, values):
                for listener in self._everyone:
                    if path in listener.paths:
                        listener.send(build(path, *values))

    def _tell_structure(self, view: View) -> None:
        before, after = self._structure, nodes.structure(nodes.tree(view.facts, {}))
        self._structure = after
        changed = [path for path in before.keys() | after.keys() if before.get(path) != after.get(path)]
        if not before or not changed:
            return
        for listener in self._everyone:
            for path in sorted(before.keys() - after.keys()):
                listener.paths.discard(path)
                listener.command("PATH_REMOVED", path)
            for path in sorted(after.keys() - before.keys()):
                listener.command("PATH_ADDED", path)
            listener.command("PATH_CHANGED", nodes.common_path(changed))
        for path in before.keys() - after.keys():
            self._known.pop(path, None)


def _has_value(path: str) -> bool:
    """Return whether a path without arguments is a question."""
    row = _EVERY_ROW.get(canonical(path))
    return row is not None and row.has_value


async def _subscribe(session: Session) -> None:
    # Oftener than a lease needs: an engine that was restarted in the meantime knows of no subscription.
    try:
        while True:
            session.subscribe()
            await asyncio.sleep(_RENEW_SECONDS)
    finally:
        session.unsubscribe()


def _same(before: Sequence[Any], after: Sequence[Any]) -> bool:
    """Return whether two values are the same but for what 32 bits lose."""
    return len(before) == len(after) and all(
        math.isclose(a, b, rel_tol=1e-5, abs_tol=1e-6) if isinstance(a, float) and isinstance(b, float) else a == b
        for a, b in zip(before, after, strict=True)
    )
