"""Ogg Opus of sounds: readable anywhere, and the same bytes for the same sound."""

import io

import numpy as np
import pytest

pytest.importorskip("torch", reason="pip install aitunes[training]")
import soundfile

from training.evaluate.ogg import opus_bytes

RATE = 44_100


@pytest.fixture
def sweep():
    t = np.arange(3 * RATE) / RATE
    return (0.5 * np.sin(2 * np.pi * (200 + 400 * t) * t)).astype(np.float32)


def test_the_same_sound_gives_the_same_bytes(sweep):
    files = [opus_bytes(sweep, RATE) for _ in range(3)]
    assert files[0] == files[1] == files[2]


def test_it_holds_the_whole_sound(sweep):
    y, rate = soundfile.read(io.BytesIO(opus_bytes(sweep, RATE)))
    assert rate == 48_000
    assert y.size == pytest.approx(3 * 48_000, abs=2)
    assert y.std() == pytest.approx(sweep.std(), rel=0.03)


def test_every_page_has_the_checksum_that_readers_compare(sweep):
    contents = bytearray(opus_bytes(sweep, RATE))
    contents[len(contents) // 2] ^= 0xFF  # a reader that checks drops the page: so it did accept those before
    y, _ = soundfile.read(io.BytesIO(bytes(contents)))
    whole, _ = soundfile.read(io.BytesIO(opus_bytes(sweep, RATE)))
    assert y.shape != whole.shape or np.abs(y - whole).max() > 0.1
