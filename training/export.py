"""From a trained model to the files of a release, each compared with the model that it was made from."""

from __future__ import annotations

import io
import logging
import warnings

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from typing_extensions import override

from aitunes.errors import TrainingError
from aitunes.modules.base import Autoencoder
from aitunes.release.card import ReleaseCard
from aitunes.release.reader import DECODER, ENCODER, TORCHSCRIPT

TOLERANCE = 1e-4
"""Largest difference from eager PyTorch that an exported model may have."""

_EXPORT_BATCH = 2
_PARITY_BATCH = 7


class EncoderExport(nn.Module):
    """S [batch, n_mels, frames] to the mean code z [batch, latent_dim]."""

    def __init__(self, model: Autoencoder) -> None:
        super().__init__()
        self.model = model

    @override
    def forward(self, S: Tensor) -> Tensor:
        return self.model.encode(S)


class DecoderExport(nn.Module):
    """z [batch, latent_dim] to S [batch, n_mels, frames], 0..1."""

    def __init__(self, model: Autoencoder) -> None:
        super().__init__()
        self.model = model

    @override
    def forward(self, z: Tensor) -> Tensor:
        return self.model.decode(z)


class TorchScriptExport(nn.Module):
    """What `model.ts` holds: encode, decode, forward (both) and the card as text."""

    def __init__(self, encoder: torch.jit.ScriptModule, decoder: torch.jit.ScriptModule, card: str) -> None:
        super().__init__()
        self.encoder = encoder
        self.decoder = decoder
        self.card = card

    @torch.jit.export
    def encode(self, S: Tensor) -> Tensor:
        """Mean code of a patch."""
        return self.encoder(S)  # type: ignore[no-any-return]

    @torch.jit.export
    def decode(self, z: Tensor) -> Tensor:
        """Patch of a code."""
        return self.decoder(z)  # type: ignore[no-any-return]

    @override
    def forward(self, S: Tensor) -> Tensor:
        return self.decoder(self.encoder(S))  # type: ignore[no-any-return]


def export_model(model: Autoencoder, card: ReleaseCard, S: NDArray[np.float32]) -> dict[str, bytes]:
    """The three model files of a release, checked.

    Args:
        model: trained, in evaluation mode.
        card: goes into the TorchScript file, without the hashes of files that do not exist yet.
        S: patches [items, n_mels, frames] to compare the exports with, at least 9 of them.

    Returns:
        File name → contents.

    Raises:
        TrainingError: an export differs from the model by more than `TOLERANCE`.
    """
    patches = torch.from_numpy(np.resize(S, (_EXPORT_BATCH + _PARITY_BATCH, *S.shape[1:])))
    with torch.no_grad():
        codes = model.encode(patches)
    files = {
        DECODER: _onnx_bytes(DecoderExport(model), codes[:_EXPORT_BATCH], "z", "S"),
        ENCODER: _onnx_bytes(EncoderExport(model), patches[:_EXPORT_BATCH], "S", "z"),
        TORCHSCRIPT: _torchscript_bytes(model, patches[:_EXPORT_BATCH], codes[:_EXPORT_BATCH], card),
    }
    _check_parity(model, files, patches[_EXPORT_BATCH:])
    return files


def _onnx_bytes(module: nn.Module, example: Tensor, input_name: str, output_name: str) -> bytes:
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*LeafSpec.*", category=FutureWarning)  # torch's exporter itself
        program = torch.onnx.export(
            module.eval(),
            (example,),
            input_names=[input_name],
            output_names=[output_name],
            dynamic_shapes=({0: torch.export.Dim("batch")},),
            dynamo=True,
            verbose=False,
        )
    if program is None:
        raise TrainingError("PyTorch's ONNX exporter gave no model.")
    proto = program.model_proto
    # The exporter notes where in whose folders each line of code stood: no business of a release.
    for item in (proto, proto.graph, *proto.graph.node, *proto.graph.input, *proto.graph.output, *proto.functions):
        item.ClearField("metadata_props")
        item.ClearField("doc_string")
    for value in (*proto.graph.value_info, *proto.graph.initializer):
        value.ClearField("metadata_props")
        value.ClearField("doc_string")
    onnx.checker.check_model(proto)
    return bytes(proto.SerializeToString(deterministic=True))


def _torchscript_bytes(model: Autoencoder, patches: Tensor, codes: Tensor, card: ReleaseCard) -> bytes:
    text = card.to_json()
    with warnings.catch_warnings(), torch.no_grad():
        # TorchScript is in maintenance; Max/MSP's and others' LibTorch loaders read nothing else.
        warnings.simplefilter("ignore", DeprecationWarning)
        encoder = torch.jit.trace(EncoderExport(model).eval(), (patches,))  # type: ignore[no-untyped-call]
        decoder = torch.jit.trace(DecoderExport(model).eval(), (codes,))  # type: ignore[no-untyped-call]
        scripted = torch.jit.script(TorchScriptExport(encoder, decoder, text).eval())
        stream = io.BytesIO()
        torch.jit.save(scripted, stream, _extra_files={"card.json": text.encode()})
    return stream.getvalue()


def _check_parity(model: Autoencoder, files: dict[str, bytes], patches: Tensor) -> None:
    with torch.no_grad():
        codes = model.encode(patches)
        wanted = {ENCODER: codes.numpy(), DECODER: model.decode(codes).numpy()}
    found = {
        ENCODER: _run_onnx(files[ENCODER], "S", patches.numpy()),
        DECODER: _run_onnx(files[DECODER], "z", codes.numpy()),
    }
    scripted = load_torchscript(files[TORCHSCRIPT])
    with torch.no_grad():
        compared = [(name, found[name], wanted[name]) for name in wanted]
        compared.append((f"{TORCHSCRIPT} encode", scripted.encode(patches).numpy(), wanted[ENCODER]))
        compared.append((f"{TORCHSCRIPT} decode", scripted.decode(codes).numpy(), wanted[DECODER]))
        compared.append((f"{TORCHSCRIPT} forward", scripted(patches).numpy(), wanted[DECODER]))
    for name, ours, theirs in compared:
        difference = float(np.abs(ours - theirs).max())
        if not difference <= TOLERANCE:
            raise TrainingError(
                f"The exported {name} differs from the model by {difference:.2g}; at most {TOLERANCE:g} is allowed."
            )


def _run_onnx(model: bytes, name: str, values: NDArray[np.float32]) -> NDArray[np.float32]:
    import onnxruntime

    from aitunes.release.reader import session_options

    session = onnxruntime.InferenceSession(model, session_options(), providers=["CPUExecutionProvider"])
    (result,) = session.run(None, {name: values})
    return np.asarray(result)


def load_torchscript(contents: bytes) -> torch.jit.ScriptModule:
    """The module in a `model.ts`."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        return torch.jit.load(io.BytesIO(contents))  # type: ignore[no-any-return, no-untyped-call]


def embedded_card(contents: bytes) -> ReleaseCard:
    """The card in a `model.ts`, without file hashes."""
    return ReleaseCard.from_json(load_torchscript(contents).card)
