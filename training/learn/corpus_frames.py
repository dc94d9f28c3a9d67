"""Splits the development data into what the base model may hear and what stays held out for every measurement."""

from __future__ import annotations

from pathlib import Path

SETS = ("ambient", "beats", "choir_voice", "electronic_game", "keyboard_solo", "orchestral", "textures_field")
HELD_OUT_INSTRUMENTS = ("viola", "vibraphone")
_HELD_OUT_PITCH = 7


def set_tracks(music: Path, name: str) -> tuple[list[Path], list[Path]]:
    """Tracks of a set to learn from, and two that are held out, at one and two thirds of the sorted names."""
    tracks = sorted((music / name).glob("*.opus"))
    held = {len(tracks) // 3, 2 * len(tracks) // 3}
    return [t for n, t in enumerate(tracks) if n not in held], [tracks[n] for n in sorted(held)]


def training_notes(folder: Path) -> list[Path]:
    """Notes to learn from: without the held-out instruments, and without every pitch that 7 divides."""
    notes = sorted(folder.glob("*/*.flac"))
    return [
        path for path in notes if path.parent.name not in HELD_OUT_INSTRUMENTS and _midi_of(path) % _HELD_OUT_PITCH != 0
    ]


def _midi_of(path: Path) -> int:
    return int(next(part for part in path.stem.split("_") if part.isdigit() and len(part) == 3))
