"""Opens the segments that a model is trained on and evaluated with, in memory or on disk, with their labels."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

import numpy as np
import psutil
from numpy.typing import NDArray

from aitunes.audio_processing.levels import Levels
from aitunes.datasets.folder import Track, Tracks
from aitunes.datasets.items import Items, SplitItems
from aitunes.datasets.notes import Notes
from aitunes.errors import AiTunesError, TrainingError
from aitunes.experiments.cases.case import AnyData, Case, ClipSeries
from aitunes.experiments.scenarios.scenario import Scenario
from aitunes.features import AudioFeatures, FloatArray
from aitunes.file_names import spelled
from aitunes.remote_paths import check_reachable, is_remote
from training.data.feature_preparation import PrepareOptions, Progress, prepare_tracks
from training.data.feature_store import FeatureStore, StoreCard, is_store
from training.data.note_frames import prepare_notes
from training.data.prepare import prepare, split_clips
from training.data.processes import check_prepared
from training.data.sources import describe_changes
from training.data.stored_segments import StoredSegments
from training.data.texts import shared
from training.data.track_items import ShardItems

_CLIP_HELD_OUT = 0.1
_MIN_STRETCHED = 2


class Segments(Protocol):
    """Reads segments a batch at a time."""

    @property
    def shape(self) -> tuple[int, ...]: ...

    def __len__(self) -> int: ...

    def __getitem__(self, items: NDArray[np.int64], /) -> FloatArray: ...


@dataclass(frozen=True)
class Part:
    """Holds a half of a corpus.

    Args:
        S: segments, [items, *input_shape].
        labels, names: of each, [items]; several segments of a track share its name.
        conditions: conditions of the decoder besides the code, [items, conditions]; of notes, pitch and level.
        by_shard: which lie in each shard of their store; None of what is in none.
    """

    S: Segments
    labels: NDArray[np.str_]
    names: NDArray[np.str_]
    conditions: FloatArray | None = None
    by_shard: ShardItems | None = None

    def __len__(self) -> int:
        return len(self.S)

    def some(self, limit: int | None) -> Part:
        """Load at most so many of its items, spread evenly."""
        count = len(self) if limit is None else min(limit, len(self))
        chosen = np.linspace(0, len(self) - 1, count).round().astype(np.int64)
        return self.of(chosen)

    def of(self, chosen: NDArray[np.int64]) -> Part:
        """Load some of its items, by number."""
        conditions = None if self.conditions is None else self.conditions[chosen]
        return Part(self.S[chosen], self.labels[chosen], self.names[chosen], conditions)


@dataclass(frozen=True)
class Corpus:
    """Holds segments to train on, and of other tracks to evaluate with.

    Args:
        name, licence, hash: of the data, for the card.
        items: tracks, or images, or vectors.
        skipped: tracks that gave nothing.
    """

    name: str
    licence: str
    hash: str
    items: int
    train: Part
    held: Part
    features: AudioFeatures | None = None
    skipped: tuple[str, ...] = ()


@dataclass(frozen=True)
class CorpusOptions:
    """Says where the data come from.

    Args:
        data_dir: the user's folder of data, a path or a URL; None takes `AITUNES_DATA`.
        features: the store of prepared features, likewise; None takes a name in `features/` that says what is in it.
        limit_items: use at most so many tracks, clips or images.
        workers: that prepare.
        seed: of the split, and of data that are generated.
        scheduler: of a Dask cluster that prepares instead of this machine.
        memory_share: of the free memory that segments may take; more of them are read as they are needed.
    """

    data_dir: Path | None = None
    features: Path | None = None
    limit_items: int | None = None
    workers: int = 2
    seed: int = 0
    scheduler: str | None = None
    memory_share: float = 0.4


def store_path(case: Case, features: AudioFeatures, options: CorpusOptions) -> Path:
    """Return the path of a case's prepared features, by default a name that changes with all that decides them."""
    if options.features is not None:
        return options.features
    decides = f"{features.as_dict()} {options.limit_items} {options.seed} {options.data_dir}"
    return Path("features") / f"{case.name}-{hashlib.sha256(spelled(decides).encode()).hexdigest()[:8]}"


def prepare_case(case: Case, scenario: Scenario, options: CorpusOptions, progress: Progress) -> tuple[Path, StoreCard]:
    """Prepare the features of a case's audio files, whatever has been prepared before.

    Raises:
        TrainingError: its data are no files, or cannot be prepared.
    """
    features, data = case.features_of(scenario), _open(case, options)
    if features is None or not isinstance(data, Tracks):
        raise TrainingError(f"{case.name} has no audio files: there is nothing to prepare, train it as it is.")
    if options.limit_items is not None:
        data = replace(data, tracks=_spread(data, options.limit_items))
    path = store_path(case, features, options)
    choices = PrepareOptions(features, seed=options.seed, workers=options.workers, scheduler=options.scheduler)
    return path, prepare_tracks(data, choices, path, progress)


def preparation_sentences(card: StoreCard) -> list[str]:
    """List what people should know about a preparation: tracks that were skipped or read in part."""
    return [*(f"Skipped: {reason}" for reason in card.skipped), *card.notes]


def open_corpus(
    case: Case, scenario: Scenario, options: CorpusOptions, progress: Progress, notify: Callable[[str], None]
) -> Corpus:
    """Open the data of a case for one of its scenarios; audio files are prepared first where they are not yet.

    Raises:
        AiTunesError: the data are not there, or not enough to train and evaluate with.
    """
    features = case.features_of(scenario)
    if features is not None:
        path = store_path(case, features, options)
        check_reachable(path)
        if is_store(path):
            store = FeatureStore(path)
            _notify_changes(case, options, store, notify)
            return _of_store(store, features, options)
    data = _open(case, options)
    if isinstance(data, SplitItems):
        return _of_items(case, data, options.limit_items)
    if features is None:
        raise TrainingError(f"{case.name} gives audio, but says nothing about its features.")
    if isinstance(data, ClipSeries):
        return _of_clips(case, data, features, options)
    if isinstance(data, Notes):
        for sentence in data.sentences:
            notify(sentence)
        data = _some_notes(data, options.limit_items)
        notify(f"Preparing {len(data.notes)} notes of {data.name} …")
        corpus = _of_notes(data, features, options, progress)
        for reason in corpus.skipped:
            notify(f"Skipped: {reason}")
        return corpus
    check_prepared(path)
    notify(f"Preparing {len(data.tracks)} tracks of {data.name} …")
    path, card = prepare_case(case, scenario, options, progress)
    for sentence in preparation_sentences(card):
        notify(sentence)
    return _of_store(FeatureStore(path), features, options)


def _notify_changes(case: Case, options: CorpusOptions, store: FeatureStore, notify: Callable[[str], None]) -> None:
    """Say which files have changed since a store was made of them, where they are still there."""
    try:
        data = _open(case, options)
    except AiTunesError:
        return  # features are enough to go on with
    if not isinstance(data, Tracks) or is_remote(data.tracks[0].path):
        return
    tracks = data.tracks if options.limit_items is None else _spread(data, options.limit_items)
    changes = describe_changes(store.sources, tracks)
    if changes:
        notify(
            f"The sounds of {data.name} have changed since {store.path} was prepared ({changes}); these features are "
            "used as they are. `aitunes-train prepare` with the same options takes the changes in."
        )


def _open(case: Case, options: CorpusOptions) -> AnyData:
    return case.data.open(options.data_dir)


def _spread(data: Tracks, most: int) -> tuple[Track, ...]:
    """Choose some of the tracks, as evenly from every label as possible."""
    by_label: dict[str, list[Track]] = {}
    for track in data.tracks:
        by_label.setdefault(track.label, []).append(track)
    turns = [(n, label, track) for label, tracks in by_label.items() for n, track in enumerate(tracks)]
    chosen = sorted(turns, key=lambda turn: turn[:2])[:most]
    return tuple(sorted((track for _, _, track in chosen), key=lambda track: track.name))


def _of_store(store: FeatureStore, features: AudioFeatures, options: CorpusOptions) -> Corpus:
    card = store.card
    if card.features != features:
        raise TrainingError(
            f"{store.path} holds segments of other features than the scenario needs "
            f"({_differences(card.features, features)}); prepare them for this scenario."
        )
    train, held = (_half(store, held, options.memory_share) for held in (False, True))
    _check_enough(card.name, len(train), len(held))
    return Corpus(card.name, card.licence, card.hash, len(store.tracks.items), train, held, features, card.skipped)


def _half(store: FeatureStore, held: bool, memory_share: float) -> Part:
    table = store.tracks
    if table.held.any() or len(store) < _MIN_STRETCHED:
        stored = StoredSegments.of(store, np.flatnonzero(table.held == held))
    else:
        stored = StoredSegments.stretches(store, _CLIP_HELD_OUT, held)
    # The processes of a training that share a machine share its memory.
    free = psutil.virtual_memory().available / int(os.environ.get("LOCAL_WORLD_SIZE", "1"))
    segments: Segments = stored[np.arange(len(stored))] if store.nbytes < memory_share * free else stored
    labels, names = (shared(texts, stored.track_of) for texts in (table.labels, table.names))
    return Part(segments, labels, names, by_shard=stored.by_shard)


def _differences(stored: AudioFeatures, expected: AudioFeatures) -> str:
    ours, theirs = stored.as_dict(), expected.as_dict()
    return ", ".join(f"{name} {ours[name]} and not {theirs[name]}" for name in ours if ours[name] != theirs[name])


def _of_items(case: Case, data: SplitItems, most: int | None) -> Corpus:
    train, held = data.train.first(most), data.held_out.first(most)
    _check_enough(case.name, len(train), len(held))
    digest = hashlib.sha256(np.ascontiguousarray(train.S).data)
    digest.update(np.ascontiguousarray(held.S).data)
    description = case.data
    return Corpus(
        description.name,
        description.licence,
        digest.hexdigest(),
        len(train) + len(held),
        _part_of(train, "train"),
        _part_of(held, "held out"),
    )


def _part_of(items: Items, half: str) -> Part:
    names = np.array([f"{half} {n}" for n in range(len(items))])
    return Part(items.S, items.labels, names)


def _of_clips(case: Case, clips: ClipSeries, features: AudioFeatures, options: CorpusOptions) -> Corpus:
    count = min(clips.count, options.limit_items or clips.count)
    data = prepare(clips.make_clip, count, options.seed, features, Levels(), workers=options.workers)
    halves = split_clips(data.labels, _CLIP_HELD_OUT, options.seed)
    train, held = (
        Part(data.S[inside], data.labels[data.clips[inside]], data.names[data.clips[inside]])
        for inside in (np.flatnonzero(np.isin(data.clips, half)) for half in halves)
    )
    _check_enough(case.data.name, len(train), len(held))
    return Corpus(case.data.name, case.data.licence, data.hash, count, train, held, features)


def _some_notes(data: Notes, most: int | None) -> Notes:
    """Choose at most so many of the notes, spread evenly."""
    if most is None or most >= len(data.notes):
        return data
    chosen = np.linspace(0, len(data.notes) - 1, most).round().astype(int)
    return replace(data, notes=tuple(data.notes[n] for n in chosen))


def _of_notes(data: Notes, features: AudioFeatures, options: CorpusOptions, progress: Progress) -> Corpus:
    segments = prepare_notes(data, features, options.workers, progress)
    labels, names = (np.array([getattr(note, what) for note in data.notes]) for what in ("label", "name"))
    whole = Part(segments.S, labels[segments.note], names[segments.note], segments.conditions)
    halves = split_clips(labels, _CLIP_HELD_OUT, options.seed)
    train, held = (whole.of(np.flatnonzero(np.isin(segments.note, half))) for half in halves)
    _check_enough(data.name, len(train), len(held))
    return Corpus(data.name, data.licence, segments.hash, len(data.notes), train, held, features, segments.skipped)


def _check_enough(name: str, train: int, held: int) -> None:
    if min(train, held) < 1:
        raise TrainingError(
            f"{name} gives {train} segments to train on and {held} of other tracks to evaluate with; both need one at "
            "least. Use more tracks, or cut a long one in two."
        )
