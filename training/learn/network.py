"""An autoencoder of single frames that begins as a linear projection and learns what the projection misses."""

from __future__ import annotations

import copy
from math import log
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from typing_extensions import override

from aitunes.features import AudioFeatures, FloatArray
from aitunes.modules.base import Autoencoder, AutoencoderOutput
from aitunes.modules.blocks import residual

N_FFT, HOP_LENGTH, SAMPLE_RATE = 2048, 256, 44_100
NODES = 256
"""Points of the spectral envelope: every bin at the bottom, a thirteenth of an octave apart at the top."""
RANGE_DB = 84.0
"""From the loudest bin of the material to what counts as silence."""

_BEND_BINS = 80.0
_ENCODER_BLOCKS, _DECODER_BLOCKS, WIDTH = 2, 3, 384


def features_of(top_db: float) -> AudioFeatures:
    """Return the features of a release whose material's loudest bin has so many decibels."""
    top = round(top_db, 1)
    return AudioFeatures(
        SAMPLE_RATE, N_FFT, HOP_LENGTH, f_max=SAMPLE_RATE / 2, db_range=(top - RANGE_DB, top), scale="linear"
    )


def spread_matrix(bins: int = N_FFT // 2 + 1, nodes: int = NODES) -> FloatArray:
    """Linear interpolation from nodes to bins, [bins, nodes]; each row sums to 1.

    The nodes are evenly spaced on asinh(bin / 80): linear at the bottom, logarithmic at the top.
    """
    top = np.arcsinh((bins - 1) / _BEND_BINS)
    at = np.interp(np.arcsinh(np.arange(bins) / _BEND_BINS) / top * (nodes - 1), np.arange(nodes), np.arange(nodes))
    below = np.minimum(at.astype(int), nodes - 2)
    share = at - below
    spread = np.zeros((bins, nodes), np.float32)
    spread[np.arange(bins), below] = 1.0 - share
    spread[np.arange(bins), below + 1] += share
    return spread


def pool_matrix() -> FloatArray:
    """Weights with which each node averages the magnitudes of its bins, [nodes, bins]; each row sums to about 1.

    They are rounded to half precision, in which they are stored: a hundredth of a decibel.
    """
    spread = spread_matrix()
    # A node between two bins, at the bottom, has no bin of its own but shares of both.
    return np.asarray((spread / spread.sum(axis=0)).T.astype(np.float16), np.float32)


class FrameAutoencoder(Autoencoder):
    """A linear projection of the spectral envelope, and a residual network beside each of its halves.

    A frame's magnitudes are averaged around `NODES` points; their decibels are x, 0..1. The code is
    z = A (x − m) + E(x), the envelope x̂ = Bᵀz + m + D(z), interpolated to the bins. E and D give zero before they
    are trained, so that the model begins as the projection that A and B are.

    Args:
        latent_dim: numbers in a code.
    """

    pool: Tensor
    spread: Tensor
    scale: Tensor

    def __init__(self, latent_dim: int) -> None:
        super().__init__((N_FFT // 2 + 1, 1), latent_dim)
        self.register_buffer("pool", torch.from_numpy(pool_matrix()), persistent=False)
        self.register_buffer("spread", torch.from_numpy(spread_matrix()), persistent=False)
        self.register_buffer("scale", torch.ones(latent_dim))
        self.encoder_linear = nn.Linear(NODES, latent_dim)
        self.decoder_linear = nn.Linear(latent_dim, NODES)
        self.encoder = residual(NODES, latent_dim, _ENCODER_BLOCKS, WIDTH)
        self.decoder = residual(latent_dim, NODES, _DECODER_BLOCKS, WIDTH)

    @classmethod
    def of_projection(
        cls, mean: NDArray[Any], analysis: NDArray[Any], synthesis: NDArray[Any], std: NDArray[Any]
    ) -> FrameAutoencoder:
        """Return the model that is a linear projection.

        Args:
            mean: of the envelopes, [NODES].
            analysis: z = analysis (x − mean), [latent_dim, NODES].
            synthesis: x̂ = mean + z synthesis, [latent_dim, NODES].
            std: of the codes, [latent_dim].
        """
        model = cls(len(analysis))
        m, a, b, s = (torch.from_numpy(np.array(values, np.float32)) for values in (mean, analysis, synthesis, std))
        with torch.no_grad():
            model.scale.copy_(s.clamp(min=1e-3))
            model.encoder_linear.weight.copy_(a)
            model.encoder_linear.bias.copy_(-(a @ m))
            model.decoder_linear.weight.copy_(b.T)
            model.decoder_linear.bias.copy_(m)
        return model

    def envelope(self, S: Tensor) -> Tensor:
        """Envelope x [batch, NODES] of frames S [batch, bins, 1]."""
        decades = RANGE_DB / 20.0 * log(10.0)
        return (torch.exp(S.flatten(1) * decades) @ self.pool.T).log() / decades

    def encode_envelope(self, x: Tensor) -> Tensor:
        """Return the code of an envelope, z [batch, latent_dim]."""
        z: Tensor = self.encoder_linear(x) + self.scale * self.encoder(x - 0.5)
        return z

    def decode_envelope(self, z: Tensor) -> Tensor:
        """Return the envelope of a code, [batch, NODES]; below 0 where it is silent."""
        x: Tensor = self.decoder_linear(z) + self.decoder(z / self.scale)
        return x

    def level_db(self, x: Tensor) -> Tensor:
        """Level of envelopes [..., NODES], dB above that of one bin as loud as the loudest, [...]."""
        power = 10.0 ** (0.1 * RANGE_DB * (x.clamp(0.0, 1.2) - 1.0)) @ self.spread.sum(dim=0)
        return 10.0 * torch.log10(power)

    @property
    def is_linear(self) -> bool:
        """Tell whether the networks still give zero, so that the model is the projection alone."""
        last = (*self.encoder[-1].parameters(), *self.decoder[-1].parameters())
        return not any(bool(weights.detach().any()) for weights in last)

    @override
    def encode(self, S: Tensor) -> Tensor:
        return self.encode_envelope(self.envelope(S))

    @override
    def decode(self, z: Tensor) -> Tensor:
        return self.decode_unclamped(z).clamp(0.0, 1.0)

    @override
    def decode_unclamped(self, z: Tensor) -> Tensor:
        return (self.decode_envelope(z) @ self.spread.T)[..., None]

    @override
    def forward(self, S: Tensor) -> AutoencoderOutput:
        z = self.encode(S)
        return AutoencoderOutput(self.decode_unclamped(z), z, z)


class LinearFrameAutoencoder(Autoencoder):
    """The same as a linear `FrameAutoencoder`, without its networks: a tenth of the size, for a release.

    Args:
        model: a linear one.
    """

    pool: Tensor

    def __init__(self, model: FrameAutoencoder) -> None:
        super().__init__((N_FFT // 2 + 1, 1), model.latent_dim)
        self.register_buffer("pool", model.pool.T.contiguous())
        self.encoder = copy.deepcopy(model.encoder_linear)
        self.decoder = nn.Linear(model.latent_dim, N_FFT // 2 + 1)
        with torch.no_grad():
            self.decoder.weight.copy_(model.spread @ model.decoder_linear.weight)
            self.decoder.bias.copy_(model.spread @ model.decoder_linear.bias)

    @override
    def encode(self, S: Tensor) -> Tensor:
        decades = RANGE_DB / 20.0 * log(10.0)
        z: Tensor = self.encoder((torch.exp(S.flatten(1) * decades) @ self.pool).log() / decades)
        return z

    @override
    def decode(self, z: Tensor) -> Tensor:
        return self.decode_unclamped(z).clamp(0.0, 1.0)

    @override
    def decode_unclamped(self, z: Tensor) -> Tensor:
        x: Tensor = self.decoder(z)
        return x[..., None]

    @override
    def forward(self, S: Tensor) -> AutoencoderOutput:
        z = self.encode(S)
        return AutoencoderOutput(self.decode_unclamped(z), z, z)
