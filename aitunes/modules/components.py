"""Defines autoencoders of segments that begin as principal components and learn what these miss."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from typing_extensions import override

from aitunes.modules.base import LOG_VAR_LIMIT, Autoencoder, AutoencoderOutput, sample_gaussian
from aitunes.modules.blocks import residual
from aitunes.modules.resnet import CHANNELS, ResNet2dV2

_MAX_MODES = 64
_MIN_COEFFICIENTS, _COEFFICIENTS_PER_DIMENSION = 512, 8
_BATCH = 512
_START_LOG_VAR = -5.0
"""Of the codes, in units of their own variance: a twelfth of their standard deviation is noise."""
_MIN_STD = 1e-3
_WIDTH, _BLOCKS, _DROPOUT = 384, 2, 0.1


class SegmentComponents(nn.Module):
    """Projects segments on their principal components, by way of a basis that is small to keep.

    A segment S [bands, frames] becomes coefficients c: principal components of its frames, and of each the cosine
    transform over time, in which those pairs are kept that vary most; both are orthonormal. The code is z = A c, and
    B z the coefficients of the segment that it means. Before `fit`, all of it gives zero.

    Args:
        input_shape: of a segment, [bands, frames].
        latent_dim: numbers in a code.

    Reference:
        Ahmed, Natarajan & Rao, *Discrete cosine transform*, IEEE Transactions on Computers C-23, 1974.
    """

    mean: Tensor
    bands: Tensor
    times: Tensor
    kept: Tensor
    spread: Tensor

    def __init__(self, input_shape: tuple[int, ...], latent_dim: int) -> None:
        super().__init__()
        if len(input_shape) != 2:
            raise ValueError(f"Segments have bands and frames, not {list(input_shape)}.")
        bands, frames = input_shape
        modes = min(bands, _MAX_MODES), min(frames, _MAX_MODES)
        wanted = max(_MIN_COEFFICIENTS, _COEFFICIENTS_PER_DIMENSION * latent_dim)
        self.coefficients = min(wanted, modes[0] * modes[1])
        self.register_buffer("mean", torch.zeros(bands, 1))
        self.register_buffer("bands", torch.zeros(bands, modes[0]))
        self.register_buffer("times", cosines(frames)[:, : modes[1]])
        self.register_buffer("kept", torch.arange(self.coefficients))
        self.register_buffer("spread", torch.ones(()))
        self.encoder = nn.Linear(self.coefficients, latent_dim)
        self.decoder = nn.Linear(latent_dim, self.coefficients)
        for weights in (*self.encoder.parameters(), *self.decoder.parameters()):
            nn.init.zeros_(weights)

    def analyse(self, S: Tensor) -> Tensor:
        """Return the coefficients of segments S [batch, bands, frames], of variance 1 on average, [batch, count]."""
        return self._all(S)[:, self.kept] / self.spread

    def synthesise(self, c: Tensor) -> Tensor:
        """Return the segments [batch, bands, frames] of coefficients [batch, coefficients]."""
        count, size = self.coefficients, self.bands.shape[1] * self.times.shape[1]
        # From where each pair of band and time comes: the coefficients, or a zero after them.
        place = self.kept.new_full((size,), count).index_copy(0, self.kept, torch.arange(count, device=c.device))
        every = nn.functional.pad(c * self.spread, (0, 1))[:, place]
        planes = every.reshape(-1, self.bands.shape[1], self.times.shape[1])
        return self.bands @ planes @ self.times.T + self.mean

    @torch.no_grad()
    def fit(self, S: Tensor) -> None:
        """Choose basis and components by training segments S [items, bands, frames]."""
        parts = torch.split(S, _BATCH)
        self.mean.copy_(S.mean((0, 2))[:, None])
        covariance = torch.stack([((part - self.mean) @ (part - self.mean).mT).sum(0) for part in parts]).sum(0)
        self.bands.copy_(_principal(covariance, self.bands.shape[1]))
        power = torch.stack([self._all(part).square().sum(0) for part in parts]).sum(0)
        self.kept.copy_(torch.argsort(power, descending=True)[: self.coefficients])
        c = torch.cat([self._all(part)[:, self.kept] for part in parts])
        self.spread.copy_(c.var(0).mean().sqrt().clamp(min=_MIN_STD))
        c = c / self.spread
        middle = c.mean(0)
        axes = _principal((c - middle).T @ (c - middle), self.encoder.out_features)
        std = ((c - middle) @ axes).std(0).clamp(min=_MIN_STD)
        self.encoder.weight.copy_((axes / std).T)
        self.encoder.bias.copy_(-(middle @ axes) / std)
        self.decoder.weight.copy_(axes * std)
        self.decoder.bias.copy_(middle)

    def _all(self, S: Tensor) -> Tensor:
        return (self.bands.T @ (S - self.mean) @ self.times).flatten(1)


class ComponentAutoencoder(Autoencoder):
    """Puts a Gaussian code between principal components of segments, with a perceptron beside each half.

    z = A c + E(c) and ĉ = B z + D(z) of the coefficients c of a segment; E and D give zero before they are trained, so
    that the model begins as the components are, with codes of variance 1.

    Args:
        input_shape: of one segment, [bands, frames].
        latent_dim: numbers in a code.
        width: of the perceptrons.
    """

    def __init__(self, input_shape: tuple[int, ...], latent_dim: int, width: int = _WIDTH) -> None:
        super().__init__(input_shape, latent_dim)
        self.components = SegmentComponents(input_shape, latent_dim)
        count = self.components.coefficients
        self.encoder = residual(count, 2 * latent_dim, _BLOCKS, width, _DROPOUT)
        self.decoder = residual(latent_dim, count, _BLOCKS, width, _DROPOUT)

    @override
    def start_from(self, S: Tensor) -> None:
        self.components.fit(S)

    def distribution(self, S: Tensor) -> tuple[Tensor, Tensor]:
        """Return mean and log variance of a segment's code, each [batch, latent_dim]."""
        c = self.components.analyse(S)
        shift, log_var = self.encoder(c).chunk(2, dim=1)
        return self.components.encoder(c) + shift, (_START_LOG_VAR + log_var).clamp(-LOG_VAR_LIMIT, LOG_VAR_LIMIT)

    @override
    def encode(self, S: Tensor) -> Tensor:
        return self.distribution(S)[0]

    @override
    def decode(self, z: Tensor) -> Tensor:
        return self.decode_unclamped(z).clamp(0.0, 1.0)

    @override
    def decode_unclamped(self, z: Tensor) -> Tensor:
        return self.components.synthesise(self.components.decoder(z) + self.decoder(z))

    @override
    def forward(self, S: Tensor) -> AutoencoderOutput:
        mean, log_var = self.distribution(S)
        z = sample_gaussian(mean, log_var) if self.training else mean
        return AutoencoderOutput(self.decode_unclamped(z) if self.training else self.decode(z), z, mean, log_var)


class ComponentResNet(ResNet2dV2):
    """Puts residual networks over planes beside the principal components of segments; these begin at zero.

    Args: as `ResNet2dV2` has them, of segments [bands, frames].
    """

    def __init__(
        self,
        input_shape: tuple[int, ...],
        latent_dim: int,
        channels: tuple[int, ...] = CHANNELS,
        batch_norm_momentum: float = 0.1,
    ) -> None:
        super().__init__(
            input_shape,
            latent_dim,
            channels,
            batch_norm_momentum=batch_norm_momentum,
            decoder_activation="identity",
        )
        self.components = SegmentComponents(input_shape, latent_dim)
        for weights in (*self.encoder[-1].parameters(), *self.decoder[-1].parameters()):
            nn.init.zeros_(weights)

    @override
    def start_from(self, S: Tensor) -> None:
        self.components.fit(S)

    @override
    def distribution(self, S: Tensor) -> tuple[Tensor, Tensor | None]:
        shift, log_var = self.encoder(S[:, None]).chunk(2, dim=1)
        mean = self.components.encoder(self.components.analyse(S)) + shift
        return mean, (_START_LOG_VAR + log_var).clamp(-LOG_VAR_LIMIT, LOG_VAR_LIMIT)

    @override
    def decode(self, z: Tensor) -> Tensor:
        return self.decode_unclamped(z).clamp(0.0, 1.0)

    @override
    def decode_unclamped(self, z: Tensor) -> Tensor:
        return self.components.synthesise(self.components.decoder(z)) + super().decode_unclamped(z)


def cosines(count: int) -> Tensor:
    """Return the orthonormal cosine transform of so many values, a column for each frequency, [count, count].

    >>> x = cosines(8)
    >>> bool(torch.allclose(x.T @ x, torch.eye(8), atol=1e-6))
    True
    """
    n = torch.arange(count, dtype=torch.float64)
    x = torch.cos(torch.pi / count * (n[:, None] + 0.5) * n) * (2.0 / count) ** 0.5
    x[:, 0] /= 2.0**0.5
    return x.float()


def _principal(covariance: Tensor, count: int) -> Tensor:
    """Return the eigenvectors of the largest eigenvalues, [size, count], each with its largest number above zero."""
    axes = torch.linalg.eigh(covariance.double())[1].flip(1)[:, :count]
    signs = torch.sign(axes.gather(0, axes.abs().argmax(0, keepdim=True)))
    return (axes * signs).float()
