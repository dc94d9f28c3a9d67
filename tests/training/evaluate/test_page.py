"""Tests what a model is compared with."""

import numpy as np
import pytest

pytest.importorskip("lightning", reason="pip install aitunes[training]")

from training.evaluate.page import by_pca

pytestmark = pytest.mark.training


def test_pca_with_all_components_rebuilds_what_it_was_made_of(rng):
    S = rng.random((12, 5, 3)).astype(np.float32)
    assert np.allclose(by_pca(S, S, 11), S, atol=1e-4)


def test_more_components_are_never_worse(rng):
    train, S = rng.random((40, 6, 2)).astype(np.float32), rng.random((9, 6, 2)).astype(np.float32)
    errors = [((by_pca(train, S, n) - S) ** 2).mean() for n in (1, 3, 6, 12)]
    assert errors == sorted(errors, reverse=True)


def test_what_never_varies_is_rebuilt(rng):
    train = np.full((6, 4, 2), 0.25, np.float32)
    assert np.allclose(by_pca(train, train[:2], 3), 0.25)
