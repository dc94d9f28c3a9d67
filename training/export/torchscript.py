"""Writes and reads `model.ts`, the file that nn~ plays."""

from __future__ import annotations

import contextlib
import io
import re
import warnings
import zipfile
import zlib
from collections.abc import Iterator

import torch
from torch import Tensor, nn

from aitunes.modules.base import Autoencoder
from aitunes.release.card import ReleaseCard
from aitunes.release.motion import Motion
from training.export.nn_module import NnModule, why_not_served
from training.export.wrappers import EncoderExport, NoteDecoderExport

CARD_ENTRY = "card.json"
"""Name of the card among the file's extra entries."""

_EPOCH = (1980, 1, 1, 0, 0, 0)
_SHRINKS = 0.9
_CONSTANTS = re.compile(rb"(?:^  \w+ : Final\[.*\n)+", re.MULTILINE)


def torchscript_bytes(model: Autoencoder, card: ReleaseCard, S: Tensor) -> bytes | None:
    """Return the contents of `model.ts`; None where nn~ cannot play such a release, of which `why_not_served` tells.

    Args:
        model: in evaluation mode.
        card: without file hashes.
        S: segments to trace the networks with, [2 or more, bands, 1].
    """
    if why_not_served(card):
        return None
    with torchscript_is_old(), torch.no_grad():
        z, ones = model.encode(S), torch.ones(len(S), 1)
        encoder = torch.jit.trace(EncoderExport(model).eval(), (S,))  # type: ignore[no-untyped-call]
        decoder = torch.jit.trace(NoteDecoderExport(model).eval(), (z, 60.0 * ones, 0.0 * ones))  # type: ignore[no-untyped-call]
    return scripted_bytes(card, encoder, decoder)


def scripted_bytes(card: ReleaseCard, encoder: nn.Module, decoder: nn.Module, motion: Motion | None = None) -> bytes:
    """Return the contents of `model.ts` from networks that are TorchScript already."""
    for parameter in (*encoder.parameters(), *decoder.parameters()):
        parameter.requires_grad_(False)  # hosts change the state in place, outside of inference mode, too
    with torchscript_is_old():
        scripted = torch.jit.script(NnModule(card, encoder, decoder, motion).eval())
        stream = io.BytesIO()
        torch.jit.save(scripted, stream, _extra_files={CARD_ENTRY: card.to_json().encode()})
    return _slimmed(stream.getvalue())


def load_torchscript(contents: bytes) -> torch.jit.ScriptModule:
    """Load the module in a `model.ts`."""
    with torchscript_is_old():
        return torch.jit.load(io.BytesIO(contents))  # type: ignore[no-any-return, no-untyped-call]


@contextlib.contextmanager
def torchscript_is_old() -> Iterator[None]:
    """Keep PyTorch from repeating that TorchScript is in maintenance; the LibTorch of hosts reads nothing else."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*torch.jit.*is deprecated", category=Warning)
        yield


def _slimmed(content: bytes) -> bytes:
    """Compress what is mostly zeros, as the state of 16 signals is, and drop the paths of source files."""
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as source, zipfile.ZipFile(stream, "w") as target:
        for entry in source.infolist():
            if entry.filename.endswith(".debug_pkl"):
                continue
            data = _in_fixed_order(entry.filename, source.read(entry))
            shrinks = len(zlib.compress(data)) < _SHRINKS * len(data)
            kind = zipfile.ZIP_DEFLATED if shrinks else zipfile.ZIP_STORED
            target.writestr(zipfile.ZipInfo(entry.filename, _EPOCH), data, kind)
    return stream.getvalue()


def _in_fixed_order(name: str, data: bytes) -> bytes:
    """Return an entry without what differs from process to process: PyTorch writes constants in the order of a set."""
    if name.endswith(".py"):
        return _CONSTANTS.sub(lambda run: b"".join(sorted(run[0].splitlines(keepends=True))), data)
    return bytes(len(data)).replace(b"\0", b"0") if name.endswith("serialization_id") else data
