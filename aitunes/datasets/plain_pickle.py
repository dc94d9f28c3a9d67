"""Reads the containers, numbers and arrays of bytes in a pickle, and builds no other object.

A pickle is a program that may run any code, and even one that is confined to NumPy's own functions can crash the
process, because these trust what they are given. Here its steps are walked through one by one, names are compared as
text, and an array is made from its bytes alone.

Reference:
    CPython, `pickletools.py`, which describes every opcode.
"""

from __future__ import annotations

import math
import pickletools
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

MAX_STEPS = 4_000_000

_ARRAY = frozenset({("numpy.core.multiarray", "_reconstruct"), ("numpy._core.multiarray", "_reconstruct")})
_CLASS, _DTYPE, _ENCODE = ("numpy", "ndarray"), ("numpy", "dtype"), ("_codecs", "encode")
_KNOWN = _ARRAY | {_CLASS, _DTYPE, _ENCODE}
"""All that a pickled array of bytes asks for, by Python 2 and 3, by NumPy 1 and 2."""

_NUMBERS = ("INT", "BININT", "BININT1", "BININT2", "LONG", "LONG1", "LONG4", "FLOAT", "BINFLOAT")
_STRINGS = ("UNICODE", "BINUNICODE", "SHORT_BINUNICODE", "BINUNICODE8", "BINBYTES", "SHORT_BINBYTES", "BINBYTES8")
_VALUES = frozenset((*_NUMBERS, *_STRINGS))
_TEXTS = frozenset(("STRING", "BINSTRING", "SHORT_BINSTRING"))
_CONSTANTS: dict[str, Any] = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False}
_EMPTY: dict[str, Any] = {"EMPTY_DICT": dict, "EMPTY_LIST": list, "EMPTY_TUPLE": tuple}
_PUT = frozenset(["PUT", "BINPUT", "LONG_BINPUT"])
_GET = frozenset(["GET", "BINGET", "LONG_BINGET"])
_MARK = object()


@dataclass(frozen=True)
class _Name:
    module: str
    name: str


@dataclass
class _Array:
    """Waits for the shape and bytes of an array."""

    values: NDArray[np.uint8] | None = None


class _Dtype:
    """Stands for one byte a value."""


def read_plain_pickle(data: bytes) -> Any:
    """Return what a pickle holds: dictionaries, lists, tuples, numbers, texts, and arrays of bytes.

    >>> import pickle
    >>> read_plain_pickle(pickle.dumps({b"labels": [1, 2]}))
    {b'labels': [1, 2]}

    Raises:
        ValueError: it is damaged, or asks for anything else.
    """
    machine = _Machine()
    for number, (opcode, argument, _) in enumerate(pickletools.genops(data)):
        if number > MAX_STEPS:
            raise ValueError(f"it has more than {MAX_STEPS:,} steps")
        if opcode.name == "STOP":
            return _plain(machine.pop())
        machine.step(opcode.name, argument)
    raise ValueError("it does not end")


class _Machine:
    """Walks through the steps, with a stack and a memory as the steps expect them."""

    def __init__(self) -> None:
        self._stack: list[Any] = []
        self._memo: dict[int, Any] = {}

    def pop(self) -> Any:
        if not self._stack or self._stack[-1] is _MARK:
            raise ValueError("it takes what is not there")
        return self._stack.pop()

    def step(self, name: str, argument: Any) -> None:
        """Take one step."""
        if name in ("PROTO", "FRAME"):
            return
        if name in _VALUES:
            self._stack.append(argument)
        elif name in _TEXTS:  # bytes, as Python 2 wrote them
            self._stack.append(argument.encode("latin-1"))
        elif name in _CONSTANTS:
            self._stack.append(_CONSTANTS[name])
        elif name in _EMPTY:
            self._stack.append(_EMPTY[name]())
        elif name == "MARK":
            self._stack.append(_MARK)
        elif name in _PUT or name == "MEMOIZE":
            value = self.pop()
            self._memo[len(self._memo) if name == "MEMOIZE" else argument] = value
            self._stack.append(value)
        elif name in _GET:
            if argument not in self._memo:
                raise ValueError("it remembers what was not there")
            self._stack.append(self._memo[argument])
        else:
            self._build(name, argument)

    def _build(self, name: str, argument: Any) -> None:
        if name == "GLOBAL":
            self._stack.append(_known(*argument.split(" ", 1)))
        elif name == "STACK_GLOBAL":
            last, module = self.pop(), self.pop()
            self._stack.append(_known(module, last))
        elif name in ("TUPLE1", "TUPLE2", "TUPLE3"):
            values = [self.pop() for _ in range(int(name[-1]))]
            self._stack.append(tuple(reversed(values)))
        elif name in ("TUPLE", "LIST", "DICT"):
            values = self._to_mark()
            self._stack.append(tuple(values) if name == "TUPLE" else values if name == "LIST" else dict(_pairs(values)))
        elif name in ("APPEND", "APPENDS"):
            values = [self.pop()] if name == "APPEND" else self._to_mark()
            self._top(list).extend(values)
        elif name in ("SETITEM", "SETITEMS"):
            values = self._to_mark() if name == "SETITEMS" else [self.pop(), self.pop()][::-1]
            self._top(dict).update(_pairs(values))
        elif name == "REDUCE":
            values, callee = self.pop(), self.pop()
            self._stack.append(_called(callee, values))
        elif name == "BUILD":
            state = self.pop()
            if isinstance(self._stack[-1] if self._stack else None, _Array):
                self._stack[-1].values = _bytes_of(state)
            else:
                self._top(_Dtype)
        else:
            raise ValueError(f"it takes the step {name}, which is no part of a picture")

    def _to_mark(self) -> list[Any]:
        values = []
        while self._stack and (value := self._stack.pop()) is not _MARK:
            values.append(value)
        return values[::-1]

    def _top(self, kind: type) -> Any:
        value = self.pop()
        if not isinstance(value, kind):
            raise ValueError(f"it changes what is no {kind.__name__.strip('_').lower()}")
        self._stack.append(value)
        return value


def _known(module: Any, name: Any) -> _Name:
    if (module, name) not in _KNOWN:
        raise ValueError(f"it asks for {module}.{name}, which is no part of a picture")
    return _Name(module, name)


def _pairs(values: list[Any]) -> list[tuple[Any, Any]]:
    if len(values) % 2 or not all(isinstance(key, str | bytes | int | float) for key in values[::2]):
        raise ValueError("a dictionary's keys are no texts or numbers")
    return list(zip(values[::2], values[1::2], strict=True))


def _called(callee: Any, values: Any) -> Any:
    called = (callee.module, callee.name) if isinstance(callee, _Name) else None
    match called, values:
        case known, (_Name(module="numpy", name="ndarray"), *_) if known in _ARRAY:
            return _Array()
        case ("numpy", "dtype"), (str() | bytes() as code, *_) if code in ("u1", "|u1", b"u1", b"|u1"):
            return _Dtype()
        case ("_codecs", "encode"), (str(text), str(encoding)) if encoding in ("latin1", "latin-1"):
            return text.encode("latin-1")
    raise ValueError("it calls what is no array of bytes")


def _bytes_of(state: Any) -> NDArray[np.uint8]:
    match state:
        case (int(), tuple(shape), _Dtype(), fortran, bytes(data)) if all(
            type(size) is int and 0 <= size <= len(data) for size in shape
        ) and math.prod(shape) == len(data):
            return np.frombuffer(data, np.uint8).reshape(shape, order="F" if fortran else "C")
    raise ValueError("an array in it is not as large as it says, or holds no bytes")


def _plain(value: Any) -> Any:
    """Return a value with arrays in place of what stands for them, in it and in a dictionary's entries."""
    if isinstance(value, dict):
        return {key: _plain(entry) if isinstance(entry, _Array) else entry for key, entry in value.items()}
    if isinstance(value, _Array):
        if value.values is None:
            raise ValueError("an array in it is empty")
        return value.values
    return value
