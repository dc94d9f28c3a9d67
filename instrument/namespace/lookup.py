"""Joins the rows to one table, and finds addresses in it."""

from __future__ import annotations

from collections.abc import Iterable

from instrument.namespace.engine_rows import ENGINE_ROWS
from instrument.namespace.rows import LISTEN, ROOT, Address, Kind, Value
from instrument.namespace.sound_rows import SOUND_ROWS

TABLE: tuple[Address, ...] = SOUND_ROWS + ENGINE_ROWS

ALIASES = {f"{ROOT}/glide": f"{ROOT}/smoothing", f"{ROOT}/model": f"{ROOT}/release"}
"""Maps former addresses, with all below them, to the present ones; deprecated, but they keep working."""

LOCAL_ONLY = frozenset(
    {
        "/quit",
        "/dumpOSC",
        LISTEN,
        *(
            ROOT + path
            for path in (
                "/record/start",
                "/record/stop",
                "/gesture/record",
                "/gesture/delete",
                "/snapshot/save",
                "/snapshot/delete",
                "/input/on",
                "/input/device/set",
                "/input/channels",
                *(f"/midi/{name}" for name in ("learn", "forget", "map", "list", "setup", "inputs", "notice")),
            )
        ),
    }
)
"""Addresses that write files, record, open a microphone, listen or end the engine: for programs of the engine's own
machine alone."""

ANSWERS = frozenset({"/done", "/fail", "/synced"}) | {
    row.path.removesuffix("/list") for row in TABLE if row.kind is Kind.REQUEST and row.path.endswith("/list")
}
"""Addresses that engines answer with, beside notices and `*.reply`; never answered themselves."""


def canonical(address: str) -> str:
    """Return the present address for a former one, and every other address as it is.

    >>> canonical("/aitunes/model/load"), canonical("/aitunes/gain")
    ('/aitunes/release/load', '/aitunes/gain')
    """
    return _renamed(address, ALIASES.items())


def former(address: str) -> str:
    """Return the former address for a present one that was renamed, and every other address as it is."""
    return _renamed(address, ((present, alias) for alias, present in ALIASES.items()))


def _renamed(address: str, names: Iterable[tuple[str, str]]) -> str:
    for before, after in names:
        if address == before or address.startswith(f"{before}/"):
            return after + address[len(before) :]
    return address


def initial_values() -> dict[str, tuple[Value, ...]]:
    """Return the values with which an engine starts, by address; without those that depend on the release."""
    return {row.path: row.initial for row in TABLE if row.initial}


def initial_numbers(path: str) -> tuple[float, ...]:
    """Return the numbers with which an engine starts at one address.

    >>> initial_numbers("/aitunes/voices")
    (4.0,)
    """
    return tuple(float(value) for value in initial_values()[path])


def expand(latent_dim: int) -> dict[str, Address]:
    """Return the table by concrete path, for a release with that many latent coordinates."""
    rows: dict[str, Address] = {}
    for row in TABLE:
        if "{n}" in row.path:
            rows.update({row.path.replace("{n}", str(n)): row for n in range(latent_dim)})
        else:
            rows[row.path] = row
    return rows
