"""Fixtures that every test may use: a seeded generator and the places of test data."""

import os
from pathlib import Path

import numpy as np
import pytest

DATA_VARIABLE = "AITUNES_TEST_DATA"


@pytest.fixture
def rng():
    return np.random.default_rng(20261122)


@pytest.fixture(scope="session")
def shared_data():
    """The folder of real audio and images; see CONTRIBUTING.md."""
    default = Path(__file__).parents[2] / "shared" / "data"
    folder = Path(os.environ.get(DATA_VARIABLE, default))
    if not folder.is_dir():
        pytest.skip(f"no test data in {folder}; set {DATA_VARIABLE}")
    return folder
