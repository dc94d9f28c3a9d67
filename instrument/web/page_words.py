"""Checks the words that a page says as JSON."""

from __future__ import annotations

import math
from typing import Any


def is_number(value: Any) -> bool:
    """Tell whether a value is a number that every program can hold.

    >>> is_number(1.5), is_number(True), is_number(float("nan")), is_number(10**400)
    (True, False, False, False)
    """
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    try:
        return math.isfinite(value)
    except OverflowError:  # an integer beyond what a float holds
        return False
