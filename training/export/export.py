"""Exports a trained model to the files of a release, each compared with the model that it was made from."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from aitunes.audio_processing.harmonic_comb import HarmonicComb
from aitunes.errors import TrainingError
from aitunes.modules.base import Autoencoder
from aitunes.modules.conditional import ConditionalAutoencoder
from aitunes.modules.harmonic import HarmonicVAE
from aitunes.release.card import ReleaseCard, TensorSpec
from aitunes.release.drawing import DRAWING, Drawing
from aitunes.release.reader import DECODER, ENCODER, TORCHSCRIPT
from aitunes.release.runtime import load_runtime
from training.export.half_precision import with_half_weights
from training.export.onnx_files import onnx_bytes
from training.export.torchscript import load_torchscript, torchscript_bytes
from training.export.wrappers import DecoderExport, DrawingExport, EncoderExport, NoteDecoderExport

TOLERANCE = 5e-4
"""Largest difference from eager PyTorch that an exported model may have; 0.06 dB of a range of 120.

Both compute in float32: of a harmonic model PyTorch itself is up to 1.9e-4 from float64, ONNX Runtime 1.1e-4."""

_EXPORT_BATCH = 2
_PARITY_BATCH = 7


def decoder_inputs(model: Autoencoder, furthest: float) -> tuple[TensorSpec, ...]:
    """Describe the inputs of the exported decoder, for the card.

    Args:
        furthest: that a code's numbers go from 0.
    """
    z = TensorSpec("z", ("batch", model.latent_dim), (-furthest, furthest))
    if not isinstance(model, ConditionalAutoencoder):
        return (z,)
    return z, *(
        TensorSpec(condition.name, ("batch", 1), (condition.low, condition.high)) for condition in model.conditions
    )


def export_model(
    model: Autoencoder, card: ReleaseCard, S: NDArray[np.float32], tolerance: float = TOLERANCE, compact: bool = False
) -> dict[str, bytes]:
    """Make and check the model files of a release: ONNX, and TorchScript where nn~ can play it.

    Args:
        model: trained, in evaluation mode.
        card: goes into the TorchScript file, without the hashes of files that do not exist yet.
        S: segments [items, bands, frames] to compare the exports with, at least 9 of them.
        tolerance: largest difference that is accepted.
        compact: keep weights as half precision, in half the room: of a model whose weights are `rounded` already.

    Returns:
        File name → contents.

    Raises:
        TrainingError: an export differs from the model by more than `tolerance`.
    """
    segments = torch.from_numpy(np.resize(S, (_EXPORT_BATCH + _PARITY_BATCH, *S.shape[1:])))
    with torch.no_grad():
        inputs = {"z": model.encode(segments), **_spread_conditions(model, len(segments))}
    few = {name: values[:_EXPORT_BATCH] for name, values in inputs.items()}
    rest = {name: values[_EXPORT_BATCH:] for name, values in inputs.items()}
    decoder = NoteDecoderExport(model) if isinstance(model, ConditionalAutoencoder) else DecoderExport(model)
    files = {
        DECODER: onnx_bytes(decoder, few, "S"),
        ENCODER: onnx_bytes(EncoderExport(model), {"S": segments[:_EXPORT_BATCH]}, "z"),
    }
    if isinstance(model, HarmonicVAE):
        metadata = Drawing.metadata(model.points, model.harmonics)
        files[DRAWING] = onnx_bytes(DrawingExport(model), few, "drawing", metadata)
    if compact:
        files = {name: with_half_weights(contents) for name, contents in files.items()}
    if scripted := torchscript_bytes(model, card, segments[:_EXPORT_BATCH]):
        files[TORCHSCRIPT] = scripted
    _check_parity(model, card, decoder, files, segments[_EXPORT_BATCH:], rest, tolerance)
    return files


def _spread_conditions(model: Autoencoder, count: int) -> dict[str, Tensor]:
    """Spread conditions over their ranges, [count, 1] each."""
    conditions = model.conditions if isinstance(model, ConditionalAutoencoder) else ()
    return {each.name: torch.linspace(each.low, each.high, count)[:, None] for each in conditions}


def _check_parity(
    model: Autoencoder,
    card: ReleaseCard,
    decoder: nn.Module,
    files: dict[str, bytes],
    segments: Tensor,
    inputs: dict[str, Tensor],
    tolerance: float,
) -> None:
    z, *conditions = inputs.values()
    with torch.no_grad():
        expected = {ENCODER: model.encode(segments).numpy(), DECODER: decoder(z, *conditions).numpy()}
    exported = {
        ENCODER: _run_onnx(files[ENCODER], {"S": segments}),
        DECODER: _run_onnx(files[DECODER], inputs),
    }
    compared = [(name, exported[name], expected[name]) for name in expected]
    if DRAWING in files and isinstance(model, HarmonicVAE):
        features = card.features
        comb = HarmonicComb(features, model.points, model.harmonics)
        numbers = {name: values.numpy() for name, values in inputs.items()}
        magnitudes = comb.magnitudes(_run_onnx(files[DRAWING], inputs), numbers["pitch"], numbers["level"])
        compared.append((DRAWING, features.normalise(magnitudes), np.maximum(expected[DECODER], 0.0)))
    if TORCHSCRIPT in files:
        frames = load_torchscript(files[TORCHSCRIPT]).frames
        told = conditions or [torch.zeros(len(z), 1)] * 2
        with torch.no_grad():
            compared.append((f"encoder in {TORCHSCRIPT}", frames.encoder(segments).numpy(), expected[ENCODER]))
            compared.append((f"decoder in {TORCHSCRIPT}", frames.decoder(z, *told).numpy(), expected[DECODER]))
    for name, ours, theirs in compared:
        difference = float(np.abs(ours - theirs).max())
        if not difference <= tolerance:
            raise TrainingError(
                f"The exported {name} differs from the model by {difference:.2g}; at most {tolerance:g} is allowed."
            )


def _run_onnx(model: bytes, inputs: dict[str, Tensor]) -> NDArray[np.float32]:
    onnxruntime = load_runtime()
    from aitunes.release.reader import session_options

    session = onnxruntime.InferenceSession(model, session_options(), providers=["CPUExecutionProvider"])
    (result,) = session.run(None, {name: values.numpy() for name, values in inputs.items()})
    return np.asarray(result)
