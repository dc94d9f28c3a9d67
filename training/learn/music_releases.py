"""Makes the bundled releases of music: each is learnt from one set of recordings with free licences."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from typing_extensions import override

from aitunes.errors import TrainingError, reason
from aitunes.features import FloatArray
from training.learn.frames import FrameCollector, Frames
from training.learn.gather import Limits, gather, open_headers
from training.learn.learner import Learner, LearnSettings, LearntModel
from training.learn.listing import Listing, SoundFile, list_folder
from training.learn.motion_figures import motion_figures
from training.learn.release import LearntNames, Source, export_learnt
from training.learn.rendering import distances, middle_of, rendered
from training.learn.survey import Survey

COORDINATES = 64
"""Of these releases: half of those of `learn`, or the package would be too large."""

_MOTION_FRAMES = 45_000
"""Nine minutes of motion are a megabyte and a half; half an hour would make the package too large."""
_FREE = ("CC0", "CC-BY-", "Public domain")
_TABLE = "tracks.csv"
_UNHURRIED = Limits(seconds=7_200.0, reading_seconds=86_400.0)
_MAX_CREDITS = 2_000
_ANY_SECONDS = 1.0


@dataclass(frozen=True)
class MusicRelease:
    """Says what a release is made of.

    Args:
        part: folder in the data, one of those in its `tracks.csv`.
        public_name, description: what a performer reads.
        without: titles that are left out.
    """

    part: str
    public_name: str
    description: str
    without: tuple[str, ...] = ()


MUSIC_RELEASES = {
    "stargazing": MusicRelease(
        "ambient",
        "Stargazing",
        "Music like a night sky: lie still and it is a lullaby, move and the meteors fall. Drones, pads, slow piano, "
        "smooth on the left, glittering on the right.",
    ),
    "vespers": MusicRelease(
        "choir_voice",
        "Vespers",
        "Voices in a stone room: renaissance choirs, vowels and whispers, from a hum to all of them together.",
        ("Donizetti: Una furtiva lagrima (1911)", "Brahms: Wiegenlied (1906)", "Verdi: Niun mi tema (1903)"),
    ),
    "grooves": MusicRelease(
        "beats",
        "Grooves",
        "Hip-hop and lo-fi loops that breathe: kick and bass on the left, hats and hiss on the right.",
    ),
    "overture": MusicRelease(
        "orchestral",
        "Overture",
        "Strings, brass and drums in phrases that swell: between a lone harp and the whole orchestra.",
    ),
    "weather": MusicRelease(
        "textures_field",
        "Weather",
        "Rain, surf, wind and thunder beside metal, machines, wood and glass: what the world does when nobody plays.",
    ),
    "arcade": MusicRelease(
        "electronic_game",
        "Arcade",
        "Chip tunes and dance floors: square waves, arpeggios and synthetic drums, from one bleep to the final boss.",
    ),
}


@dataclass(frozen=True)
class Track:
    """Describes a recording.

    Args:
        name: of its file.
        title, author, licence: as its source says.
    """

    name: str
    title: str
    author: str
    licence: str


def make_music_release(name: str, data_dir: Path, to: Path, command: str, seed: int = 0) -> Path:
    """Learn a release of `MUSIC_RELEASES` and write it.

    The model is the linear one, which takes seconds and a tenth of the room of a network.

    Args:
        data_dir: holds `tracks.csv` and the folders of the sets.
        to: folder of releases.
        command: what the person typed.

    Raises:
        AiTunesError: the data are not there, or the folder is taken.
    """
    release = MUSIC_RELEASES[name]
    tracks = free_tracks(data_dir, release)
    listing, survey, frames = collect_tracks(data_dir, release, tracks)
    learner = Learner(frames, LearnSettings(latent_dim=COORDINATES, seed=seed))
    learnt = next(learner.run(_ANY_SECONDS)).model
    figures = _heard(learnt, frames, {file.name: file for file in listing.files})
    figures |= motion_figures(learnt.model, frames.tracks, frames.frame_rate)
    licence = credits_text([tracks[file.name] for file in listing.files])
    source = Source(f"{data_dir.resolve().name}/{release.part}", licence, survey.digest, command, figures)
    names = LearntNames(name, release.public_name, release.description)
    return export_learnt(learnt, frames, to, names, source, for_hosts=False, motion_frames=_MOTION_FRAMES)


def free_tracks(data_dir: Path, release: MusicRelease) -> dict[str, Track]:
    """Read the tracks of a release, by file name: those whose licence is stated in full, and allows it.

    Raises:
        TrainingError: the table cannot be read, or has none of them.
    """
    table = data_dir / _TABLE
    try:
        with table.open(encoding="utf-8", newline="") as lines:
            rows = [row for row in csv.DictReader(lines) if row["set"] == release.part]
            tracks = [Track(Path(row["path"]).name, row["title"], row["author"], row["licence"]) for row in rows]
    except (OSError, UnicodeDecodeError, KeyError, csv.Error) as error:
        why = reason(error) if isinstance(error, OSError) else f"it is no such table ({error})"
        raise TrainingError(
            f"{table} cannot be read: {why}. --data-dir names a folder with a tracks.csv (path, set, title, author, "
            "licence) and a folder for each set."
        ) from error
    kept = [track for track in tracks if track.licence.startswith(_FREE) and track.title not in release.without]
    if not kept:
        raise TrainingError(f"{table} names no track of the set {release.part} under a free licence.")
    return {track.name: track for track in kept}


def credits_text(tracks: Sequence[Track]) -> str:
    """Say who made the tracks, by licence; titles where the licence asks for attribution.

    >>> credits_text([Track("a.opus", "Air", "Ann", "CC-BY-3.0"), Track("b.opus", "Bee", "Bob", "CC0-1.0")])
    'Excerpts. CC BY 3.0 (creativecommons.org/licenses/by/3.0): Ann (Air). CC0 1.0: Bob.'
    """
    parts = []
    for licence in sorted({track.licence for track in tracks}):
        asks = licence.startswith("CC-BY")
        titles: dict[str, list[str]] = {}
        for track in tracks:
            if track.licence == licence:
                titles.setdefault(track.author, []).append(track.title)
        who = "; ".join(f"{author} ({', '.join(names)})" if asks else author for author, names in titles.items())
        kind, _, version = licence.rpartition("-")
        title = f"{kind.replace('-', ' ')} {version}" if kind else licence
        where = f" (creativecommons.org/licenses/by/{version})" if asks else ""
        parts.append(f"{title}{where}: {who}.")
    text = " ".join(["Excerpts.", *parts])
    if len(text) > _MAX_CREDITS:
        raise TrainingError(f"The credits have {len(text):,} characters, and a card at most {_MAX_CREDITS:,}.")
    return text


class _Credited(FrameCollector):
    """Labels sounds by their authors, so that the map names them."""

    def __init__(self, tracks: dict[str, Track]) -> None:
        super().__init__()
        self._tracks = tracks

    @override
    def add(self, name: str, label: str, y: FloatArray, side: FloatArray | None = None) -> None:
        super().add(name, self._tracks[name].author, y, side)


def collect_tracks(data_dir: Path, release: MusicRelease, tracks: dict[str, Track]) -> tuple[Listing, Survey, Frames]:
    """Read all tracks of a release from their beginning to their end."""
    listing = list_folder(data_dir / release.part)
    listing.files = [file for file in listing.files if file.name in tracks]
    survey, collector = Survey(listing), _Credited(tracks)
    gather(survey, open_headers(survey, _UNHURRIED), collector, _UNHURRIED, lambda share: None)
    return listing, survey, collector.finish()


def _heard(learnt: LearntModel, frames: Frames, files: dict[str, SoundFile]) -> dict[str, float]:
    """Measure held-out tracks as the instrument plays them: ten seconds from the middle of each."""
    found = []
    for name in frames.held_files:
        y = middle_of(files[name].path)
        found.append(distances(rendered(learnt.model, y, frames.features), y))
    if not found:
        return {}
    spectral, cepstral = np.mean(found, axis=0)
    return {"held_log_spectral_db": round(float(spectral), 2), "held_mel_cepstral_db": round(float(cepstral), 2)}
