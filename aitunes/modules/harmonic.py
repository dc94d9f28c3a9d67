"""Defines a variational autoencoder of notes, whose decoder renders a spectrum at exactly the conditioned pitch.

A perceptron that puts out magnitudes must learn, for every pitch again, where a comb of harmonics lies. Here it puts
out what does not move with the pitch: the spectral envelope that harmonics touch, the noise between them, how
much each of the lowest harmonics differs from the envelope, how stiff the string is. A fixed, differentiable
renderer puts the comb under the envelope. Moving the code then cannot change the pitch, and moving the pitch keeps
the envelope.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor, nn
from typing_extensions import override

from aitunes.audio_processing.harmonic_comb import HIGH_PASS_HZ, NOISE_BELOW_DB, STEP_DB
from aitunes.audio_processing.levels import FULL_LEVEL_DB, frame_power
from aitunes.features import AudioFeatures, mel_filter_bank
from aitunes.modules.conditional import Condition, ConditionalAutoencoder
from aitunes.pitch import A4_HZ, A4_MIDI

_MIN_DB = -80.0
_ENCODER_BANDS = 192


@dataclass(frozen=True)
class Drawing:
    """Holds what the renderer draws, decibels; only differences count, because the level is a condition.

    Args:
        envelope: at points evenly spaced on the mel scale from 0 to half the sample rate, [batch, points].
        noise: likewise, power of a bin, [batch, points].
        harmonics: what is added to each of the lowest harmonics, [batch, harmonics].
        inharmonicity: B of a stiff string, whose partial n lies at f₀ n √(1 + B n²), [batch, 1].
    """

    envelope: Tensor
    noise: Tensor
    harmonics: Tensor
    inharmonicity: Tensor


class HarmonicVAE(ConditionalAutoencoder):
    """Decodes code, pitch and level to the magnitudes of a windowed harmonic sound with noise.

    Loudness is apart: the encoder hears every frame equally loud, and the drawing is given the level of the condition.

    Args:
        features: of single frames on a linear scale.
        latent_dim: numbers in a code.
        conditions: pitch (MIDI note) and level (dB below full), in this order.
        hidden: widths of the encoder's and the decoder's layers.
        points: of envelope and noise.
        harmonics: lowest ones that may leave the envelope.

    Shape:
        S [batch, bins, 1], normalised over `features.db_range`.

    Reference:
        Serra & Smith, *Spectral modeling synthesis: a sound analysis/synthesis system based on a deterministic plus
        stochastic decomposition*, Computer Music Journal 14(4), 1990; Engel, Hantrakul, Gu & Roberts, *DDSP:
        differentiable digital signal processing*, ICLR 2020, whose oscillators are magnitudes here; Fletcher &
        Rossing, *The Physics of Musical Instruments*, 1998, equation 2.67.
    """

    def __init__(
        self,
        features: AudioFeatures,
        latent_dim: int,
        conditions: Sequence[Condition],
        hidden: Sequence[int] = (384, 384),
        points: int = 64,
        harmonics: int = 32,
    ) -> None:
        super().__init__((features.bands, 1), latent_dim, conditions)
        self.points, self.harmonics = points, harmonics
        self.sample_rate, self.n_fft = features.sample_rate, features.n_fft
        self.low_db, self.high_db = features.db_range
        self.full_power_db = float(10.0 * np.log10(frame_power(FULL_LEVEL_DB, features.n_fft)))
        self.encoder = _layers([_ENCODER_BANDS, *hidden, 2 * latent_dim])
        self.decoder = _layers([latent_dim + len(self.conditions), *hidden, 2 * points + harmonics + 1])
        hz = torch.arange(features.bins, dtype=torch.float32) * (features.sample_rate / features.n_fft)
        self.register_buffer("hz", hz)
        self.register_buffer("bank", torch.from_numpy(_averaging_bank(features)))
        self.register_buffer("between_points", _interpolation(self._position(hz), points))
        self.register_buffer("audible", (hz >= HIGH_PASS_HZ).float())

    hz: Tensor
    bank: Tensor
    between_points: Tensor
    audible: Tensor

    @override
    def distribution(self, S: Tensor) -> tuple[Tensor, Tensor]:
        power = 10.0 ** (0.1 * (S.flatten(1) * (self.high_db - self.low_db) + self.low_db))
        power = power / power.sum(dim=1, keepdim=True)
        # Not "+ a little": the ONNX exporter's optimiser takes a summand as small as that for 0.
        bands_db = 10.0 * torch.log10((power @ self.bank).clamp(min=10.0 ** (0.1 * _MIN_DB)))
        mean, log_var = self.encoder(bands_db * 0.05 + 2.0).chunk(2, dim=1)
        return mean, log_var

    @override
    def decode(self, z: Tensor, conditions: Tensor | None = None) -> Tensor:
        return self.decode_unclamped(z, conditions).clamp(0.0, 1.0)

    @override
    def decode_unclamped(self, z: Tensor, conditions: Tensor | None = None) -> Tensor:
        conditions = self.with_defaults(z, conditions)
        pitch, level_db = conditions[:, :1], conditions[:, 1:2]
        power = self.render(self.draw(z, conditions), pitch)
        db = 10.0 * torch.log10((power / power.sum(dim=1, keepdim=True)).clamp(min=1e-12)) + (
            level_db + self.full_power_db
        )
        return ((db - self.low_db) / (self.high_db - self.low_db))[:, :, None]

    def outline(self, z: Tensor, conditions: Tensor) -> Tensor:
        """Decode z [batch, latent_dim] and conditions [batch, 2] to numbers [batch, 2 points + harmonics + 1]."""
        outline: Tensor = self.decoder(torch.cat([z, self.centred(conditions)], dim=1))
        return outline

    def draw(self, z: Tensor, conditions: Tensor) -> Drawing:
        """Decode what the renderer draws: z [batch, latent_dim], conditions [batch, 2]."""
        out = self.outline(z, conditions)
        sizes = [self.points, self.points, self.harmonics, 1]
        envelope, noise, harmonics, stiffness = torch.split(out, sizes, dim=1)
        return Drawing(
            STEP_DB * envelope,
            STEP_DB * noise - NOISE_BELOW_DB,
            0.5 * STEP_DB * harmonics,
            torch.exp(1.5 * stiffness.clamp(-6.0, 6.0) - 10.0),
        )

    def render(self, drawing: Drawing, pitch: Tensor) -> Tensor:
        """Render the power spectrum of a drawing at a pitch, [batch, bins].

        Between two harmonics a bin hears both, and none further away: their powers are added, as phases are not known.
        """
        fundamental = A4_HZ * 2.0 ** ((pitch - A4_MIDI) / 12.0)
        stiffness = drawing.inharmonicity
        power = 10.0 ** (0.1 * (drawing.noise @ self.between_points))
        # q = n √(1 + B n²) solved for n, in the form that B = 0 leaves whole.
        q = self.hz / fundamental
        number = q * torch.sqrt(2.0 / (1.0 + torch.sqrt(1.0 + 4.0 * stiffness * q**2)))
        below = number.floor().clamp(min=1.0)
        for n in (below, below + 1.0):
            hz = fundamental * n * torch.sqrt(1.0 + stiffness * n**2)
            lobe = hann_lobe((self.hz - hz) * (self.n_fft / self.sample_rate))
            heard = lobe**2 * (hz < 0.5 * self.sample_rate)
            power = power + heard * 10.0 ** (0.1 * (self._at(drawing.envelope, hz) + self._of(drawing.harmonics, n)))
        return power * self.audible

    def _position(self, hz: Tensor) -> Tensor:
        """Locate frequencies between the points of an envelope, as an index with fraction; HTK's mel scale."""
        most = float(np.log10(1.0 + 0.5 * self.sample_rate / 700.0))
        return torch.log10(1.0 + hz / 700.0) * ((self.points - 1) / most)

    def _at(self, envelope: Tensor, hz: Tensor) -> Tensor:
        """Interpolate an envelope [batch, points] at frequencies [batch, bins]."""
        position = self._position(hz).clamp(max=self.points - 1.001)
        left = position.floor()
        index = left.long()
        a, b = torch.gather(envelope, 1, index), torch.gather(envelope, 1, index + 1)
        return a + (position - left) * (b - a)

    def _of(self, harmonics: Tensor, n: Tensor) -> Tensor:
        """Look up values of harmonics by number n [batch, bins], 0 beyond the last."""
        index = (n - 1.0).clamp(max=self.harmonics - 1.0).long()
        return torch.gather(harmonics, 1, index) * (n <= self.harmonics)


def hann_lobe(bins: Tensor) -> Tensor:
    """Return the magnitude of a Hann window's transform that many bins from its centre, 1 there."""
    return (torch.sinc(bins) + 0.5 * torch.sinc(bins - 1.0) + 0.5 * torch.sinc(bins + 1.0)).abs()


def _layers(sizes: Sequence[int]) -> nn.Sequential:
    layers: list[nn.Module] = []
    for seen, made in pairwise(sizes[:-1]):
        layers += [nn.Linear(seen, made), nn.LayerNorm(made), nn.SiLU()]
    return nn.Sequential(*layers, nn.Linear(sizes[-2], sizes[-1]))


def _averaging_bank(features: AudioFeatures) -> np.ndarray:
    """Make mel filters that average the bins they cover, [bins, bands]; those narrower than a bin are 0."""
    bank = mel_filter_bank(features.sample_rate, features.n_fft, _ENCODER_BANDS, 0.0, 0.5 * features.sample_rate)
    return np.ascontiguousarray((bank / np.maximum(bank.sum(axis=1, keepdims=True), 1e-9)).T)


def _interpolation(positions: Tensor, points: int) -> Tensor:
    """Make the matrix [points, len(positions)] that interpolates values between points."""
    left = positions.floor().clamp(0, points - 2).long()
    matrix = torch.zeros(points, len(positions))
    columns = torch.arange(len(positions))
    matrix[left, columns] = 1.0 - (positions - left)
    matrix[left + 1, columns] = positions - left
    return matrix
