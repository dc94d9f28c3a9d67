"""Mirrors the engine's state and sends every change that the pad makes."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np
from PySide6.QtCore import QObject, Signal

from aitunes.errors import AiTunesError
from aitunes.features import FloatArray
from aitunes.printable import printable
from aitunes.release.card import LATENT_LIMIT, ReleaseCard
from aitunes.release.told_card import heard_card
from instrument.namespace import ROOT, Value
from instrument.pad.client import OscClient
from instrument.pad.input_feed import InputFeed
from instrument.pad.lists import Lists
from instrument.pad.replies import MAX_SENTENCE, coordinate_number
from instrument.pad.settings import GESTURE_STATES, NOTE_SETTINGS, PROCESS_STATES, RESTORED, SETTINGS
from instrument.pad.smoothing import SmoothedPosition
from instrument.status import Status


class EngineModel(QObject):
    """Mirrors an engine's state; all messages of the pad are sent here.

    Args:
        client: the socket.
        own_card: finds this machine's card of a release, or raises ReleaseError.
        clock: seconds, monotonic.
    """

    changed = Signal(str)
    """A setting, by its address below the root."""

    moved = Signal()
    """The latent target or the pad's axes."""

    release_changed = Signal()
    status_changed = Signal()
    playing_changed = Signal(bool)
    metered = Signal(float, float)
    """Peak and RMS, dB."""

    scoped = Signal(object)
    """Band levels, [bands] dB."""

    command_done = Signal(str, list)
    """A command has finished, the pad's or another client's: its address below the root, and its arguments."""

    message = Signal(str)
    """A sentence for the performer."""

    def __init__(
        self,
        client: OscClient,
        own_card: Callable[[str], ReleaseCard],
        clock: Callable[[], float] = time.monotonic,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._client = client
        self._own_card = own_card
        self._clock = clock
        self.card: ReleaseCard | None = None
        self.loading = ""
        self.status = Status()
        self.playing = True
        self.values = dict(SETTINGS)
        self.device = ""
        self.axes = (0, 1)
        self.locked: set[int] = set()
        self.latent = SmoothedPosition(0, clock)
        self.lists, self.input = Lists(self), InputFeed(self)
        self._release_to_load = ""
        self._restored: tuple[tuple[int, int], FloatArray] | None = None
        self._handlers = self._all_handlers()
        self.lists.changed.connect(self._load_listed)
        client.received.connect(self._handle)
        client.rejected.connect(self.message)

    # Commands from the widgets.

    def send(self, name: str, *arguments: Any) -> None:
        """Send one message to an address below the root."""
        self._client.send(ROOT + name, *arguments)

    def set(self, name: str, *values: Value) -> None:
        """Change a setting in the mirror and in the engine."""
        self.send(name, *values)
        self._store(name, values)

    def value(self, name: str) -> Any:
        """Return the first value of a setting."""
        return self.values[name][0]

    def play(self, playing: bool) -> None:
        """Start the sound, or fade it out."""
        self.send("/play" if playing else "/stop")
        self._store_playing(playing)

    def panic(self) -> None:
        """End every sound at once."""
        self.send("/panic")
        self._store_playing(False)

    def load(self, release: str) -> None:
        """Load another release."""
        self.loading = release
        self.send("/release/load", release)

    def load_when_listed(self, release: str) -> None:
        """Load a release as soon as the engine has listed it, unless it plays already."""
        self._release_to_load = release

    def move_pad(self, x: float, y: float) -> None:
        """Go to a position of the pad, 0..1 on both axes; the other coordinates stay."""
        self.send("/pad/xy", float(x), float(y))
        self._handle_pad(x, y)

    def move_coordinate(self, n: int, value: float) -> None:
        """Change one coordinate, standard deviations."""
        value = float(np.clip(value, -LATENT_LIMIT, LATENT_LIMIT))
        self.send(f"/latent/{n}", value)
        self._handle_coordinate(n, value)

    def move_to(self, coordinates: FloatArray, locked: bool = True) -> None:
        """Go to a point of the latent space, [latent_dim]; locked coordinates stay where `locked` is true."""
        target = np.clip(coordinates, -LATENT_LIMIT, LATENT_LIMIT).astype(np.float32)
        if locked and self.locked:
            kept = sorted(self.locked)
            target[kept] = self.latent.target[kept]
        self.send("/latent", *target.tolist())
        self._handle_latent(*target.tolist())

    def choose_axes(self, first: int, second: int) -> None:
        """Span the pad by two other principal components."""
        self.send("/pad/axes", first, second)
        self._handle_axes(first, second)

    def unsubscribe(self) -> None:
        """End the subscription to the engine's notifications."""
        self._client.unsubscribe()

    def quit_engine(self) -> None:
        """End the engine."""
        self._client.send("/quit")

    # Properties of the release.

    @property
    def has_pitch(self) -> bool:
        """Return true for a release that plays notes."""
        return self.card is not None and any(spec.name == "pitch" for spec in self.card.inputs)

    @property
    def latent_dim(self) -> int:
        """Return the number of latent coordinates of the release."""
        return len(self.latent.target)

    def pad_position(self, coordinates: FloatArray) -> tuple[float, float]:
        """Project coordinates on the pad; beyond its edges the result is below 0 or above 1."""
        if self.card is None:
            return 0.5, 0.5
        ranges = self.card.latent.pad_range
        x, y = [(coordinates[n] - ranges[n][0]) / ((ranges[n][1] - ranges[n][0]) or 1.0) for n in self.axes]
        return float(x), float(y)

    # Connection.

    def resume(self, restarted: bool) -> None:
        """Request the engine's state, or send a restarted engine the state of before."""
        if restarted and self.card is not None:
            self._restore_engine(self.card)
        else:
            self.request_state()
        self.lists.request()

    def request_state(self) -> None:
        """Request the engine's whole state; the replies arrive one by one."""
        self.send("/release/info")
        self.send("/device/set")
        self._request_settings()

    def _load_listed(self, kind: str) -> None:
        if kind == "release" and self._release_to_load:
            release, self._release_to_load = self._release_to_load, ""
            names = {entry.name for entry in self.lists.releases}
            if release in names and (self.card is None or self.card.name != release):
                self.load(release)

    def _request_settings(self) -> None:
        notes = NOTE_SETTINGS if self.has_pitch else ()
        for name in (*RESTORED, *notes, *PROCESS_STATES, "/device/block", "/pad/axes", "/latent"):
            self.send(name)

    def _restore_engine(self, card: ReleaseCard) -> None:
        # The engine publishes the position with which it starts the release; that must not take the place of ours.
        self._restored = (self.axes, self.latent.target.copy())
        self.load(card.name)
        for name in (*RESTORED, *(("/envelope", "/voices", "/portamento", "/bend") if self.has_pitch else ())):
            self.send(name, *self.values[name])
        self.send("/play" if self.playing else "/stop")
        self.send("/device/set")
        self.send("/device/block")

    # Messages from the engine.

    def _all_handlers(self) -> dict[str, Callable[..., None]]:
        return {
            "/status.reply": self._handle_status,
            "/done": self._handle_done,
            "/fail": self._handle_fail,
            "/error": self._show_message,
            f"{ROOT}/midi/notice": self._show_message,
            f"{ROOT}/meter": self.metered.emit,
            f"{ROOT}/scope": self.scoped.emit,
            f"{ROOT}/release/load": self._handle_release,
            f"{ROOT}/release/info": self._handle_card,
            f"{ROOT}/set/song": lambda number: self._show_message(f"Song {number}"),
            f"{ROOT}/device/set": self._handle_device,
            f"{ROOT}/device/changed": lambda: self.lists.request("device"),
            f"{ROOT}/latent": self._handle_latent,
            f"{ROOT}/pad/axes": self._handle_axes,
            f"{ROOT}/pad/xy": lambda x, y: self._handle_pad(x, y),
            f"{ROOT}/pad/x": lambda x: self._handle_pad(x, None),
            f"{ROOT}/pad/y": lambda y: self._handle_pad(None, y),
            f"{ROOT}/play": lambda: self._store_playing(True),
            f"{ROOT}/stop": lambda: self._store_playing(False),
            **self.input.handlers,
        }

    def _handle(self, address: str, arguments: list[Any]) -> None:
        name = address.removeprefix(ROOT)
        handler = self._handlers.get(address)
        number = coordinate_number(address)
        if handler is not None:
            handler(*arguments)
        elif number is not None:
            self._handle_coordinate(number, arguments[0])
        elif self.lists.handle_item(address, arguments):
            pass
        elif name in self.values and name not in GESTURE_STATES:
            self._store(name, tuple(arguments))
        elif address.startswith(ROOT):
            self._handle_command(address, arguments)

    def _handle_status(self, status: Status) -> None:
        self.status = status
        self._store_playing(status.playing)
        self.status_changed.emit()

    def _handle_done(self, path: str, *arguments: Any) -> None:
        if path == f"{ROOT}/release/load":
            self.send("/release/info")
        elif path == f"{ROOT}/snapshot/recall":
            self._request_settings()
        self._handle_command(path, list(arguments))

    def _handle_command(self, path: str, arguments: list[Any]) -> None:
        """Follow a command that has finished, the pad's or another client's."""
        name = path.removeprefix(ROOT)
        if name in ("/device/set", "/input/device/set"):
            self.send(name)
        elif name in self.values:
            self._store(name, tuple(arguments))
        elif name == "/gesture/stop":
            for gesture in GESTURE_STATES:
                self._store(gesture, SETTINGS[gesture])
        self.lists.handle_command(path)
        self.command_done.emit(name, arguments)

    def _handle_fail(self, path: str, reason: str) -> None:
        if path == f"{ROOT}/release/load":
            self.loading = ""
            if self._restored is not None:  # the restarted engine does not have the pad's release
                self._restored = None
                self.request_state()
        self._show_message(reason)

    def _show_message(self, sentence: str) -> None:
        self.message.emit(f"{sentence[:1].upper()}{sentence[1:].rstrip('.')}.")

    def _handle_release(self, name: str) -> None:
        if self.card is None or name != self.card.name:
            self.send("/release/info")

    def _handle_card(self, text: str) -> None:
        try:
            card = heard_card(text, self._own_card)
        except AiTunesError as error:
            self._show_message(f"The engine's release cannot be shown: {printable(str(error)[:MAX_SENTENCE])}")
            return
        self.loading = ""
        same = self.card is not None and self.card == card and self.latent_dim == card.latent_dim
        restored, self._restored = self._restored, None
        if same:
            if restored is not None:  # a restarted engine has loaded the pad's release again
                axes, target = restored
                self.choose_axes(*axes)
                self.move_to(target, locked=False)
            return
        self.card = card
        self._client.expect_release(card.latent_dim)
        self.latent = SmoothedPosition(card.latent_dim, self._clock)
        self.locked = set()
        self.axes = self.axes if max(self.axes) < card.latent_dim else (0, min(1, card.latent_dim - 1))
        self.release_changed.emit()
        self._request_settings()

    def _handle_device(self, name: str) -> None:
        if name != self.device:
            self.device = name
            self.changed.emit("/device")

    def _handle_latent(self, *coordinates: float) -> None:
        if len(coordinates) == self.latent_dim:
            self._move(np.array(coordinates, np.float32))

    def _handle_coordinate(self, n: int, value: float) -> None:
        if n < self.latent_dim:
            target = self.latent.target.copy()
            target[n] = value
            self._move(target)

    def _handle_pad(self, x: float | None, y: float | None) -> None:
        if self.card is None:
            return
        target = self.latent.target.copy()
        for axis, position in zip(self.axes, (x, y), strict=True):
            if position is not None:
                low, high = self.card.latent.pad_range[axis]
                target[axis] = np.clip(low + position * (high - low), -LATENT_LIMIT, LATENT_LIMIT)
        self._move(target)

    def _handle_axes(self, first: int, second: int) -> None:
        if max(first, second) < max(self.latent_dim, 1) and (first, second) != self.axes:
            self.axes = (first, second)
            self.moved.emit()
            self.changed.emit("/pad/axes")

    def _move(self, target: FloatArray) -> None:
        self.latent.move(target, float(self.value("/smoothing")))
        self.moved.emit()

    def _store(self, name: str, values: tuple[Value, ...]) -> None:
        if values and self.values.get(name) != values:
            self.values[name] = values
            self.changed.emit(name)

    def _store_playing(self, playing: bool) -> None:
        if playing != self.playing:
            self.playing = playing
            self.playing_changed.emit(playing)
