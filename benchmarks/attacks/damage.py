"""Damages sound inputs: their bytes, and what lies inside archives, whose checksums would stop the reader otherwise."""

from __future__ import annotations

import contextlib
import io
import json
import random
import zipfile
from typing import Any

import numpy as np
from numpy.typing import NDArray

_STRANGE = [
    b"\0",
    b"\xff" * 4,
    b"1e999",
    b"-1",
    b"1" * 400,
    b"NaN",
    b"[" * 300,
    b'"\\ud800"',
    b"{}",
    b"null",
    b"\x1b[2J",
    b"true",
    b"-0.0",
    b'"a": 1, "a": 2, ',
]
_EXTREMES = (0.0, -0.0, 1.0, -1.0, 1e-45, 3e38, -3e38, np.inf, -np.inf, np.nan, 2.0**31 - 1, -(2.0**31), 1e9, 65_504.0)
_OTHER_TYPES = ("<f2", ">f4", "<f8", "<i1", ">i8", "<u4", "|b1", "<U3", "<c8")
_JSON_VALUES = (
    None, True, False, 0, -0.0, -1, 1e-320, 1e308, float("nan"), float("inf"), 2**31, 2**63, 10**30, "", "1",
    "x" * 3_000, "\ud800", "\x1b[2J", "../x", [], {}, [[]], {"": {}}, [0] * 1_000, 16 * [True],
)  # fmt: skip
_TIMES = (1, 1, 2, 4, 16)


def damaged(seeds: list[bytes], rng: random.Random) -> bytes:
    """Return a seed with something changed, cut out, doubled or replaced; of archives often something inside."""
    content = rng.choice(seeds)
    if content[:2] == b"PK" and rng.random() < 0.7:
        return _with_other_members(content, rng)
    if content[:1] == b"{" and rng.random() < 0.5:
        with contextlib.suppress(ValueError):
            return json.dumps(_with_other_entries(json.loads(content), rng)).encode()
    return _with_other_bytes(content, rng)


def _with_other_entries(sound: Any, rng: random.Random) -> Any:
    """Replace, remove, add or exchange some values of what JSON holds, at any depth."""
    for _ in range(rng.choice(_TIMES)):
        here = sound
        while True:
            keys = list(here) if isinstance(here, dict) else list(range(len(here)))
            if not keys:
                break
            key = rng.choice(keys)
            if isinstance(here[key], dict | list) and here[key] and rng.random() < 0.8:
                here = here[key]
                continue
            how = rng.randrange(6)
            if how == 0:
                del here[key]
            elif how == 1 and isinstance(here, dict):
                here[rng.choice(("", "x", "\x1b", "0", "name"))] = here[key]
            elif how == 2:
                here[key] = json.loads(json.dumps(here[rng.choice(keys)]))
            else:
                here[key] = rng.choice(_JSON_VALUES)
            break
    return sound


def _with_other_bytes(sound: bytes, rng: random.Random) -> bytes:
    content = bytearray(sound)
    for _ in range(rng.choice(_TIMES)):
        place = rng.randrange(len(content) + 1)
        how = rng.randrange(5)
        if how == 0 and content:
            content[min(place, len(content) - 1)] = rng.randrange(256)
        elif how == 1:
            del content[place : place + rng.choice((1, 4, 100, 10_000))]
        elif how == 2:
            content[place:place] = content[max(0, place - rng.randrange(64)) : place]
        elif how == 3:
            strange = rng.choice(_STRANGE)
            content[place : place + len(strange) * rng.randrange(2)] = strange
        else:
            content[place : place + 4] = rng.randbytes(4)
    return bytes(content)


def _with_other_members(archive: bytes, rng: random.Random) -> bytes:
    """Change some members of an archive and write it again, so that lengths and checksums are right."""
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(archive)) as sound, zipfile.ZipFile(stream, "w") as written:
        members = {member: sound.read(member) for member in sound.infolist()}
        for member in rng.sample(list(members), k=min(len(members), rng.choice((1, 1, 2, 3)))):
            members[member] = _other_member(members[member], rng)
        for member, content in members.items():
            written.writestr(member.filename, content, member.compress_type)
    return stream.getvalue()


def _other_member(content: bytes, rng: random.Random) -> bytes:
    if not content.startswith(b"\x93NUMPY") or rng.random() < 0.2:
        return _with_other_bytes(content, rng)
    array = np.load(io.BytesIO(content), allow_pickle=False)
    stream = io.BytesIO()
    np.save(stream, _other_array(array, rng), allow_pickle=False)
    return stream.getvalue()


def _other_array(array: NDArray[np.generic], rng: random.Random) -> NDArray[np.generic]:
    how = rng.randrange(8)
    if how < 4 and array.size:
        return _with_other_values(array, rng)
    if how == 4:
        return array[: rng.randrange(len(array) + 1)] if array.ndim else array
    if how == 5:
        return np.repeat(array, rng.choice((0, 2, 3)), axis=rng.randrange(array.ndim)) if array.ndim else array
    if how == 6:
        return rng.choice((array.T, np.asfortranarray(array), array[..., None], array.reshape(-1)))
    with np.errstate(all="ignore"):
        try:
            return array.astype(rng.choice(_OTHER_TYPES))
        except (ValueError, TypeError):
            return array.astype("<U3")


def _with_other_values(array: NDArray[np.generic], rng: random.Random) -> NDArray[np.generic]:
    """Set some values, or a whole row, to extremes, or exchange two of them."""
    changed, flat = array.copy(order="K"), array.size
    for _ in range(rng.choice(_TIMES)):
        place, other = rng.randrange(flat), rng.randrange(flat)
        if array.dtype.kind == "U":
            changed.flat[place] = rng.choice(("", "\x1b[2J", "\u202e", "x" * 9))
        elif rng.random() < 0.3:
            changed.flat[place], changed.flat[other] = changed.flat[other], changed.flat[place]
        else:
            with np.errstate(all="ignore"):
                value = np.array(rng.choice(_EXTREMES)).astype(array.dtype)
            changed.flat[place : place + rng.choice((1, 1, array.shape[-1] if array.ndim else 1))] = value
    return changed
