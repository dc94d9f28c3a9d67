"""Turns coordinates into magnitudes and audio into coordinates, one frame at a time, inside a TorchScript module."""

import math

import numpy as np
import torch
from torch import Tensor, nn

from aitunes.audio_processing.levels import FULL_LEVEL_DB, frame_power
from aitunes.features import AudioFeatures, hann_window
from aitunes.release.card import LATENT_LIMIT, ReleaseCard
from training.export.nn_phases import MAX_BATCH, absolute

_MEL_UPDATES = 10  # as of aitunes.audio_processing.mel_inversion


class NnFrames(nn.Module):
    """Holds a release's networks, latent space and audio features.

    Args:
        card: of the release.
        encoder: S [batch, bands, 1] → z [batch, latent_dim].
        decoder: z [batch, latent_dim], pitch [batch, 1], level [batch, 1] → S [batch, bands, 1].
    """

    mean: Tensor
    principal: Tensor
    inverse: Tensor
    bank: Tensor
    per_bin: Tensor
    window: Tensor
    history: Tensor
    __constants__ = (
        *("bins", "db_low", "db_high", "full_power", "has_level", "has_pitch", "hop", "is_mel", "latent_dim"),
        *("latent_limit", "level_high", "level_low", "mel_updates", "pitch_high", "pitch_low"),
    )

    def __init__(self, card: ReleaseCard, encoder: nn.Module, decoder: nn.Module) -> None:
        super().__init__()
        self.encoder, self.decoder = encoder, decoder
        ranges = {spec.name: spec.range for spec in card.inputs}
        self.has_pitch, self.has_level = "pitch" in ranges, "level" in ranges
        self.pitch_low, self.pitch_high = ranges.get("pitch", (0.0, 127.0))
        self.level_low, self.level_high = ranges.get("level", (0.0, 0.0))
        self._set_latent_space(card)
        self._set_features(card.features)

    def _set_latent_space(self, card: ReleaseCard) -> None:
        latent = card.latent
        self.latent_dim, self.latent_limit = card.latent_dim, LATENT_LIMIT
        scale, axes = np.sqrt(latent.variance)[:, None], np.asarray(latent.axes)
        for name, values in {
            "mean": np.asarray(latent.mean),
            "principal": scale * axes,
            "inverse": (axes / np.maximum(scale, 1e-6)).T,
        }.items():
            self.register_buffer(name, torch.from_numpy(values.astype(np.float32)))

    def _set_features(self, features: AudioFeatures) -> None:
        self.hop, self.bins, self.is_mel = features.hop_length, features.bins, features.scale == "mel"
        self.db_low, self.db_high = (float(edge) for edge in features.db_range)
        self.full_power, self.mel_updates = frame_power(FULL_LEVEL_DB, features.n_fft), _MEL_UPDATES
        bank = features.filter_bank if self.is_mel else np.ones((1, 1), np.float32)
        column = bank.sum(axis=0)
        per_bin = np.where(column > 0, 1.0 / np.where(column > 0, column, 1.0), 0.0).astype(np.float32)
        self.register_buffer("bank", torch.from_numpy(bank))
        self.register_buffer("per_bin", torch.from_numpy(per_bin))
        self.register_buffer("window", torch.from_numpy(hann_window(features.n_fft)))
        self.register_buffer("history", torch.zeros(MAX_BATCH, features.n_fft))

    @torch.jit.export
    def magnitudes(self, controls: Tensor) -> Tensor:
        """Decode coordinates, then pitch and level where the release has them, [batch, inlets], all of them finite.

        Returns:
            [batch, bins]; silence where the pitch is 0 or less, which is what an inlet without a cable has.
        """
        return self.drawn(*self.codes(controls))

    @torch.jit.export
    def codes(self, controls: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return z [batch, latent_dim], pitch and level in dB [batch, 1] of controls; 0 for what a release lacks."""
        z = self.mean + controls[:, : self.latent_dim].clamp(-self.latent_limit, self.latent_limit) @ self.principal
        pitch, level = torch.zeros_like(z[:, :1]), torch.zeros_like(z[:, :1])
        if self.has_pitch:
            pitch = controls[:, self.latent_dim : self.latent_dim + 1]
        if self.has_level:
            level = controls[:, -1:].clamp(-120.0, 24.0)
        return z, pitch, level

    @torch.jit.export
    def drawn(self, z: Tensor, pitch: Tensor, asked: Tensor) -> Tensor:
        """Decode z [batch, latent_dim], pitch and level [batch, 1] to magnitudes [batch, bins]."""
        level, rest = torch.zeros_like(asked), torch.zeros_like(asked)
        if self.has_level:
            level = asked.clamp(self.level_low, self.level_high)
            rest = asked - level
        S = self.decoder(z, pitch.clamp(self.pitch_low, self.pitch_high), level)[:, :, 0]
        db = S * (self.db_high - self.db_low) + self.db_low + rest
        found = torch.where(S > 0.0, torch.exp(db * (math.log(10.0) / 20.0)), torch.zeros_like(S))
        found = torch.nan_to_num(found, 0.0, 0.0, 0.0)
        if self.has_pitch:
            found = found.masked_fill(pitch <= 0.0, 0.0)
        return self.inverted(found) if self.is_mel else found

    def inverted(self, mel: Tensor) -> Tensor:
        """Return the linear magnitudes of mel bands [batch, n_mels]; see aitunes.audio_processing.mel_inversion."""
        found = torch.ones(mel.size(0), self.bins)
        for _ in range(self.mel_updates + 1):
            total = found @ self.bank.t()
            ratio = torch.where((total > 1e-9) & (mel > 1e-9), mel / total.clamp(min=1e-9), torch.zeros_like(mel))
            found = found * (ratio @ self.bank) * self.per_bin
        return found

    @torch.jit.export
    def analyse(self, y: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Encode the window that ends with these samples [batch, hop].

        Returns:
            Coordinates [batch, latent_dim]; the level, dB from the full one [batch, 1]; True for silence [batch, 1].
        """
        history = self.history[: y.size(0)]
        history.copy_(torch.cat([history[:, self.hop :], torch.nan_to_num(y, 0.0, 0.0, 0.0).clamp(-1e3, 1e3)], 1))
        found = absolute(torch.fft.rfft(history * self.window))
        power = found.square().sum(1, keepdim=True)
        level = 10.0 * torch.log10(power / self.full_power + 1e-20)
        if self.has_level:  # an encoder of notes has heard none above the full level
            found = found * torch.exp(level.clamp(min=0.0) * (-math.log(10.0) / 20.0))
        if self.is_mel:
            found = found @ self.bank.t()
        db = 20.0 * torch.log10(found.clamp(min=10.0 ** (self.db_low / 20.0)))
        S = ((db - self.db_low) / (self.db_high - self.db_low)).clamp(0.0, 1.0)
        coordinates = (self.encoder(S[:, :, None]) - self.mean) @ self.inverse
        coordinates = torch.nan_to_num(coordinates, 0.0, 0.0, 0.0).clamp(-self.latent_limit, self.latent_limit)
        return coordinates, level.clamp(-120.0, 24.0), level < -80.0
