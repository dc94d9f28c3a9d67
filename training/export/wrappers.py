"""Wraps a model's encoder and decoder as modules of their own, to be exported."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from typing_extensions import override

from aitunes.modules.base import Autoencoder
from aitunes.modules.conditional import ConditionalAutoencoder
from aitunes.modules.harmonic import HarmonicVAE


class EncoderExport(nn.Module):
    """Maps S [batch, bands, frames] to the mean code z [batch, latent_dim]."""

    def __init__(self, model: Autoencoder) -> None:
        super().__init__()
        self.model = model

    @override
    def forward(self, S: Tensor) -> Tensor:
        return self.model.encode(S)


class DecoderExport(nn.Module):
    """Maps z [batch, latent_dim] to S [batch, bands, frames], 0..1."""

    def __init__(self, model: Autoencoder) -> None:
        super().__init__()
        self.model = model

    @override
    def forward(self, z: Tensor) -> Tensor:
        return self.model.decode(z)


class NoteDecoderExport(nn.Module):
    """Maps z [batch, latent_dim], pitch [batch, 1] and level [batch, 1], which not every model heeds, to S, 0..1."""

    def __init__(self, model: Autoencoder) -> None:
        super().__init__()
        self.model = model

    @override
    def forward(self, z: Tensor, pitch: Tensor, level: Tensor) -> Tensor:
        if isinstance(self.model, ConditionalAutoencoder):
            return self.model.decode(z, torch.cat([pitch, level], dim=1))
        return self.model.decode(z)


class DrawingExport(nn.Module):
    """Maps z [batch, latent_dim], pitch [batch, 1] and level [batch, 1] to what a harmonic model's renderer draws."""

    def __init__(self, model: HarmonicVAE) -> None:
        super().__init__()
        self.model = model

    @override
    def forward(self, z: Tensor, pitch: Tensor, level: Tensor) -> Tensor:
        return self.model.outline(z, torch.cat([pitch, level], dim=1))
