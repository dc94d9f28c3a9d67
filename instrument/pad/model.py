"""The pad's picture of the engine: what it was told, what it asked for; every message of the pad goes through here."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np
from PySide6.QtCore import QObject, Signal

from aitunes.errors import AiTunesError
from aitunes.features import FloatArray
from aitunes.release.card import LATENT_LIMIT, ReleaseCard
from instrument.namespace import ROOT, Value
from instrument.pad.client import OscClient
from instrument.pad.lists import Lists
from instrument.pad.smoothing import Glide
from instrument.pad.status import EngineStatus

SETTINGS: dict[str, tuple[Value, ...]] = {
    "/glide": (0.0,),
    "/gain": (0.0,),
    "/freeze": (False,),
    "/position": (0.0,),
    "/speed": (1.0,),
    "/quality": (4, 0),
    "/pitch": (60.0,),
    "/bend": (0.0,),
    "/envelope": (0.01, 0.3),
    "/voices": (1,),
    "/portamento": (0.0,),
    "/drone": (True,),
    "/gesture/record": ("",),
    "/gesture/play": ("", 0, 1.0),
    "/device/block": (0,),
}
"""Settings beside the latent position, as they are until the engine says otherwise."""

GESTURES = ("/gesture/record", "/gesture/play")
"""What is being recorded and replayed."""

OF_NOTES = ("/pitch", "/bend", "/envelope", "/voices", "/portamento", "/drone")
"""Settings of releases that have a pitch."""

KEPT = ("/glide", "/gain", "/freeze", "/position", "/speed", "/quality")
"""What an engine that starts anew is given back."""


class EngineModel(QObject):
    """Mirrors an engine's state, and asks it for changes; the only one who sends.

    Args:
        client: the socket.
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

    acted = Signal(str, list)
    """A command has been obeyed, ours or another's: its address below the root, and its arguments."""

    told = Signal(str)
    """A sentence for the performer."""

    def __init__(
        self, client: OscClient, clock: Callable[[], float] = time.monotonic, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._client = client
        self._clock = clock
        self.card: ReleaseCard | None = None
        self.loading = ""
        self.status = EngineStatus()
        self.playing = True
        self.values = dict(SETTINGS)
        self.device = ""
        self.axes = (0, 1)
        self.locked: set[int] = set()
        self.glide = Glide(0, clock)
        self.lists = Lists(self)
        self._hearers = self._all_hearers()
        client.received.connect(self._hear)

    # What the widgets ask for.

    def send(self, name: str, *arguments: Any) -> None:
        """Send one message to an address below the root."""
        self._client.send(ROOT + name, *arguments)

    def set(self, name: str, *values: Value) -> None:
        """Change a setting here and in the engine."""
        self.send(name, *values)
        self._take(name, values)

    def value(self, name: str) -> Any:
        """The first value of a setting."""
        return self.values[name][0]

    def play(self, playing: bool) -> None:
        """Start or fade out."""
        self.send("/play" if playing else "/stop")
        self._take_playing(playing)

    def load(self, release: str) -> None:
        """Ask for another release."""
        self.loading = release
        self.send("/model/load", release)

    def move_pad(self, x: float, y: float) -> None:
        """Go to a place of the pad, 0..1 on both axes; its other coordinates stay."""
        self.send("/pad/xy", float(x), float(y))
        self._hear_pad(x, y)

    def move_coordinate(self, n: int, value: float) -> None:
        """Change one coordinate, standard deviations."""
        value = float(np.clip(value, -LATENT_LIMIT, LATENT_LIMIT))
        self.send(f"/latent/{n}", value)
        self._hear_coordinate(n, value)

    def move_to(self, coordinates: FloatArray, locked: bool = True) -> None:
        """Go to a point of the latent space, [latent_dim]; locked coordinates stay, unless told otherwise."""
        target = np.clip(coordinates, -LATENT_LIMIT, LATENT_LIMIT).astype(np.float32)
        if locked and self.locked:
            held = sorted(self.locked)
            target[held] = self.glide.target[held]
        self.send("/latent", *target.tolist())
        self._hear_latent(*target.tolist())

    def choose_axes(self, first: int, second: int) -> None:
        """Span the pad by two other directions."""
        self.send("/pad/axes", first, second)
        self._hear_axes(first, second)

    def leave(self) -> None:
        """Tell the engine that nobody listens here any more."""
        self._client.send("/notify", 0)

    def quit_engine(self) -> None:
        """End the engine."""
        self._client.send("/quit")

    # Where things are.

    @property
    def has_pitch(self) -> bool:
        """Whether the release plays notes."""
        return self.card is not None and any(spec.name == "pitch" for spec in self.card.inputs)

    @property
    def latent_dim(self) -> int:
        """Latent coordinates of the release."""
        return len(self.glide.target)

    def on_pad(self, coordinates: FloatArray) -> tuple[float, float]:
        """Where coordinates lie on the pad; beyond its edges they are less than 0 or more than 1."""
        if self.card is None:
            return 0.5, 0.5
        ranges = self.card.latent.pad_range
        places = [(coordinates[n] - ranges[n][0]) / ((ranges[n][1] - ranges[n][0]) or 1.0) for n in self.axes]
        return float(places[0]), float(places[1])

    # Connection.

    def resume(self, fresh: bool) -> None:
        """The engine answers: learn its state, or give a fresh one ours."""
        if fresh and self.card is not None:
            self._give_back(self.card)
        else:
            self.ask_state()
        self.lists.ask()

    def ask_state(self) -> None:
        """Ask for everything; the answers arrive one by one."""
        self.send("/model/info")
        self.send("/device/set")
        self._ask_settings()

    def _ask_settings(self) -> None:
        notes = OF_NOTES if self.has_pitch else ()
        for name in (*KEPT, *notes, *GESTURES, "/device/block", "/pad/axes", "/latent"):
            self.send(name)

    def _give_back(self, card: ReleaseCard) -> None:
        self.load(card.name)
        for name in (*KEPT, *(("/envelope", "/voices", "/portamento", "/bend") if self.has_pitch else ())):
            self.send(name, *self.values[name])
        self.send("/play" if self.playing else "/stop")
        self.send("/device/set")
        self.send("/device/block")

    # What the engine says.

    def _all_hearers(self) -> dict[str, Callable[..., None]]:
        return {
            "/status.reply": self._hear_status,
            "/done": self._hear_done,
            "/fail": self._hear_fail,
            "/error": self._tell,
            f"{ROOT}/meter": self.metered.emit,
            f"{ROOT}/scope": lambda levels: self.scoped.emit(np.frombuffer(levels, ">f4")),
            f"{ROOT}/model/load": self._hear_release,
            f"{ROOT}/model/info": self._hear_card,
            f"{ROOT}/device/set": self._hear_device,
            f"{ROOT}/device/changed": lambda *_names: self.lists.ask("device"),
            f"{ROOT}/latent": self._hear_latent,
            f"{ROOT}/pad/axes": self._hear_axes,
            f"{ROOT}/pad/xy": lambda x, y: self._hear_pad(x, y),
            f"{ROOT}/pad/x": lambda x: self._hear_pad(x, None),
            f"{ROOT}/pad/y": lambda y: self._hear_pad(None, y),
            f"{ROOT}/play": lambda: self._take_playing(True),
            f"{ROOT}/stop": lambda: self._take_playing(False),
        }

    def _hear(self, address: str, arguments: list[Any]) -> None:
        hearer = self._hearers.get(address)
        if hearer is not None:
            hearer(*([arguments] if address in ("/status.reply", "/done") else arguments))
        elif address.startswith(f"{ROOT}/latent/"):
            self._hear_coordinate(int(address.rsplit("/", 1)[1]), arguments[0])
        elif self.lists.hear(address, arguments):
            pass
        elif address.removeprefix(ROOT) in self.values and address.removeprefix(ROOT) not in GESTURES:
            self._take(address.removeprefix(ROOT), tuple(arguments))
        elif address.startswith(ROOT):
            self._hear_act(address, arguments)

    def _hear_status(self, arguments: list[Any]) -> None:
        self.status = EngineStatus.from_arguments(arguments)
        self._take_playing(self.status.playing)
        self.status_changed.emit()

    def _hear_done(self, arguments: list[Any]) -> None:
        path, rest = str(arguments[0]), arguments[1:]
        if path == f"{ROOT}/model/load":
            self.send("/model/info")
        elif path == f"{ROOT}/snapshot/recall":
            self._ask_settings()
        self._hear_act(path, rest)

    def _hear_act(self, path: str, arguments: list[Any]) -> None:
        """Something has been done, at our word or another's."""
        name = path.removeprefix(ROOT)
        if name == "/device/set":
            self.send(name)
        elif name in self.values:
            self._take(name, tuple(arguments))
        elif name == "/gesture/stop":
            for gesture in GESTURES:
                self._take(gesture, SETTINGS[gesture])
        self.lists.hear_act(path)
        self.acted.emit(name, arguments)

    def _hear_fail(self, path: str, reason: str) -> None:
        if path == f"{ROOT}/model/load":
            self.loading = ""
        self._tell(reason)

    def _tell(self, sentence: str) -> None:
        self.told.emit(f"{sentence[:1].upper()}{sentence[1:].rstrip('.')}.")

    def _hear_release(self, name: str) -> None:
        if self.card is None or name != self.card.name:
            self.send("/model/info")

    def _hear_card(self, text: str) -> None:
        try:
            card = ReleaseCard.from_json(text)
        except AiTunesError as error:
            self.told.emit(f"The engine's release cannot be shown: {error}")
            return
        returning, self.loading = self.loading, ""
        same = self.card is not None and self.card == card and self.latent_dim == card.latent_dim
        if same and returning:  # an engine that starts anew with our release
            self.send("/pad/axes", *self.axes)
            self.send("/latent", *self.glide.target.tolist())
            return
        self.card = card
        self.glide = Glide(card.latent_dim, self._clock)
        self.locked = set()
        self.axes = self.axes if max(self.axes) < card.latent_dim else (0, min(1, card.latent_dim - 1))
        self.release_changed.emit()
        self._ask_settings()

    def _hear_device(self, name: str) -> None:
        if name != self.device:
            self.device = name
            self.changed.emit("/device")

    def _hear_latent(self, *coordinates: float) -> None:
        if len(coordinates) == self.latent_dim:
            self._go(np.array(coordinates, np.float32))

    def _hear_coordinate(self, n: int, value: float) -> None:
        if n < self.latent_dim:
            target = self.glide.target.copy()
            target[n] = value
            self._go(target)

    def _hear_pad(self, x: float | None, y: float | None) -> None:
        if self.card is None:
            return
        target = self.glide.target.copy()
        for axis, place in zip(self.axes, (x, y), strict=True):
            if place is not None:
                low, high = self.card.latent.pad_range[axis]
                target[axis] = np.clip(low + place * (high - low), -LATENT_LIMIT, LATENT_LIMIT)
        self._go(target)

    def _hear_axes(self, first: int, second: int) -> None:
        if max(first, second) < max(self.latent_dim, 1) and (first, second) != self.axes:
            self.axes = (first, second)
            self.moved.emit()
            self.changed.emit("/pad/axes")

    def _go(self, target: FloatArray) -> None:
        self.glide.move(target, float(self.value("/glide")))
        self.moved.emit()

    def _take(self, name: str, values: tuple[Value, ...]) -> None:
        if values and self.values.get(name) != values:
            self.values[name] = values
            self.changed.emit(name)

    def _take_playing(self, playing: bool) -> None:
        if playing != self.playing:
            self.playing = playing
            self.playing_changed.emit(playing)
