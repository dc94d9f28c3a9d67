"""Read a release: verify everything, then hand it over; nothing half-loaded ever leaves this module."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from aitunes.errors import ReleaseError, reason
from aitunes.release.card import ReleaseCard, TensorSpec

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

CARD = "card.json"
DECODER = "decoder.onnx"
ENCODER = "encoder.onnx"
TORCHSCRIPT = "model.ts"
MAP = "map.npz"
REQUIRED_FILES = (DECODER, ENCODER, TORCHSCRIPT, MAP)
"""What a card must list and the folder must hold; pictures and a preview may come besides."""

MAX_LANDMARKS = 5_000


@dataclass(frozen=True)
class Landmarks:
    """Training items on the map.

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
    """A verified release, ready to decode."""

    folder: Path
    card: ReleaseCard
    decoder: InferenceSession


def read_card(folder: Path) -> ReleaseCard:
    """The card of a release, without a look at the other files.

    Raises:
        ReleaseError: no such folder, no card, or a card that is wrong.
    """
    path = folder / CARD
    try:
        if not path.is_file():
            raise ReleaseError(f"{folder} is not a release: it has no {CARD}.")
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise ReleaseError(f"{CARD} of the release in {folder} cannot be read: {reason(error)}.") from error
    except UnicodeDecodeError as error:
        raise ReleaseError(f"{CARD} of the release in {folder} is no text in UTF-8; copy it again.") from error
    try:
        card = ReleaseCard.from_json(text)
    except ReleaseError as error:
        raise ReleaseError(f"The release in {folder} cannot be used. {error}") from error
    missing = [name for name in REQUIRED_FILES if name not in card.files]
    if missing:
        raise ReleaseError(f"The card of {card.name} does not list {', '.join(missing)}; export the release again.")
    return card


def read_release(folder: Path) -> Release:
    """Read and verify a release: every file's hash, the decoder's shapes and its answer to z = 0.

    Raises:
        ReleaseError: a sentence that says what is wrong.
    """
    card = read_card(folder)
    _verify_hashes(folder, card)
    decoder = _open_decoder(folder / DECODER, card)
    _verify_shapes(decoder, card)
    _verify_answer(decoder, card)
    return Release(folder, card, decoder)


def read_landmarks(folder: Path, card: ReleaseCard) -> Landmarks:
    """The items of a release's map, without a look at the other files.

    Raises:
        ReleaseError: the map is damaged or does not fit the card.
    """
    try:
        with np.load(folder / MAP, allow_pickle=False) as stored:
            marks = Landmarks(stored["codes"], stored["positions"], stored["labels"], stored["sources"])
    except (OSError, ValueError, KeyError) as error:
        raise ReleaseError(f"The map of {card.name} cannot be read: {error}.") from error
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
    """The file's SHA-256 in hexadecimal."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _verify_hashes(folder: Path, card: ReleaseCard) -> None:
    for name, digest in card.files.items():
        path = folder / name
        try:
            if not path.is_file():
                raise ReleaseError(f"The release {card.name} is incomplete: {name} is missing. Copy it again.")
            found = sha256(path)
        except OSError as error:
            raise ReleaseError(f"{name} of the release {card.name} cannot be read: {reason(error)}.") from error
        if found != digest:
            raise ReleaseError(
                f"{name} of the release {card.name} is not the file that was exported: its SHA-256 differs. "
                "Copy it again."
            )


def session_options() -> Any:
    """ONNX Runtime as the synth thread needs it: one thread, in order, no spinning between calls."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 3
    return options


def _open_decoder(path: Path, card: ReleaseCard) -> InferenceSession:
    import onnxruntime

    try:
        return onnxruntime.InferenceSession(path, session_options(), providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime's errors share no other base class
        raise ReleaseError(f"The decoder of {card.name} is not an ONNX model this machine can run: {error}") from error


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
        raise ReleaseError(f"The decoder of {card.name} cannot decode z = 0: {error}") from error
    if not np.isfinite(S).all():
        raise ReleaseError(f"The decoder of {card.name} answers z = 0 with values that are no numbers (NaN).")
    low, high = card.output.range
    if S.min() < low - 1e-3 or S.max() > high + 1e-3:
        raise ReleaseError(
            f"The decoder of {card.name} answers z = 0 with values from {S.min():.3g} to {S.max():.3g}; "
            f"its card promises {low:g} to {high:g}."
        )
