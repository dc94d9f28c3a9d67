"""Gives compiled code vectors of eight float32, for loops that the compiler would not turn into vectors by itself.

It does so only where a few comparisons show that arrays do not overlap. A stage of a Fourier transform reads and writes
sixteen places, too many for it.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core.typing.templates import AbstractTemplate, infer_global, signature
from numba.extending import intrinsic as _numba_intrinsic
from numba.extending import lower_builtin, models, register_model
from numba.np.arrayobj import make_array

LANES = 8

intrinsic: Callable[..., Any] = _numba_intrinsic  # whose calls have an argument less than the definitions

_VECTOR = ir.VectorType(ir.FloatType(), LANES)
_FAST = ("contract", "nsz", "reassoc")


class _Vector(types.Type):  # type: ignore[misc, unused-ignore]
    """Is the type of eight float32 in compiled code."""

    def __init__(self) -> None:
        super().__init__(name="Vector8")


_vector = _Vector()


@register_model(_Vector)
class _VectorModel(models.PrimitiveModel):  # type: ignore[misc, unused-ignore]
    """Keeps a vector in a register."""

    def __init__(self, manager: Any, kind: Any) -> None:
        super().__init__(manager, kind, _VECTOR)


def _define(function: Any, instruction: str) -> None:
    """Let an operator take two vectors."""

    @infer_global(function)
    class _Template(AbstractTemplate):  # type: ignore[misc, unused-ignore]
        def generic(self, args: Any, kws: Any) -> Any:
            return signature(_vector, *args) if args == (_vector, _vector) else None

    @lower_builtin(function, _vector, _vector)  # type: ignore[misc, unused-ignore]
    def _lower(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return getattr(builder, instruction)(*args, flags=_FAST)


_define(operator.add, "fadd")
_define(operator.sub, "fsub")
_define(operator.mul, "fmul")


def _address(context: Any, builder: Any, kind: Any, array: Any, index: Any) -> Any:
    data = make_array(kind)(context, builder, array).data
    return builder.bitcast(builder.gep(data, [index]), _VECTOR.as_pointer())


def _shuffled(builder: Any, a: Any, b: Any, order: list[int]) -> Any:
    return builder.shuffle_vector(a, b, ir.Constant(ir.VectorType(ir.IntType(32), len(order)), order))


def _reversed(builder: Any, value: Any) -> Any:
    return _shuffled(builder, value, value, list(range(LANES - 1, -1, -1)))


@intrinsic
def load(typing_context: Any, array: Any, index: Any) -> tuple[Any, Callable[..., Any]]:
    """Read eight elements of a contiguous float32 array from an index on."""

    def code(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        value = builder.load(_address(context, builder, sig.args[0], *args))
        value.align = 4
        return value

    return _vector(array, types.intp), code


@intrinsic
def load_reversed(typing_context: Any, array: Any, index: Any) -> tuple[Any, Callable[..., Any]]:
    """Read eight elements of a contiguous float32 array from an index on; the last of them comes first."""

    def code(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        value = builder.load(_address(context, builder, sig.args[0], *args))
        value.align = 4
        return _reversed(builder, value)

    return _vector(array, types.intp), code


@intrinsic
def store_reversed(typing_context: Any, array: Any, index: Any, value: Any) -> tuple[Any, Callable[..., Any]]:
    """Write eight elements of a contiguous float32 array from an index on; the first of them comes last."""

    def code(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        value = _reversed(builder, args[2])
        builder.store(value, _address(context, builder, sig.args[0], *args[:2])).align = 4
        return context.get_dummy_value()

    return types.none(array, types.intp, _vector), code


@intrinsic
def inverse_root(typing_context: Any, value: Any) -> tuple[Any, Callable[..., Any]]:
    """Return one over the square root of each element."""

    def code(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        kind = ir.FunctionType(_VECTOR, [_VECTOR])
        root = builder.call(cgutils.get_or_insert_function(builder.module, kind, f"llvm.sqrt.v{LANES}f32"), args)
        return builder.fdiv(ir.Constant(_VECTOR, [1.0] * LANES), root, flags=_FAST)

    return _vector(value), code


@intrinsic
def store(typing_context: Any, array: Any, index: Any, value: Any) -> tuple[Any, Callable[..., Any]]:
    """Write eight elements of a contiguous float32 array from an index on."""

    def code(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        builder.store(args[2], _address(context, builder, sig.args[0], *args[:2])).align = 4
        return context.get_dummy_value()

    return types.none(array, types.intp, _vector), code


@intrinsic
def fill(typing_context: Any, value: Any) -> tuple[Any, Callable[..., Any]]:
    """Make a vector of eight times the same float32."""

    def code(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        one = builder.insert_element(ir.Constant(_VECTOR, ir.Undefined), args[0], ir.Constant(ir.IntType(32), 0))
        return _shuffled(builder, one, one, [0] * LANES)

    return _vector(types.float32), code


def _interleaving(width: int) -> Callable[..., Any]:
    """Return the code that stores four vectors in turns of `width` elements."""

    def code(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        array, index, a, b, c, d = args
        both = list(range(2 * LANES))
        first, second = _shuffled(builder, a, b, both), _shuffled(builder, c, d, both)
        order = [
            vector * LANES + begin + n for begin in range(0, LANES, width) for vector in range(4) for n in range(width)
        ]
        for part in range(4):
            value = _shuffled(builder, first, second, order[part * LANES : (part + 1) * LANES])
            at = builder.add(index, ir.Constant(index.type, part * LANES))
            builder.store(value, _address(context, builder, sig.args[0], array, at)).align = 4
        return context.get_dummy_value()

    return code


@intrinsic
def store_ones(typing_context: Any, array: Any, index: Any, a: Any, b: Any, c: Any, d: Any) -> tuple[Any, Any]:
    """Write 32 elements: the first of each vector, the second of each, and so on."""
    return types.none(array, types.intp, _vector, _vector, _vector, _vector), _interleaving(1)


@intrinsic
def store_fours(typing_context: Any, array: Any, index: Any, a: Any, b: Any, c: Any, d: Any) -> tuple[Any, Any]:
    """Write 32 elements: the first four of each vector, then the last four of each."""
    return types.none(array, types.intp, _vector, _vector, _vector, _vector), _interleaving(4)
