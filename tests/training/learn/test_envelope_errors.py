"""Errors of envelopes: points and broad shape, as the linear model and the training weigh them."""

import numpy as np
import pytest

pytest.importorskip("torch", reason="pip install aitunes[training]")

import torch

from aitunes.audio_processing.metrics import mel_cepstral_distortion
from aitunes.features import mel_filter_bank
from training.learn.envelope_errors import cepstrum_matrix, frame_errors_db, weighting
from training.learn.fitting import linear_model, mean_error_db
from training.learn.network import N_FFT, NODES, RANGE_DB, SAMPLE_RATE, spread_matrix


def test_the_matrix_gives_the_distortion_of_spectra():
    nodes = np.linspace(0.0, 1.0, NODES)
    one, other = 30.0 - 20.0 * nodes, 30.0 - 26.0 * nodes**2  # dB, smooth as timbres are
    magnitudes = [10.0 ** (spread_matrix() @ db / 20.0)[:, None] for db in (one, other)]
    bank = mel_filter_bank(SAMPLE_RATE, N_FFT, 80, 40.0, 16_000.0)
    measured = mel_cepstral_distortion(*magnitudes, bank)
    assert np.linalg.norm(cepstrum_matrix() @ (one - other)) == pytest.approx(measured, rel=0.01)


def test_a_gain_is_no_cepstral_distortion():
    assert np.abs(cepstrum_matrix() @ np.full(NODES, 6.0)).max() < 1e-4


def test_the_training_and_the_linear_model_weigh_errors_alike(rng):
    difference = (0.05 * rng.standard_normal((4, NODES))).astype(np.float32)
    wanted = torch.full((4, NODES), 0.5)
    errors = frame_errors_db(wanted + torch.from_numpy(difference), wanted)
    squares = ((difference @ weighting()) ** 2).mean(axis=1)
    np.testing.assert_allclose(errors, np.sqrt(squares) * RANGE_DB, rtol=1e-3)


def test_weighted_components_miss_less_than_principal_ones(rng):
    # Sounds of two kinds: many of a fine structure, a few of a broad one, and noise.
    shapes = np.cumsum(rng.standard_normal((12, NODES)), axis=1) / 40.0
    x = 0.5 + 0.04 * rng.standard_exponential((600, 12)) @ shapes + 0.02 * rng.standard_normal((600, NODES))
    x = np.clip(x, 0.0, 1.0).astype(np.float32)
    ours, theirs = (mean_error_db(linear_model(x, 4, weighted), x) for weighted in (True, False))
    assert ours < theirs
