"""Makes `model.ts`: a TorchScript module that nn~ plays in Max and Pure Data, and nn.ar in SuperCollider.

The protocol is one of names and shapes (docs/hosts.md). Where a host ends, or falls silent for good, over what a module
does, this one does something else: setters clamp and return 0, getters return tuples, results are float32 of the very
length that is due, and what is no number becomes silence.
"""

import numpy as np
import torch
from torch import Tensor, nn
from typing_extensions import override

from aitunes.errors import TrainingError
from aitunes.release.axis_titles import axis_title
from aitunes.release.card import ReleaseCard
from aitunes.release.motion import Motion
from training.export.nn_frames import NnFrames
from training.export.nn_notes import NnNotes
from training.export.nn_phases import MAX_BATCH, StreamingPhases
from training.export.nn_settings import NnSettings
from training.export.nn_textures import NnStill, NnTextures

METHODS = ("decode", "encode", "forward", "map2latent", "latent2map")
_OVERLAPS = (2, 4, 8, 16)


def why_not_served(card: ReleaseCard) -> str:
    """Return the sentence of why nn~ cannot play a release, or nothing."""
    features = card.features
    hop, overlap = features.hop_length, features.n_fft // features.hop_length
    if features.frames > 1:
        return f"{card.name} decodes segments of {features.frames} frames; nn~ can be served models of one frame alone."
    if hop & (hop - 1):
        return f"{card.name} has a hop of {hop} samples; nn~ rounds its buffers to powers of two, so it must be one."
    if overlap not in _OVERLAPS:
        return f"{card.name} has {overlap} hops a window; 2, 4, 8 or 16 can be reconstructed."
    if strange := [spec.name for spec in card.inputs[1:] if spec.name not in ("pitch", "level")]:
        return f"{card.name} has the input {strange[0]}, for which there is no inlet."
    return ""


class NnModule(NnSettings):
    """Plays a release for nn~, with the methods decode, encode, forward, map2latent and latent2map.

    Args:
        card: of the release, without file hashes.
        encoder: S [batch, bands, 1] → z [batch, latent_dim].
        decoder: z [batch, latent_dim], pitch [batch, 1], level [batch, 1] → S [batch, bands, 1].
        motion: of the release; None for one that holds still.

    Raises:
        TrainingError: nn~ cannot play such a release.
    """

    share: Tensor
    rise: Tensor
    pad_low: Tensor
    pad_span: Tensor
    decode_input_labels: list[str]
    decode_output_labels: list[str]
    encode_input_labels: list[str]
    encode_output_labels: list[str]
    forward_input_labels: list[str]
    forward_output_labels: list[str]
    map2latent_input_labels: list[str]
    map2latent_output_labels: list[str]
    latent2map_input_labels: list[str]
    latent2map_output_labels: list[str]
    __constants__ = ("has_level", "has_pitch", "hop", "latent_dim", "max_batch")

    def __init__(self, card: ReleaseCard, encoder: nn.Module, decoder: nn.Module, motion: Motion | None = None) -> None:
        super().__init__(moves=motion is not None)
        if sentence := why_not_served(card):
            raise TrainingError(sentence)
        features = card.features
        self.frames, self.phases = NnFrames(card, encoder, decoder), StreamingPhases(features)
        self.has_pitch, self.has_level = self.frames.has_pitch, self.frames.has_level
        self.hop, self.latent_dim, self.max_batch = features.hop_length, card.latent_dim, MAX_BATCH
        self.card = card.to_json()
        self.movement = _movement(card, motion)
        edges = np.array([*card.latent.pad_range, (-1.0, 1.0)], np.float32)[:2]
        buffers = {
            "sr": torch.tensor(features.sample_rate),
            "latency": torch.tensor(features.n_fft // 2),
            "share": torch.arange(1, self.hop + 1) / self.hop,
            "rise": torch.sin(0.5 * torch.pi * torch.arange(1, self.hop + 1) / self.hop).square(),
            "gain": torch.ones(1),
            "moved_gain": torch.ones(MAX_BATCH, 1),
            "pad_low": torch.from_numpy(edges[:, :1].copy()),
            "pad_span": torch.from_numpy(np.maximum(edges[:, 1:] - edges[:, :1], 1e-6)),
        }
        for name, value in buffers.items():
            self.register_buffer(name, value)
        self._declare(card)

    def _declare(self, card: ReleaseCard) -> None:
        hop = self.hop
        axes = [f"{axis_title(card, n).replace(' · ', ' ')} (standard deviations)" for n in range(card.latent_dim)]
        pitch = ["pitch (MIDI note, 0 is silence)"] if self.has_pitch else []
        level = ["level (dB)"] if self.has_level else []
        pad = ["x on the pad (0 to 1)", "y on the pad (0 to 1)"]
        methods = {
            "decode": ([*axes, *pitch, *level], hop, ["audio"], 1),
            "encode": (["audio"], 1, [*axes, *level], hop),
            # With one inlet and one outlet, nn~ 1.6 in Pure Data would be 4,096 samples later.
            "forward": (["audio", *pitch, "level (dB)"], 1, ["audio"], 1),
            "map2latent": (pad, hop, axes, hop),
            "latent2map": (axes, hop, pad, hop),
        }
        for name, (inlets, in_ratio, outlets, out_ratio) in methods.items():
            self.register_buffer(f"{name}_params", torch.tensor([len(inlets), in_ratio, len(outlets), out_ratio]))
            setattr(self, f"{name}_input_labels", _labels(inlets))
            setattr(self, f"{name}_output_labels", _labels(outlets))

    @torch.jit.export
    def get_methods(self) -> list[str]:
        """Name what a host can call."""
        return ["decode", "encode", "forward", "map2latent", "latent2map"]

    @torch.jit.export
    def decode(self, x: Tensor) -> Tensor:
        """Turn coordinates, then pitch and level, [batch, inlets, hops] into audio [batch, 1, hops * hop]."""
        silent = torch.zeros(x.size(0), x.size(2), dtype=torch.bool)
        return self.render(x.float(), silent, torch.ones(1, x.size(2)), self.motion)

    @torch.jit.export
    def encode(self, x: Tensor) -> Tensor:
        """Turn audio [batch, 1, samples] into coordinates, then level, [batch, outlets, hops]."""
        rows, hops = min(x.size(0), self.max_batch), x.size(2) // self.hop
        y = torch.zeros(x.size(0), self.latent_dim + int(self.has_level), hops)
        for n in range(hops):
            found, level, silent = self.frames.analyse(self.block(x, rows, n))
            y[:rows, : self.latent_dim, n] = found.masked_fill(silent, 0.0)
            if self.has_level:
                y[:rows, -1, n] = level[:, 0]
        return y

    @override
    def forward(self, x: Tensor) -> Tensor:
        """Turn audio, then pitch and level, [batch, inlets, samples] into audio [batch, 1, samples]."""
        rows, hops = min(x.size(0), self.max_batch), x.size(2) // self.hop
        inlets = x[:rows, 1:, self.hop - 1 :: self.hop].float()
        controls = torch.zeros(x.size(0), self.latent_dim + int(self.has_pitch) + int(self.has_level), hops)
        silent = torch.zeros(x.size(0), hops, dtype=torch.bool)
        for n in range(hops):
            found, level, quiet = self.frames.analyse(self.block(x, rows, n))
            controls[:rows, : self.latent_dim, n] = found
            silent[:rows, n] = quiet[:, 0]
            if self.has_level:
                controls[:rows, -1, n] = level[:, 0]
        if self.has_pitch:
            controls[:rows, self.latent_dim] = inlets[:, 0]
        # What is no number stays none, and `render` makes it silence.
        if self.has_level:
            controls[:rows, -1] += inlets[:, -1]
            return self.render(controls, silent, torch.ones(1, hops), 0.0)
        controls[:rows, 0] += inlets[:, -1] * 0.0
        gains = 10.0 ** (torch.nan_to_num(inlets[:, -1]).clamp(-120.0, 24.0) / 20.0)
        return self.render(controls, silent, gains, 0.0)

    def block(self, x: Tensor, rows: int, n: int) -> Tensor:
        """Cut one hop of audio out of [batch, inlets, samples]."""
        return x[:rows, 0, n * self.hop : (n + 1) * self.hop].float()

    def render(self, controls: Tensor, silent: Tensor, gains: Tensor, motion: float) -> Tensor:
        """Render audio [batch, 1, hops * hop] from [batch, inlets, hops]; beyond 16 signals there is silence.

        Args:
            silent: hops that are, [batch, hops].
            gains: of the magnitudes, [1 or batch, hops].
            motion: how far the controls move, 0 for not at all.
        """
        rows, hops = min(controls.size(0), self.max_batch), controls.size(2)
        y = torch.zeros(controls.size(0), 1, hops * self.hop)
        silent = silent[:rows] | ~torch.isfinite(controls[:rows]).all(1)
        controls = torch.nan_to_num(controls[:rows], 0.0, 0.0, 0.0)
        target = 10.0 ** (self.gain_db / 20.0)
        for n in range(hops):
            if motion > 0.0:
                hop = self.moving_hop(controls[:, :, n], silent[:, n : n + 1], motion)
            else:
                S = self.frames.magnitudes(controls[:, :, n]) * gains[:, n : n + 1]
                hop = self.still_hop(S.masked_fill(silent[:, n : n + 1], 0.0))
            y[:rows, 0, n * self.hop : (n + 1) * self.hop] = hop * (self.gain + (target - self.gain) * self.share)
            self.gain.fill_(target)
        return torch.nan_to_num(y, 0.0, 0.0, 0.0)

    def still_hop(self, S: Tensor) -> Tensor:
        """Return the hop [batch, hop] of magnitudes [batch, bins] that nothing moves."""
        hop = self.phases.advance(S, self.iterations)
        if self.moving:  # no longer
            self.moving = False
            self.movement.rest()
            hop = hop * torch.lerp(self.moved_gain[: S.size(0)], torch.ones(1), self.share)
            self.moved_gain.fill_(1.0)
        return hop

    def moving_hop(self, controls: Tensor, silent: Tensor, motion: float) -> Tensor:
        """Return the hop [batch, hop] of controls [batch, inlets] that move; a note that begins needs no past."""
        rows, self.moving = controls.size(0), True
        z, pitch, level = self.frames.codes(controls)
        pitch = pitch.masked_fill(silent, 0.0)
        z, pitch, level, scale, gain, struck = self.movement.move(
            z, pitch, level, motion, self.motion_speed, self.motion_mode, self.motion_drone
        )
        S = self.movement.shape(self.frames.drawn(z, pitch, level) * scale, pitch, motion).masked_fill(silent, 0.0)
        before = self.moved_gain[:rows].clone()
        left = self.phases.coming(rows) * before
        for n in range(rows):
            if bool(struck[n]):
                self.phases.prime(S[n : n + 1], n)
        hop = self.phases.advance(S, self.iterations)
        begun = torch.lerp(left, hop * gain, self.rise)
        self.moved_gain[:rows].copy_(gain)
        return torch.where(struck.unsqueeze(1), begun, hop * torch.lerp(before, gain, self.share))

    @torch.jit.export
    def map2latent(self, x: Tensor) -> Tensor:
        """Turn positions on the pad [batch, 2, hops] into coordinates [batch, latent_dim, hops]; the others are 0."""
        kept = min(2, self.latent_dim)
        y = torch.zeros(x.size(0), self.latent_dim, x.size(2))
        y[:, :kept] = (self.pad_low + torch.nan_to_num(x.float(), 0.5).clamp(0.0, 1.0) * self.pad_span)[:, :kept]
        return y

    @torch.jit.export
    def latent2map(self, x: Tensor) -> Tensor:
        """Turn coordinates [batch, latent_dim, hops] into positions on the pad [batch, 2, hops]."""
        kept = min(2, self.latent_dim)
        y = torch.zeros(x.size(0), 2, x.size(2))
        y[:, :kept] = torch.nan_to_num(x.float(), 0.0)[:, :kept]
        return ((y - self.pad_low) / self.pad_span).clamp(0.0, 1.0)


def _movement(card: ReleaseCard, motion: Motion | None) -> NnNotes | NnTextures | NnStill:
    if motion is None:
        return NnStill()
    if any(spec.name == "pitch" for spec in card.inputs):
        return NnNotes(motion, card.features)
    return NnTextures(motion, card)


def _labels(names: list[str]) -> list[str]:
    return [f"(signal) {name}" for name in names]
