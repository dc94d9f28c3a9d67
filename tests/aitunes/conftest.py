"""Small tensors gain nothing from threads, and lose much where tests share their processors."""

import sys

import pytest


@pytest.fixture(autouse=True)
def _one_thread():
    if "torch" in sys.modules:
        sys.modules["torch"].set_num_threads(1)
