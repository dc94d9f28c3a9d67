"""The namespace as OSCQuery's JSON objects: a node for every address, and containers above them.

Reference: the OSCQuery proposal, github.com/Vidvox/OSCQueryProposal, whose words for the attributes these are.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from instrument.namespace import ROOT, Address, Argument, Kind, expand

Node = dict[str, Any]
Values = Mapping[str, Sequence[Any]]

ATTRIBUTES = frozenset(
    {
        "FULL_PATH",
        "CONTENTS",
        "TYPE",
        "ACCESS",
        "VALUE",
        "RANGE",
        "DESCRIPTION",
        "UNIT",
        "TAGS",
        "CLIPMODE",
        "CRITICAL",
        "EXTENDED_TYPE",
        "OVERLOADS",
    }
)
REQUIRED = frozenset({"FULL_PATH", "CONTENTS", "TYPE"})
UNSUPPORTED = frozenset({"HTML"})
"""Attributes of the proposal that are not given here."""

READABLE = 1
_WRITABLE = 2
_UNITS = {"s": "time.second", "dB": "gain.db", "Hz": "time.hz"}
_INPUTS = {"note": "pitch"}
"""Arguments whose range a release narrows by that of a decoder's input."""
_CONTAINERS = {
    "/": "an instrument whose sound is a latent space",
    ROOT: "the instrument",
}


@dataclass(frozen=True)
class Facts:
    """Keeps the part of the nodes that depends on the playing release.

    Args:
        latent_dim: latent coordinates.
        releases: names that may be loaded; none where they are not known.
        input_ranges: of the decoder's further inputs, by name.
    """

    latent_dim: int
    releases: tuple[str, ...] = ()
    input_ranges: tuple[tuple[str, float, float], ...] = ()


def readable(facts: Facts, under: str = "/") -> list[str]:
    """Paths at and below `under` that have a value."""
    return [path for path, row in expand(facts.latent_dim).items() if row.has_value and is_within(path, under)]


def is_within(path: str, container: str) -> bool:
    """Return whether a path is the container or lies below it."""
    return path == container or path.startswith(container.rstrip("/") + "/")


def tree(facts: Facts, values: Values) -> Node:
    """Return the root node with everything in it; `values` by path, for those that are known."""
    root: Node = _container("/")
    for path, row in expand(facts.latent_dim).items():
        node = root
        parts = path.strip("/").split("/")
        for depth, name in enumerate(parts, 1):
            contents = node.setdefault("CONTENTS", {})
            node = contents.setdefault(name, _container("/" + "/".join(parts[:depth])))
        node.update(_attributes(path, row, facts, values.get(path)))
    return root


def find(root: Node, path: str) -> Node | None:
    """Return the node at a path, or None."""
    node: Node | None = root
    for name in path.strip("/").split("/") if path.strip("/") else ():
        node = (node or {}).get("CONTENTS", {}).get(name)
    return node


def structure(root: Node) -> dict[str, Node]:
    """Return every node by its path, without values and contents: what a client has to read again when it differs."""
    nodes = {root["FULL_PATH"]: {name: value for name, value in root.items() if name not in ("CONTENTS", "VALUE")}}
    for node in root.get("CONTENTS", {}).values():
        nodes.update(structure(node))
    return nodes


def common_path(paths: Sequence[str]) -> str:
    """Return the lowest container of all these paths; a path alone is its own."""
    first, *others = [path.strip("/").split("/") for path in paths]
    depth = 0
    while depth < len(first) and all(other[: depth + 1] == first[: depth + 1] for other in others):
        depth += 1
    return "/" + "/".join(first[:depth])


def _container(path: str) -> Node:
    node: Node = {"FULL_PATH": path, "ACCESS": 0}
    if path in _CONTAINERS:
        node["DESCRIPTION"] = _CONTAINERS[path]
    return node


def _attributes(path: str, row: Address, facts: Facts, values: Sequence[Any] | None) -> Node:
    node: Node = {
        "DESCRIPTION": row.description,
        "ACCESS": _access(row),
        "TAGS": [row.kind.name.lower()],
        # A setting is sent again and again; what is sent once must arrive.
        "CRITICAL": row.kind in (Kind.ACTION, Kind.COMMAND),
    }
    arguments = row.arguments * facts.latent_dim if path == f"{ROOT}/latent" else row.arguments
    if not arguments:
        return node
    types = "".join(argument.type for argument in arguments)
    node["TYPE"] = types
    node["EXTENDED_TYPE"] = [argument.name for argument in arguments]
    node["RANGE"] = [_range(path, argument, facts) for argument in arguments]
    node["CLIPMODE"] = [_clip_mode(argument) for argument in arguments]
    if any(argument.unit for argument in arguments):
        node["UNIT"] = [_UNITS.get(argument.unit, argument.unit) or None for argument in arguments]
    if types == "T":
        node["OVERLOADS"] = [{"TYPE": "F"}]
    if values is not None and len(values) == len(types) and node["ACCESS"] & READABLE:
        shown = [_json(value) for value in values]
        if all(isinstance(value, str | int) or (isinstance(value, float) and math.isfinite(value)) for value in shown):
            node["VALUE"] = shown
    return node


def _access(row: Address) -> int:
    if row.kind is Kind.NOTICE:  # heard with LISTEN, never sent
        return READABLE
    if row.has_value:
        return READABLE | _WRITABLE
    return _WRITABLE if row.arguments else 0


def _range(path: str, argument: Argument, facts: Facts) -> Node:
    if path == f"{ROOT}/release/load":
        return {"VALS": list(facts.releases)} if facts.releases else {}
    low, high = argument.low, argument.high
    for name, least, most in facts.input_ranges:
        if name == _INPUTS.get(argument.name):
            low, high = max(low, least), min(high, most)
    return {key: _json(edge) for key, edge in (("MIN", low), ("MAX", high)) if math.isfinite(edge)}


def _clip_mode(argument: Argument) -> str:
    low, high = math.isfinite(argument.low), math.isfinite(argument.high)
    return "both" if low and high else "low" if low else "high" if high else "none"


def _json(value: Any) -> Any:
    # What was a float32 has seven digits that mean something: 0.2, not 0.20000000298023224.
    return float(f"{value:.7g}") if isinstance(value, float) else value
