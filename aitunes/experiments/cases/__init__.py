"""Lists the experiments that `aitunes-train` offers."""

from __future__ import annotations

from aitunes.errors import TrainingError
from aitunes.experiments.cases.case import Case
from aitunes.experiments.cases.cifar10 import CIFAR10
from aitunes.experiments.cases.fma import FMA
from aitunes.experiments.cases.folder import FOLDER
from aitunes.experiments.cases.gtzan import GTZAN
from aitunes.experiments.cases.mnist import MNIST
from aitunes.experiments.cases.notes import NOTES, SYNTHETIC
from aitunes.experiments.cases.sinewave import SINEWAVE
from aitunes.experiments.cases.vectors5d import VECTORS5D

CASES: dict[str, Case] = {
    case.name: case for case in (VECTORS5D, MNIST, CIFAR10, SINEWAVE, SYNTHETIC, NOTES, GTZAN, FMA, FOLDER)
}


def find_case(name: str) -> Case:
    """Find an experiment by name, in upper or lower case.

    Raises:
        TrainingError: there is none; the message lists those that there are.
    """
    if name.lower() not in CASES:
        raise TrainingError(f"There is no experiment named {name!r}; choose from {', '.join(CASES)}.")
    return CASES[name.lower()]
