"""Opens the short way to a release's spectra: the decoder's network alone, whose output a compiled renderer draws.

`decoder.onnx` is whole and enough for any host. Where a release also has `drawing.onnx`, this holds its network without
the renderer, and its ONNX metadata say how the renderer is to draw what the network puts out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from aitunes.errors import ReleaseError
from aitunes.release.card import ReleaseCard

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

DRAWING = "drawing.onnx"
_HARMONIC = "harmonic"
_INPUTS = ("z", "pitch", "level")
_POINTS, _HARMONICS = range(2, 4_097), range(4_097)


@dataclass(frozen=True)
class Drawing:
    """Holds a network that draws for `aitunes.audio_processing.harmonic_comb.HarmonicComb`.

    Args:
        session: z [batch, latent_dim], pitch [batch, 1], level [batch, 1] → drawing [batch, 2 points + harmonics + 1].
        points, harmonics: of the renderer.
    """

    session: InferenceSession
    points: int
    harmonics: int

    @property
    def width(self) -> int:
        """Return how many numbers draw one spectrum."""
        return 2 * self.points + self.harmonics + 1

    @staticmethod
    def metadata(points: int, harmonics: int) -> dict[str, str]:
        """Return what the file says of its renderer."""
        return {"renderer": _HARMONIC, "points": str(points), "harmonics": str(harmonics)}


def check_drawing(session: InferenceSession, card: ReleaseCard) -> Drawing | None:
    """Return what a file holds, None for a renderer that this version does not have.

    Raises:
        ReleaseError: the network does not fit the card or its own metadata.
    """
    told: Mapping[str, str] = session.get_modelmeta().custom_metadata_map
    if told.get("renderer") != _HARMONIC:
        return None
    points, harmonics = _number(told, "points", _POINTS, card), _number(told, "harmonics", _HARMONICS, card)
    fits = (
        card.is_frame_model
        and card.features.scale == "linear"
        and tuple(spec.name for spec in card.inputs) == _INPUTS
        and [(each.name, each.shape[1:]) for each in session.get_inputs()]
        == [(spec.name, list(spec.shape[1:])) for spec in card.inputs]
        and [each.shape[1:] for each in session.get_outputs()] == [[2 * points + harmonics + 1]]
    )
    if not fits:
        raise ReleaseError(f"The {DRAWING} of {card.name} does not fit its card; export the release again.")
    return Drawing(session, points, harmonics)


def _number(told: Mapping[str, str], name: str, allowed: range, card: ReleaseCard) -> int:
    text = told.get(name, "")
    if not (text.isascii() and text.isdigit() and len(text) <= 5 and int(text) in allowed):
        raise ReleaseError(
            f"The {DRAWING} of {card.name} gives no {name} from {allowed[0]} to {allowed[-1]}; export it again."
        )
    return int(text)
