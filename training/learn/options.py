"""Lists the options of `aitunes-train learn`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from training.engine_link import DEFAULT_ENGINE


@dataclass(frozen=True)
class LearnOptions:
    """Holds what a person may choose.

    Args:
        folder: of sounds.
        to: folder of releases; None is where the instrument looks for the user's.
        name, public_name: of the release; None makes them of the folder's name.
        minutes: that everything together may take.
        kind: "auto", "notes" or "textures".
        coordinates: of the release; None takes what suits the kind.
        engine: HOST:PORT that changes to each version; None leaves engines alone.
        seed: of all chances.
        workers: processes that listen for notes.
        command: what the person typed, for the card.
    """

    folder: Path
    to: Path | None = None
    name: str | None = None
    public_name: str | None = None
    minutes: float = 5.0
    kind: str = "auto"
    coordinates: int | None = None
    engine: str | None = DEFAULT_ENGINE
    seed: int = 0
    workers: int = 2
    command: str = "aitunes-train learn"
