"""Makes `model.ts`: a TorchScript module that nn~ plays in Max and Pure Data, and nn.ar in SuperCollider.

The protocol is one of names and shapes (docs/hosts.md). Where a host ends, or falls silent for good, over what a module
does, this one does something else: setters clamp and return 0, getters return tuples, results are float32 of the very
length that is due, and what is no number becomes silence.
"""

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from typing_extensions import override

from aitunes.errors import TrainingError
from aitunes.release.axis_titles import axis_title
from aitunes.release.card import ReleaseCard
from training.export.nn_frames import NnFrames
from training.export.nn_phases import MAX_BATCH, StreamingPhases

DEFAULT_ITERATIONS = 4
METHODS = ("decode", "encode", "forward", "map2latent", "latent2map")
_OVERLAPS = (2, 4, 8, 16)
_TRUTH, _WHOLE, _NUMBER = 0, 1, 2
_ATTRIBUTES = {
    "iterations": _WHOLE,
    "gain_db": _NUMBER,
    "seed": _WHOLE,
    "reset": _TRUTH,
    "sr": _WHOLE,
    "latency": _WHOLE,
}


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


class NnModule(nn.Module):
    """Plays a release for nn~, with the methods decode, encode, forward, map2latent and latent2map.

    Args:
        card: of the release, without file hashes.
        encoder: S [batch, bands, 1] → z [batch, latent_dim].
        decoder: z [batch, latent_dim], pitch [batch, 1], level [batch, 1] → S [batch, bands, 1].

    Raises:
        TrainingError: nn~ cannot play such a release.
    """

    sr: Tensor
    latency: Tensor
    share: Tensor
    gain: Tensor
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

    def __init__(self, card: ReleaseCard, encoder: nn.Module, decoder: nn.Module) -> None:
        super().__init__()
        if sentence := why_not_served(card):
            raise TrainingError(sentence)
        features = card.features
        self.frames, self.phases = NnFrames(card, encoder, decoder), StreamingPhases(features)
        self.has_pitch, self.has_level = self.frames.has_pitch, self.frames.has_level
        self.hop, self.latent_dim, self.max_batch = features.hop_length, card.latent_dim, MAX_BATCH
        self.card = card.to_json()
        self.iterations, self.gain_db, self.seed = DEFAULT_ITERATIONS, 0.0, 1
        edges = np.array([*card.latent.pad_range, (-1.0, 1.0)], np.float32)[:2]
        buffers = {
            "sr": torch.tensor(features.sample_rate),
            "latency": torch.tensor(features.n_fft // 2),
            "share": torch.arange(1, self.hop + 1) / self.hop,
            "gain": torch.ones(1),
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
        for name, kind in _ATTRIBUTES.items():
            self.register_buffer(f"{name}_params", torch.tensor([kind]))

    @torch.jit.export
    def get_methods(self) -> list[str]:
        """Name what a host can call."""
        return ["decode", "encode", "forward", "map2latent", "latent2map"]

    @torch.jit.export
    def get_attributes(self) -> list[str]:
        """Name what a host can set; `sr` and `latency` stay as they are."""
        return ["iterations", "gain_db", "seed", "reset", "sr", "latency"]

    @torch.jit.export
    def decode(self, x: Tensor) -> Tensor:
        """Turn coordinates, then pitch and level, [batch, inlets, hops] into audio [batch, 1, hops * hop]."""
        return self.render(x.float(), torch.zeros(x.size(0), x.size(2), dtype=torch.bool), torch.ones(1, x.size(2)))

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
            return self.render(controls, silent, torch.ones(1, hops))
        controls[:rows, 0] += inlets[:, -1] * 0.0
        return self.render(controls, silent, 10.0 ** (torch.nan_to_num(inlets[:, -1]).clamp(-120.0, 24.0) / 20.0))

    def block(self, x: Tensor, rows: int, n: int) -> Tensor:
        """Cut one hop of audio out of [batch, inlets, samples]."""
        return x[:rows, 0, n * self.hop : (n + 1) * self.hop].float()

    def render(self, controls: Tensor, silent: Tensor, gains: Tensor) -> Tensor:
        """Render audio [batch, 1, hops * hop] from [batch, inlets, hops]; beyond 16 signals there is silence.

        Args:
            silent: hops that are, [batch, hops].
            gains: of the magnitudes, [1 or batch, hops].
        """
        rows, hops = min(controls.size(0), self.max_batch), controls.size(2)
        y = torch.zeros(controls.size(0), 1, hops * self.hop)
        silent = silent[:rows] | ~torch.isfinite(controls[:rows]).all(1)
        controls = torch.nan_to_num(controls[:rows], 0.0, 0.0, 0.0)
        target = 10.0 ** (self.gain_db / 20.0)
        for n in range(hops):
            S = self.frames.magnitudes(controls[:, :, n]) * gains[:, n : n + 1]
            hop = self.phases.advance(S.masked_fill(silent[:, n : n + 1], 0.0), self.iterations)
            y[:rows, 0, n * self.hop : (n + 1) * self.hop] = hop * (self.gain + (target - self.gain) * self.share)
            self.gain.fill_(target)
        return torch.nan_to_num(y, 0.0, 0.0, 0.0)

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

    def number(self, value: Any, low: float, high: float, fallback: float) -> float:
        """Read what a host sends for a number, within bounds; what is none changes nothing."""
        found = fallback
        if isinstance(value, bool):
            found = 1.0 if value else 0.0
        elif isinstance(value, int):
            found = float(value)
        elif isinstance(value, float):
            found = value
        elif isinstance(value, str):
            found = self.parsed(value, fallback)
        if not (found >= low):  # also for NaN
            found = low if found < low else fallback
        return min(found, high)

    def parsed(self, text: str, fallback: float) -> float:
        """Read a decimal number such as "3.000000"."""
        digits, points = 0, 0
        body = text.strip()
        if body[:1] in "+-":
            body = body[1:]
        for letter in body:
            if letter == ".":
                points += 1
            elif letter in "0123456789":
                digits += 1
            else:
                return fallback
        if digits < 1 or digits > 15 or points > 1:
            return fallback
        return -float(body) if text.strip().startswith("-") else float(body)

    @torch.jit.export
    def set_iterations(self, value: Any) -> int:
        """Set how often phases are refined a hop, 0 to 32."""
        self.iterations = int(self.number(value, 0.0, 32.0, float(self.iterations)))
        return 0

    @torch.jit.export
    def get_iterations(self) -> tuple[int]:
        """Return how often phases are refined a hop."""
        return (self.iterations,)

    @torch.jit.export
    def set_gain_db(self, value: Any) -> int:
        """Set the gain of the output, -120 to 24 dB."""
        self.gain_db = self.number(value, -120.0, 24.0, self.gain_db)
        return 0

    @torch.jit.export
    def get_gain_db(self) -> tuple[float]:
        """Return the gain of the output, dB."""
        return (self.gain_db,)

    @torch.jit.export
    def set_seed(self, value: Any) -> int:
        """Start the random phases of held noise from a number."""
        self.seed = int(self.number(value, 0.0, 2147483647.0, float(self.seed)))
        self.phases.seed(self.seed)
        return 0

    @torch.jit.export
    def get_seed(self) -> tuple[int]:
        """Return what the random phases started from."""
        return (self.seed,)

    @torch.jit.export
    def set_reset(self, value: Any) -> int:
        """Forget all sound so far, for anything but 0."""
        if self.number(value, 0.0, 1.0, 0.0) > 0.0:
            self.phases.reset(self.seed)
            self.frames.history.zero_()
            self.gain.fill_(10.0 ** (self.gain_db / 20.0))
        return 0

    @torch.jit.export
    def get_reset(self) -> tuple[bool]:
        """Return false."""
        return (False,)

    @torch.jit.export
    def set_sr(self, value: Any) -> int:
        """Change nothing: the sample rate is the release's."""
        return 0

    @torch.jit.export
    def get_sr(self) -> tuple[int]:
        """Return the sample rate, Hz."""
        return (int(self.sr),)

    @torch.jit.export
    def set_latency(self, value: Any) -> int:
        """Change nothing: the latency is the release's."""
        return 0

    @torch.jit.export
    def get_latency(self) -> tuple[int]:
        """Return the samples from a coordinate to the middle of its sound; a host's buffers come on top."""
        return (int(self.latency),)


def _labels(names: list[str]) -> list[str]:
    return [f"(signal) {name}" for name in names]
