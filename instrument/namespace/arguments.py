"""Checks the arguments of a message against its row."""

from __future__ import annotations

import math
from typing import Any

from aitunes.errors import AiTunesError
from instrument.namespace.rows import Address, Argument, Value


class MessageError(AiTunesError):
    """A message that cannot be handled, and why; the text of a `/fail`."""


def check_arguments(row: Address, arguments: list[Any]) -> tuple[Value, ...]:
    """Arguments as the address wants them: numbers of any OSC type converted and clipped to their range.

    Raises:
        MessageError: too few or too many, a wrong type, NaN or infinity.
    """
    wanted = row.arguments
    if row.many and len(arguments) > 1:
        wanted = (*wanted, *[wanted[-1]] * (len(arguments) - len(wanted)))
    checked = tuple([_check(argument, value) for argument, value in zip(wanted, arguments, strict=False)])
    if len(arguments) == len(wanted):
        return checked
    left_out = wanted[len(arguments) :]
    if len(arguments) > len(wanted) or any(argument.required for argument in left_out):
        raise MessageError(_count_wanted(row))
    return (*checked, *(argument.default for argument in left_out if argument.default is not None))


def _count_wanted(row: Address) -> str:
    most = len(row.arguments)
    least = sum(argument.required for argument in row.arguments)
    count = f"{least} to {most}" if least < most else str(most or "no")
    names = " ".join(argument.name for argument in row.arguments) + (" …" if row.many else "")
    return f"wants {count} argument{'' if most == 1 else 's'}{' (' + names + ')' if names else ''}"


def _check(argument: Argument, value: Any) -> Value:
    if argument.type == "s":
        if not isinstance(value, str):
            raise MessageError(f"{argument.name} must be text")
        return value
    if not isinstance(value, int | float):
        raise MessageError(f"{argument.name} must be a number")
    try:
        finite = math.isfinite(value)
    except OverflowError:  # an integer beyond every float
        finite = False
    if not finite:
        raise MessageError(f"{argument.name} is not a finite number")
    if argument.type == "T":
        return bool(value)
    clipped = min(max(value, argument.low), argument.high)
    # OSC's longest integers have 64 bits, also where the row has no range of its own.
    return min(max(round(clipped), -(2**63)), 2**63 - 1) if argument.type == "i" else float(clipped)
