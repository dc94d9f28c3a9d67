"""Checks every message from the engine's port before the pad uses it: types, ranges, and sizes."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from aitunes.printable import printable
from instrument.namespace import ROOT, Address, Argument, Kind, MessageError, check_arguments, expand
from instrument.status import Status, StatusError

MAX_NAME = 255
MAX_SENTENCE = 300
MAX_DESCRIPTION = 2_000
_MAX_BANDS = 1_024
_MIN_DB, _MAX_DB = -200.0, 100.0

_COORDINATE = re.compile(rf"{ROOT}/latent/[0-9]{{1,4}}")
_NAME = Argument("s", "name")
_SHOWN = {"reason": MAX_SENTENCE, "sentence": MAX_SENTENCE, "public name": MAX_NAME, "description": MAX_DESCRIPTION}
"""Texts that are shown and never sent back: longer ones are cut."""
_LONG = frozenset({"card", "toml", "names"})
"""Texts of many lines."""

_REPLIES = {
    "/fail": (_NAME, Argument("s", "reason")),
    f"{ROOT}/release": (
        _NAME,
        Argument("s", "public name"),
        Argument("s", "description"),
        Argument("i", "latent_dim", 1, 4_096),
    ),
    f"{ROOT}/release/info": (Argument("s", "card"),),
    f"{ROOT}/snapshot": (_NAME,),
    f"{ROOT}/gesture": (_NAME,),
    f"{ROOT}/input/device": (_NAME, Argument("s", "host API"), Argument("f", "sample rate", 0.0, 1e9)),
    f"{ROOT}/device": (_NAME, Argument("s", "host API"), Argument("f", "sample rate", 0.0, 1e9)),
}
"""Replies whose address has another form, or no row, in the namespace."""


class ReplyChecker:
    """Checks messages against the namespace of the playing release.

    Args:
        latent_dim: number of its latent coordinates.
    """

    def __init__(self, latent_dim: int = 0) -> None:
        self._rows = expand(latent_dim)
        self._rows.update({path: Address(path, Kind.NOTICE, "", arguments) for path, arguments in _REPLIES.items()})

    def check(self, address: str, arguments: list[Any]) -> list[Any] | None:
        """Return the arguments with their types and within their ranges; None for an address the pad does not know.

        Raises:
            MessageError: an argument is missing, has another type, or is not finite.
        """
        if address == "/status.reply":
            return [_status(arguments)]
        if address == "/done":
            return self._done(arguments)
        if address in (f"{ROOT}/scope", f"{ROOT}/input/scope"):
            return [_levels(arguments)]
        if address == f"{ROOT}/device/changed":
            return []
        row = self._rows.get(address)
        if row is None or (row.kind is Kind.REQUEST and not row.arguments):
            return None
        return self._checked(row, arguments)

    def _done(self, arguments: list[Any]) -> list[Any] | None:
        """Check what a command did: its address, and the arguments it was given."""
        if not arguments or not isinstance(arguments[0], str):
            raise MessageError("/done names no address")
        path, *rest = arguments
        row = self._rows.get(path)
        if row is None:
            return None
        return [path, *(self._checked(row, rest) if row.arguments and path.startswith(ROOT) else [])]

    def _checked(self, row: Address, arguments: list[Any]) -> list[Any]:
        if row.path in _REPLIES:
            arguments = arguments[: len(row.arguments)]  # newer engines may add some
        checked = list(check_arguments(row, arguments))
        for n, (argument, value) in enumerate(zip(row.arguments, checked, strict=False)):
            if argument.name in _SHOWN:
                checked[n] = printable(str(value)[: _SHOWN[argument.name]])
            elif isinstance(value, str) and argument.name not in _LONG and len(value) > MAX_NAME:
                raise MessageError(f"{argument.name} has {len(value):,} characters; at most {MAX_NAME} are read")
        return checked


def coordinate_number(address: str) -> int | None:
    """Return the number of the latent coordinate that an address sets; None for any other address."""
    return int(address.rsplit("/", 1)[1]) if _COORDINATE.fullmatch(address) else None


def _status(arguments: list[Any]) -> Status:
    try:
        return Status.from_arguments(arguments)
    except (StatusError, OverflowError) as error:
        raise MessageError(str(error)) from error


def _levels(arguments: list[Any]) -> Any:
    """Decode a spectrum of float32, [bands] dB."""
    match arguments:
        case [bytes() as levels] if 0 < len(levels) <= 4 * _MAX_BANDS and len(levels) % 4 == 0:
            decoded = np.frombuffer(levels, ">f4").astype(np.float32)
            if np.isfinite(decoded).all():
                return np.clip(decoded, _MIN_DB, _MAX_DB)
    raise MessageError("a spectrum is no row of float32")
