import numpy as np
import pytest

from aitunes.audio_processing._fourier_kernel import fourier, transform

LENGTHS = [32, 64, 128, 240, 256, 512, 1024, 2048, 4096]
"""Powers of four, of two alone, and one that is left to pocketfft."""


def transformed(x):
    own, y = fourier(x.shape[1]), np.zeros_like(x)
    transform(x, y, own)
    return y if own.crosses[0] else x


@pytest.mark.parametrize("length", LENGTHS)
def test_a_transform_is_numpys(rng, length):
    x = rng.standard_normal((2, length)).astype(np.float32)
    expected = np.fft.fft(x[0].astype(np.float64) + 1j * x[1])
    re, im = transformed(x)
    assert np.abs(re + 1j * im - expected).max() < 1e-6 * np.abs(expected).max()


@pytest.mark.parametrize("length", LENGTHS)
def test_with_both_parts_exchanged_it_goes_back(rng, length):
    x = rng.standard_normal((2, length)).astype(np.float32)
    back = transformed(np.ascontiguousarray(transformed(x.copy())[::-1]))[::-1] / length
    assert np.abs(back - x).max() < 1e-5
