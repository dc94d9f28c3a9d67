"""Describes the releases of this machine for the HTTP API: what their cards say, their maps and previews."""

from __future__ import annotations

import hashlib
from typing import Any
from urllib.parse import quote

import numpy as np

from aitunes.errors import ReleaseError
from aitunes.printable import printable
from aitunes.release.axis_titles import axis_title
from aitunes.release.card import ReleaseCard
from aitunes.release.files import MAX_MAP_BYTES, read_bounded
from aitunes.release.reader import read_landmarks
from instrument.storage import paths
from instrument.storage.library import DEFAULT_RELEASE, Library
from instrument.web.problems import ProblemError

PICTURE = "map.png"
PREVIEWS = {"preview.ogg": "audio/ogg", "preview.wav": "audio/wav"}
"""Lists the files that are a release's preview, the first that there is, and their media types."""
_MAX_PICTURE_BYTES = 1 << 23
_MAX_PREVIEW_BYTES = MAX_MAP_BYTES
_SHOWN = 400
_MAX_LABEL = 200

Row = dict[str, Any]


class Catalogue:
    """Describes releases; nothing but a name in a table leads from a request to a folder.

    Args:
        library: where releases are found.
        root: of the API, for links.
    """

    def __init__(self, library: Library, root: str = "/api/v1") -> None:
        self.library = library
        self._root = root
        self._described: dict[str, tuple[ReleaseCard, Row]] = {}

    def rows(self) -> list[Row]:
        """Return what a list of releases shows, by name; each is described once for each state of its card."""
        cards, _ = self.library.cards()
        described = self._described
        self._described = {
            name: known if (known := described.get(name)) and known[0] is card else (card, self._row(card))
            for name, card in sorted(cards.items())
        }
        return [row for _, row in self._described.values()]

    def default(self) -> str:
        """Return the name of the release that plays where none is asked for."""
        return _default(sorted(self.library.cards()[0]))

    def listing(self) -> Row:
        """Return the list of releases, and which of them plays where none is asked for."""
        rows = self.rows()
        return {"default": _default([row["name"] for row in rows]), "releases": rows}

    def card(self, name: str) -> ReleaseCard:
        """Return a release's card.

        Raises:
            ProblemError: there is no such release, or it cannot be used.
        """
        try:
            return self.library.card(name)
        except ReleaseError as error:
            raise ProblemError(404, _without_folders(str(error))) from error

    def row(self, name: str) -> Row:
        """Describe one release in full."""
        card = self.card(name)
        numbers = {key: value for key, value in card.training.metrics.items() if isinstance(value, int | float)}
        return {**self._row(card), "training": {"epochs": card.training.epochs, "metrics": numbers}}

    def map(self, name: str, axes: tuple[int, int]) -> Row:
        """Return a release's landmarks as they lie on a pad of these axes, x and y in 0..1.

        Raises:
            ProblemError: there is no such release or axis, or its map is damaged.
        """
        card = self.card(name)
        if not all(0 <= axis < card.latent_dim for axis in axes):
            raise ProblemError(422, f"The axes of {name} are 0 to {card.latent_dim - 1}.")
        try:
            marks = read_landmarks(self.library.folder(name), card)
        except ReleaseError as error:
            raise ProblemError(404, _without_folders(str(error))) from error
        positions = card.latent.pad_positions(card.latent.coordinates(marks.codes), axes)
        labels, numbers = np.unique(marks.labels, return_inverse=True)
        rows = zip(
            np.round(positions.astype(np.float64), 4).tolist(), numbers.tolist(), marks.sources.tolist(), strict=True
        )
        return {
            "axes": list(axes),
            "titles": [axis_title(card, axis) for axis in axes],
            "labels": [printable(str(label)[:_MAX_LABEL].replace("_", " ")) for label in labels],
            "landmarks": [[x, y, number, printable(source[:_MAX_LABEL])] for (x, y), number, source in rows],
        }

    def file(self, name: str, file: str) -> tuple[bytes, str]:
        """Return a picture or preview of a release, which its card lists, and its hash.

        Raises:
            ProblemError: there is none, or it is not the one that was exported.
        """
        card = self.card(name)
        digest = card.files.get(file)
        if digest is None:
            raise ProblemError(404, f"The release {name} has no {file}.")
        most = _MAX_PICTURE_BYTES if file == PICTURE else _MAX_PREVIEW_BYTES
        try:
            content = read_bounded(self.library.folder(name) / file, most, f"{file} of {name}")
        except ReleaseError as error:
            raise ProblemError(404, _without_folders(str(error))) from error
        if hashlib.sha256(content).hexdigest() != digest:
            raise ProblemError(404, f"{file} of the release {name} is damaged; install the release again.")
        return content, digest

    def preview(self, name: str) -> tuple[str, bytes, str]:
        """Return the file name of a release's preview, its contents and its hash.

        Raises:
            ProblemError: there is none, or it is not the one that was exported.
        """
        file = _preview_of(self.card(name))
        if file is None:
            raise ProblemError(404, f"The release {name} has no preview.")
        return file, *self.file(name, file)

    def _row(self, card: ReleaseCard) -> Row:
        features, latent = card.features, card.latent
        pitch = next((spec for spec in card.inputs if spec.name == "pitch"), None)
        shares = latent.explained_variance
        link = f"{self._root}/releases/{quote(card.name)}"
        preview = _preview_of(card)
        return {
            "name": card.name,
            "public_name": printable(card.public_name),
            "description": printable(card.description),
            "latent_dim": card.latent_dim,
            "plays_notes": pitch is not None,
            "note_range": None if pitch is None else list(pitch.range),
            "kind": "frames" if card.is_frame_model else "segments",
            "segment_seconds": None
            if card.is_frame_model
            else round(features.frames * features.hop_length / features.sample_rate, 4),
            "sample_rate": features.sample_rate,
            "bytes": self._bytes(card),
            "bundled": self.library.folder(card.name).parent == paths.bundled_releases(),
            "axes": [
                {
                    "number": axis,
                    "title": axis_title(card, axis),
                    "share": round(float(shares[axis]), 4),
                    "low": round(low, 4),
                    "high": round(high, 4),
                }
                for axis, (low, high) in enumerate(latent.pad_range)
            ],
            "licence": printable(card.training.data_licence),
            "data": printable(card.training.data_name),
            "items": card.training.data_items,
            "links": {
                "self": link,
                "map": f"{link}/map",
                "picture": f"{link}/{PICTURE}" if PICTURE in card.files else None,
                "preview": None if preview is None else f"{link}/{preview}",
            },
        }

    def _bytes(self, card: ReleaseCard) -> int:
        folder, total = self.library.folder(card.name), 0
        for name in card.files:
            try:
                total += (folder / name).lstat().st_size
            except OSError:
                continue
        return total


def _preview_of(card: ReleaseCard) -> str | None:
    return next((file for file in PREVIEWS if file in card.files), None)


def _default(names: list[str]) -> str:
    return DEFAULT_RELEASE if DEFAULT_RELEASE in names or not names else names[0]


def _without_folders(sentence: str) -> str:
    # Whoever asks need not know where this machine keeps its files.
    return sentence.replace(str(paths.user_releases()), "…").replace(str(paths.bundled_releases()), "…")[:_SHOWN]
