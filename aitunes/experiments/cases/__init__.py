"""The experiments that `aitunes-train` offers."""

from __future__ import annotations

from aitunes.errors import TrainingError
from aitunes.experiments.cases.case import Case

CASES: dict[str, Case] = {}


def find_case(name: str) -> Case:
    """An experiment by name, whatever the case.

    Raises:
        TrainingError: there is none; the message lists those that there are.
    """
    if name.lower() not in CASES:
        raise TrainingError(f"There is no experiment named {name!r}; choose from {', '.join(CASES)}.")
    return CASES[name.lower()]
