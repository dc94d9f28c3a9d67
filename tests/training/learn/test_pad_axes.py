"""The pad of a learnt release: even in level, brighter to the right, with a coordinate of its own for the level."""

import numpy as np
import pytest

pytest.importorskip("torch", reason="pip install aitunes[training]")

import torch

from aitunes.release.card import LatentSpace
from training.evaluate.inference import codes_of
from training.learn.fitting import linear_model
from training.learn.network import NODES, spread_matrix
from training.learn.pad_axes import LEVEL_AXIS, MAX_UNEVENNESS_DB, pad_axes, unevenness_db


@pytest.fixture
def material(rng):
    """Envelopes whose level varies most, then their tilt, then bumps; the model, its codes and the tilts."""
    nodes = np.linspace(-1.0, 1.0, NODES)
    level, tilt = 0.5 + 0.2 * rng.standard_normal((2, 400, 1)) * [[[1.0]], [[0.7]]] - [[[0.0]], [[0.5]]]
    bumps = 0.1 * rng.standard_normal((400, 6)) @ np.cos(np.pi * np.arange(2, 8)[:, None] * nodes)
    x = np.clip(level + tilt * nodes + bumps, 0.0, 1.0).astype(np.float32)
    model = linear_model(x, 8).eval()
    return model, codes_of(model, (x @ spread_matrix().T)[..., None]), tilt[:, 0]


def test_the_level_over_the_pad_is_even(material):
    model, codes, tilt = material
    assert unevenness_db(model, LatentSpace.from_codes(codes)) > 2 * MAX_UNEVENNESS_DB
    assert unevenness_db(model, pad_axes(model, codes, tilt)) <= MAX_UNEVENNESS_DB


def test_the_pad_is_brighter_to_the_right(material):
    model, codes, tilt = material
    for sign in (1.0, -1.0):
        across = pad_axes(model, codes, sign * tilt).coordinates(codes)[:, 0]
        assert sign * np.corrcoef(across, tilt)[0, 1] > 0.0


def test_the_third_coordinate_makes_it_louder(material):
    model, codes, tilt = material
    latent = pad_axes(model, codes, tilt)
    steps = np.zeros((2, 8))
    steps[:, LEVEL_AXIS] = -1.0, 1.0
    low, high = model.decode_envelope(torch.from_numpy(latent.codes(steps))).detach().numpy()
    assert high.max() > low.max()


def test_axes_stay_orthonormal_and_two_dimensions_are_left_alone(material):
    model, codes, tilt = material
    axes = np.array(pad_axes(model, codes, tilt).axes)
    np.testing.assert_allclose(axes @ axes.T, np.eye(8), atol=1e-6)
    assert pad_axes(model, codes[:, :2], tilt) == LatentSpace.from_codes(codes[:, :2])
