"""Lets the noise in magnitudes fluctuate, inside a TorchScript module: `aitunes.audio_processing.fluctuation`.

What is drawn is another noise than the instrument's, whose recording of it would be half a megabyte of the file.
"""

import math

import torch
from torch import Tensor, nn

from aitunes.audio_processing.fluctuation import FLOOR, HARMONIC_BINS, noise_bands
from aitunes.features import AudioFeatures, hann_window
from aitunes.release.motion import NOISE_BANDS
from training.export.nn_phases import DICE_MASK, MAX_BATCH, dice_jumps


class NnNoise(nn.Module):
    """Makes noise for up to `MAX_BATCH` signals, and magnitudes fluctuate with it.

    Args:
        features: of a release on a linear scale.
    """

    band: Tensor
    turn: Tensor
    window: Tensor
    numbers: Tensor
    factors: Tensor
    terms: Tensor
    history: Tensor
    dice: Tensor
    drawn: Tensor
    __constants__ = ("active", "bins_per_hz", "floor", "harmonic_bins", "hop", "last", "mask")

    def __init__(self, features: AudioFeatures) -> None:
        super().__init__()
        n_fft, hop = features.n_fft, features.hop_length
        self.hop, self.last, self.active = hop, features.bins - 1, n_fft // hop
        self.bins_per_hz, self.mask = n_fft / features.sample_rate, DICE_MASK
        self.floor, self.harmonic_bins = FLOOR, HARMONIC_BINS
        window = torch.from_numpy(hann_window(n_fft)).double()
        numbers = torch.arange(features.bins)
        advance = torch.outer(torch.arange(self.active), numbers) % self.active / self.active + 0.5 * (numbers % 2)
        factors, terms = dice_jumps(hop)
        for name, values in {
            "band": torch.from_numpy(noise_bands(features, NOISE_BANDS)),
            "turn": torch.polar(torch.ones_like(advance), -2.0 * math.pi * advance).to(torch.complex64),
            # Uniform numbers between −1 and 1 have a third of the power.
            "window": (window * math.sqrt(3.0) / window.square().sum().sqrt()).float(),
            "numbers": numbers.float(),
            "factors": factors,
            "terms": terms,
            "history": torch.zeros(MAX_BATCH, n_fft),
            "dice": torch.zeros(MAX_BATCH, dtype=torch.int64),
            "drawn": torch.zeros(1, dtype=torch.int64),
        }.items():
            self.register_buffer(name, values)

    @torch.jit.export
    def seed(self, seed: int) -> None:
        """Begin the noise again from a number; each signal has another."""
        self.dice.copy_((40_503 * seed + 69_069 * torch.arange(self.dice.size(0))) & self.mask)
        self.drawn.zero_()

    @torch.jit.export
    def draw(self, rows: int) -> Tensor:
        """Draw the next frame of white noise of unit power, without the phase advance of its bins, [rows, bins]."""
        count = int(self.drawn)
        for _ in range(1 if count > 0 else self.active):
            # All rows, so that those that come later have a past.
            dice = (self.dice.unsqueeze(1) * self.factors + self.terms) & self.mask
            self.dice.copy_(dice[:, -1])
            self.history.copy_(torch.cat([self.history[:, self.hop :], dice.float() / 2.0**30 - 1.0], 1))
        self.drawn.fill_(count % self.active + 1)
        spectra: Tensor = torch.fft.rfft(self.history[:rows] * self.window) * self.turn[count % self.active]
        return spectra

    @torch.jit.export
    def fluctuate(self, S: Tensor, share: Tensor, noise: Tensor, hz: Tensor) -> Tensor:
        """Return magnitudes [rows, bins] with the share of noise near harmonics and between them, [rows, 2, bands].

        Args:
            noise: what `draw` returns.
            hz: fundamental frequencies, [rows, 1].
        """
        spacing = hz * self.bins_per_hz
        centre = torch.floor(self.numbers / spacing + 0.5).clamp(min=1.0) * spacing
        near = (self.numbers - centre).abs() < self.harmonic_bins
        shares = share.index_select(2, self.band)
        rho = torch.where(near, shares[:, 0], shares[:, 1])
        source = torch.where(near, torch.floor(centre + 0.5).clamp(max=float(self.last)), self.numbers)
        parts = torch.view_as_real(noise.gather(1, source.long()))
        random = torch.sqrt(rho)
        real, imaginary = torch.sqrt(1.0 - rho) + random * parts[..., 0], random * parts[..., 1]
        return S * torch.sqrt(real * real + imaginary * imaginary).clamp(min=self.floor)
