"""Defines the vectors of five numbers: seconds to train, the first thing to try."""

from pathlib import Path

from aitunes.datasets import vectors
from aitunes.datasets.items import SplitItems
from aitunes.experiments.cases.case import Case, DataDescription
from aitunes.experiments.scenarios.vectors5d import VECTORS5D_SCENARIOS


def _open(data_dir: Path | None) -> SplitItems:
    return vectors.make_vectors()


VECTORS5D = Case(
    "vectors5d",
    "Vectors of five numbers near four curved sheets",
    DataDescription(vectors.NAME, vectors.LICENCE, "generated", _open),
    VECTORS5D_SCENARIOS,
    input_shape=vectors.INPUT_SHAPE,
)
