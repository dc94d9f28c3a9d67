import numpy as np
import pytest

from aitunes.audio_processing.metrics import MetricError, log_spectral_distance, spectral_convergence


def test_equal_spectrograms_are_infinitely_close(rng):
    S = rng.exponential(size=(4, 9))
    assert spectral_convergence(S, S) == -np.inf
    assert log_spectral_distance(S, S) == 0.0


def test_silence_is_as_far_as_the_reference_is_loud(rng):
    S = rng.exponential(size=(4, 9))
    assert spectral_convergence(np.zeros_like(S), S) == pytest.approx(0.0)


@pytest.mark.parametrize("error", [0.5, 0.01])
def test_a_relative_error_reads_in_decibels(rng, error):
    S = rng.exponential(size=(4, 9))
    assert spectral_convergence(S * (1 + error), S) == pytest.approx(20 * np.log10(error))


def test_convergence_ignores_a_common_gain(rng):
    S, estimate = rng.exponential(size=(2, 4, 9))
    assert spectral_convergence(7 * estimate, 7 * S) == pytest.approx(spectral_convergence(estimate, S))


def test_a_gain_is_its_own_log_distance(rng):
    S = rng.uniform(0.5, 1.0, (4, 9))
    assert log_spectral_distance(S * 2, S) == pytest.approx(6.0206, abs=1e-4)


def test_what_lies_below_the_floor_does_not_count():
    reference = np.array([[1.0, 1e-6, 0.0]])
    assert log_spectral_distance(np.array([[1.0, 0.0, 1e-5]]), reference) == 0.0
    assert log_spectral_distance(np.array([[1.0, 0.0, 1e-5]]), reference, floor_db=-110) > 1.0


def test_frames_weigh_the_same_whatever_the_axis_of_the_bins(rng):
    S, estimate = rng.uniform(0.1, 1.0, (2, 4, 9))
    assert log_spectral_distance(estimate.T, S.T, axis=0) == pytest.approx(log_spectral_distance(estimate, S))


@pytest.mark.parametrize("metric", [spectral_convergence, log_spectral_distance])
def test_what_cannot_be_compared_is_refused(metric):
    with pytest.raises(MetricError, match=r"\[2, 3\] and \[3, 2\]"):
        metric(np.ones((2, 3)), np.ones((3, 2)))
    with pytest.raises(MetricError, match="reference"):
        metric(np.ones((2, 3)), np.zeros((2, 3)))
