"""Refuses ONNX models that would read other files than their own, by a walk through the protocol buffer.

Reference: onnx/onnx.proto, field numbers of ModelProto and what it contains.
"""

from __future__ import annotations

from collections.abc import Iterator

from aitunes.errors import ReleaseError

_MAX_FIELDS = 200_000
_MESSAGES: dict[str, dict[int, str]] = {
    "model": {7: "graph", 20: "training", 25: "function"},
    "training": {1: "graph", 2: "graph"},
    "function": {7: "node", 11: "attribute"},
    "graph": {1: "node", 5: "tensor", 15: "sparse"},
    "node": {5: "attribute"},
    "attribute": {5: "tensor", 6: "graph", 10: "tensor", 11: "graph", 22: "sparse", 23: "sparse"},
    "sparse": {1: "tensor", 2: "tensor"},
    "tensor": {},
}
_EXTERNAL_DATA, _DATA_LOCATION = 13, 14
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5


def check_self_contained(model: bytes, what: str) -> None:
    """Refuse a model with tensors in other files, and one that is no protocol buffer or has too many parts.

    Args:
        what: begins the sentence of a refusal, such as "The decoder of first-light".

    Raises:
        ReleaseError: it is refused.
    """
    waiting = [("model", memoryview(model))]
    fields = 0
    try:
        while waiting:
            kind, part = waiting.pop()
            for number, wire, value in _fields(part):
                fields += 1
                if fields > _MAX_FIELDS:
                    raise ReleaseError(f"{what} has more than {_MAX_FIELDS:,} parts; export the release again.")
                if kind == "tensor" and (number == _EXTERNAL_DATA or (number == _DATA_LOCATION and value == 1)):
                    raise ReleaseError(f"{what} keeps numbers in another file; export the release again, in one file.")
                inner = _MESSAGES[kind].get(number)
                if inner is not None and wire == _BYTES and isinstance(value, memoryview):
                    waiting.append((inner, value))
    except (ValueError, IndexError) as error:
        raise ReleaseError(
            f"{what} is not an ONNX model this machine can run: it is damaged. Copy it again."
        ) from error


def _fields(part: memoryview) -> Iterator[tuple[int, int, int | memoryview]]:
    """Yield number, wire type and value of each field of a message."""
    position, end = 0, len(part)
    while position < end:
        key, position = _varint(part, position)
        number, wire = key >> 3, key & 7
        value: int | memoryview
        if wire == _VARINT:
            value, position = _varint(part, position)
        elif wire == _BYTES:
            length, position = _varint(part, position)
            value = part[position : position + length]
            if len(value) < length:
                raise ValueError("a field ends after its message")
            position += length
        elif wire in (_FIXED32, _FIXED64):
            position += 4 if wire == _FIXED32 else 8
            value = 0
        else:
            raise ValueError(f"wire type {wire}")
        yield number, wire, value


def _varint(part: memoryview, position: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = part[position]
        position += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, position
        shift += 7
        if shift > 63:
            raise ValueError("a number has more than 64 bits")
