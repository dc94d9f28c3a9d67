"""Reads a release: verifies everything, then hands it over; nothing half-loaded ever leaves this module."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from aitunes.errors import ReleaseError, reason
from aitunes.printable import printable
from aitunes.release.arrays import ArraySpec, read_arrays
from aitunes.release.card import ReleaseCard, TensorSpec
from aitunes.release.drawing import DRAWING, Drawing, check_drawing
from aitunes.release.files import (
    MAX_CARD_BYTES,
    MAX_FILE_BYTES,
    MAX_RELEASE_BYTES,
    bounded_sha256,
    read_bounded,
    read_text,
)
from aitunes.release.onnx_model import check_self_contained
from aitunes.release.runtime import load_runtime

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

CARD = "card.json"
DECODER = "decoder.onnx"
ENCODER = "encoder.onnx"
TORCHSCRIPT = "model.ts"
MAP = "map.npz"
REQUIRED_FILES = (DECODER, ENCODER, MAP)
"""What a card must list and the folder must hold; pictures and a preview may come besides."""

MAX_LANDMARKS = 5_000
_MAX_QUOTED = 400


@dataclass(frozen=True)
class Landmarks:
    """Holds the training items on the map.

    Args:
        codes: z [items, latent_dim] float32.
        positions: [items, 2] float32, 0..1 on the pad.
        labels: [items] text.
        sources: [items] text, the names of the items.
    """

    codes: NDArray[np.float32]
    positions: NDArray[np.float32]
    labels: NDArray[np.str_]
    sources: NDArray[np.str_]


@dataclass(frozen=True)
class Release:
    """Holds a verified release, ready to decode.

    Args:
        folder, card: where it lies, and what it says.
        decoder: to magnitudes.
        drawing: the decoder's network without its renderer, where the release has it.
    """

    folder: Path
    card: ReleaseCard
    decoder: InferenceSession
    drawing: Drawing | None = None


def read_card(folder: Path) -> ReleaseCard:
    """Read the card of a release, without a look at the other files.

    Raises:
        ReleaseError: no such folder, no card, or a card that is wrong.
    """
    path = folder / CARD
    try:
        path.lstat()
    except FileNotFoundError as error:
        raise ReleaseError(f"{folder} is not a release: it has no {CARD}.") from error
    except OSError as error:
        raise ReleaseError(f"{CARD} of the release in {folder} cannot be read: {reason(error)}.") from error
    return parse_card(read_text(path, MAX_CARD_BYTES, f"{CARD} of the release in {folder}"), folder)


def parse_card(text: str, source: Path) -> ReleaseCard:
    """Check the text of a release's card.

    Args:
        source: the folder or file that it comes from, for the sentence of a refusal.

    Raises:
        ReleaseError: the card is wrong, or does not list the files that an instrument needs.
    """
    try:
        card = ReleaseCard.from_json(text)
    except ReleaseError as error:
        raise ReleaseError(f"The release in {source} cannot be used. {error}") from error
    missing = [name for name in REQUIRED_FILES if name not in card.files]
    if missing:
        raise ReleaseError(f"The card of {card.name} does not list {', '.join(missing)}; export the release again.")
    return card


def read_release(folder: Path) -> Release:
    """Read and verify a release: every file's hash, the decoder's shapes and its answer to z = 0.

    The decoder is read once, so that what was verified is what is opened, whatever happens to the file.

    Raises:
        ReleaseError: a sentence that says what is wrong.
    """
    card = read_card(folder)
    models = _verify_files(folder, card)
    decoder = open_session(models[DECODER], f"The decoder of {card.name}")
    _verify_shapes(decoder, card)
    _verify_answer(decoder, card)
    drawing = None
    if DRAWING in models:
        drawing = check_drawing(open_session(models[DRAWING], f"The {DRAWING} of {card.name}"), card)
    return Release(folder, card, decoder, drawing)


def read_landmarks(folder: Path, card: ReleaseCard) -> Landmarks:
    """Read the items of a release's map, without a look at the other files.

    Raises:
        ReleaseError: the map is damaged or does not fit the card.
    """
    specs = {"codes": ArraySpec("f", 2), "positions": ArraySpec("f", 2)}
    specs |= dict.fromkeys(("labels", "sources"), ArraySpec("U", 1, MAX_LANDMARKS))
    arrays = read_arrays(folder / MAP, specs, what=f"The map of {card.name}")
    codes, positions = (arrays[name].astype(np.float32) for name in ("codes", "positions"))
    marks = Landmarks(codes, positions, arrays["labels"], arrays["sources"])
    items = len(marks.codes)
    fits = (
        items <= MAX_LANDMARKS
        and marks.codes.shape == (items, card.latent_dim)
        and marks.positions.shape == (items, 2)
        and marks.labels.shape == marks.sources.shape == (items,)
    )
    if not fits:
        raise ReleaseError(f"The map of {card.name} does not fit its card.")
    return marks


def sha256(path: Path) -> str:
    """Hash a file of our own, in hexadecimal; of other people's, `bounded_sha256` does."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _verify_files(folder: Path, card: ReleaseCard) -> dict[str, bytes]:
    """Compare every file with its hash; returns the contents of the models that are opened."""
    left, models = MAX_RELEASE_BYTES, {}
    for name, digest in card.files.items():
        path, what = folder / name, f"{name} of the release {card.name}"
        if not os.path.lexists(path):
            raise ReleaseError(f"The release {card.name} is incomplete: {name} is missing. Copy it again.")
        if name in (DECODER, DRAWING):
            models[name] = read_bounded(path, min(left, MAX_FILE_BYTES), what)
            found, size = hashlib.sha256(models[name]).hexdigest(), len(models[name])
        else:
            found, size = bounded_sha256(path, min(left, MAX_FILE_BYTES), what), path.stat().st_size
        left -= size
        if found != digest:
            raise ReleaseError(f"{what} is not the file that was exported: its SHA-256 differs. Copy it again.")
    return models


def session_options() -> Any:
    """Set ONNX Runtime up as the synth thread needs it: one thread, in order, no spinning between calls, no log.

    Errors come as exceptions. Its log would print the names of a stranger's nodes as they are.
    """
    onnxruntime = load_runtime()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 4
    return options


def open_session(model: bytes, what: str) -> InferenceSession:
    """Open an ONNX model from its bytes, for the processor.

    Args:
        what: begins the sentence of a refusal, such as "The decoder of first-light".

    Raises:
        ReleaseError: it names other files, or cannot be opened.
    """
    onnxruntime = load_runtime()
    check_self_contained(model, what)
    try:
        return onnxruntime.InferenceSession(model, session_options(), providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime's errors share no other base class
        why = printable(str(error)[:_MAX_QUOTED])
        raise ReleaseError(f"{what} is not an ONNX model this machine can run: {why}") from error


def _verify_shapes(decoder: InferenceSession, card: ReleaseCard) -> None:
    described = [*card.inputs, card.output]
    found = [*decoder.get_inputs(), *decoder.get_outputs()]
    if len(found) != len(described):
        raise ReleaseError(
            f"The decoder of {card.name} has {len(decoder.get_inputs())} inputs; its card describes {len(card.inputs)}."
        )
    for spec, tensor in zip(described, found, strict=True):
        if spec.name != tensor.name or not _same_shape(spec, tensor.shape):
            raise ReleaseError(
                f"The decoder of {card.name} has {tensor.name} {tensor.shape} where its card says "
                f"{spec.name} {list(spec.shape)}."
            )


def _same_shape(spec: TensorSpec, shape: list[int | str | None]) -> bool:
    if len(shape) != len(spec.shape):
        return False
    # A size that the card names ("batch") must be free in the model; the others must agree.
    return all(
        not isinstance(found, int) if isinstance(wanted, str) else found == wanted
        for wanted, found in zip(spec.shape, shape, strict=True)
    )


def _verify_answer(decoder: InferenceSession, card: ReleaseCard) -> None:
    try:
        (S,) = decoder.run(None, {spec.name: spec.neutral() for spec in card.inputs})
    except Exception as error:  # onnxruntime's errors share no other base class
        why = printable(str(error)[:_MAX_QUOTED])
        raise ReleaseError(f"The decoder of {card.name} cannot decode z = 0: {why}") from error
    if not np.isfinite(S).all():
        raise ReleaseError(f"The decoder of {card.name} answers z = 0 with values that are no numbers (NaN).")
    low, high = card.output.range
    if S.min() < low - 1e-3 or S.max() > high + 1e-3:
        raise ReleaseError(
            f"The decoder of {card.name} answers z = 0 with values from {S.min():.3g} to {S.max():.3g}; "
            f"its card promises {low:g} to {high:g}."
        )
