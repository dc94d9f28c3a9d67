"""A learnt release: small where it is linear, and its preview moves as the material does."""

import io

import numpy as np
import pytest

pytest.importorskip("torch", reason="pip install aitunes[training]")
import soundfile
import torch

from aitunes.features import stft_magnitudes
from training.learn.frames import FrameCollector
from training.learn.learner import Learner, LearnSettings
from training.learn.motion import texture_motion
from training.learn.motion_figures import motion_figures
from training.learn.network import LinearFrameAutoencoder
from training.learn.pad_axes import pad_axes
from training.learn.preview import moving_preview
from training.learn.rendering import distances, rendered

BEATS_PER_SECOND = 4.0


def learnt(beats_per_second):
    """Frames of noise that pulses so many times a second, or not at all, in eight colours, and their linear model."""
    rng, collector = np.random.default_rng(1), FrameCollector()
    t = np.arange(6 * collector.sample_rate) / collector.sample_rate
    for n in range(8):
        y = np.convolve(rng.standard_normal(t.size), np.ones(1 + 2 * n) / (1 + 2 * n), mode="same")
        y *= np.exp(-12.0 * (t % (1.0 / beats_per_second))) if beats_per_second else 0.5
        collector.add(f"{n}.wav", "pulses", (0.3 * y).astype(np.float32))
    frames = collector.finish()
    return frames, next(Learner(frames, LearnSettings(latent_dim=6)).run(1.0)).model.model


def preview(beats_per_second):
    frames, model = learnt(beats_per_second)
    with torch.no_grad():
        codes = model.encode(torch.from_numpy(frames.sample)).numpy()
    latent = pad_axes(model, codes, np.arange(len(codes), dtype=float))
    motion = texture_motion(model, frames.tracks, frames.frame_rate)
    y, rate = soundfile.read(io.BytesIO(moving_preview(model, motion, latent, frames.features)))
    return y, rate


def rhythm(y, rate, hz):
    """Share of the level's movement that lies within 0.3 Hz of a rate and its double."""
    level = 20 * np.log10(np.maximum(np.sqrt((stft_magnitudes(y, 1024, 256) ** 2).sum(axis=0)), 1e-3))
    power = np.abs(np.fft.rfft((level - level.mean()) * np.hanning(level.size))) ** 2
    at = np.fft.rfftfreq(level.size, 256 / rate)
    near = (np.abs(at - hz) < 0.3) | (np.abs(at - 2 * hz) < 0.3)
    return power[near].sum() / power.sum(), level.std()


def test_the_preview_has_the_rhythm_of_the_material():
    pulses, rate = preview(BEATS_PER_SECOND)
    share, moves_db = rhythm(pulses, rate, BEATS_PER_SECOND)
    assert pulses.size / rate > 8.0
    assert share > 0.4
    assert moves_db > 4.0


def test_the_preview_of_steady_material_is_steady():
    steady, rate = preview(0.0)
    share, moves_db = rhythm(steady[rate // 4 : -rate // 4], rate, BEATS_PER_SECOND)
    assert share < 0.2
    assert moves_db < 4.0


def test_motion_moves_about_as_much_as_the_material():
    frames, model = learnt(BEATS_PER_SECOND)
    figures = motion_figures(model, frames.tracks, frames.frame_rate)
    assert figures["material_moves_db"] > 3.0
    assert 0.7 < figures["motion_moves_db"] / figures["material_moves_db"] < 1.2
    assert 1.0 <= figures["coordinates_used"] <= 6.0


def test_the_small_model_of_a_release_is_the_linear_one():
    frames, model = learnt(BEATS_PER_SECOND)
    assert model.is_linear
    S = torch.from_numpy(frames.sample[:32])
    small = LinearFrameAutoencoder(model).eval()
    with torch.no_grad():
        torch.testing.assert_close(small.encode(S), model.encode(S), atol=1e-4, rtol=1e-4)
        torch.testing.assert_close(small(S).reconstruction, model(S).reconstruction, atol=1e-4, rtol=1e-4)
    torch.nn.init.normal_(model.decoder[-1].weight)
    assert not model.is_linear


def test_what_was_learnt_comes_back_closer_than_something_else():
    frames, model = learnt(BEATS_PER_SECOND)
    rng = np.random.default_rng(3)
    ours = 0.1 * rng.standard_normal(44_100).astype(np.float32)
    chirp = 0.1 * np.sin(np.cumsum(np.linspace(0.01, 1.0, 44_100))).astype(np.float32)
    near, far = (distances(rendered(model, y, frames.features), y) for y in (ours, chirp))
    assert near[0] < far[0]
    assert near[1] < far[1]
