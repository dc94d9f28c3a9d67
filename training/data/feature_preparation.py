"""Turns audio files into a store of segments: in parallel, resumable, the same bytes whatever the interruptions.

Tracks are dealt into shards; each shard is made by one worker, on this machine or another, and noted when it is
whole. Noted ones are used again after an interruption. When all are there the index is written, which makes them a
store; neither the number of workers nor their order leaves a trace.
"""

from __future__ import annotations

import errno
import hashlib
import json
import re
import shutil
import warnings
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import numpy as np
from joblib import Parallel, delayed
from numpy.typing import NDArray

from aitunes.audio_processing.decoding import AudioFileError, SoundStream
from aitunes.datasets.folder import Track, Tracks
from aitunes.errors import TrainingError
from aitunes.features import AudioFeatures
from aitunes.remote_paths import check_reachable, file_sizes, is_remote
from training.data.feature_store import StoreCard, Texts, TrackTable, files_of, write_index
from training.data.prepare import split_clips
from training.data.shards import WORK, Made, Plan, Plans, make_shard, plan_shards, read_made, shard_size
from training.data.sources import DIGEST_BYTES, write_sources

_OVERHEAD = 1.05
_LISTED = 20
_SAMPLED = 200
# Shards and tables, and files that a process did not live to finish.
_OURS = re.compile(r"(\d{5,}|tracks)-[0-9a-f]{16}\.npy|sources-[0-9a-f]{16}\.txt|\..*\.part(ial)?")


@dataclass(frozen=True)
class PrepareOptions:
    """Holds the options of a preparation.

    Args:
        features: how segments are made.
        segments_per_track: at most this many, evenly spread; None takes all.
        held_out: share of the tracks of every label kept for evaluation.
        seed: of that choice.
        workers: threads.
        scheduler: address of a Dask cluster that does the work instead.
    """

    features: AudioFeatures
    segments_per_track: int | None = None
    held_out: float = 0.1
    seed: int = 0
    workers: int = 2
    scheduler: str | None = None


Progress = Callable[[int, int, float], None]
"""Called with the tracks done, all tracks, and the seconds of sound of the last ones."""


def prepare_tracks(data: Tracks, options: PrepareOptions, to: Path, progress: Progress) -> StoreCard:
    """Read every track, cut it into segments, and write the store.

    Args:
        to: the store's folder; a store that stood there stays until the new one is whole.

    Returns:
        The store's card; `skipped` has a sentence for each track that gave no segments.

    Raises:
        TrainingError: no track gave a segment, the disk is too small or fills up, the cluster or the object store
            cannot be used, or somebody stopped it: what is done stays, and the same call goes on from there.
    """
    check_reachable(to)
    planned = plan_shards(data.tracks, {"most": options.segments_per_track, **options.features.as_dict()})
    plans = planned.shards
    try:
        _make_folder(to)
        made = _find_made(plans, to, options.features)
        missing = [plan for plan in plans if plan.number not in made]
        _check_space(to, data.tracks, missing, options)
        _make_missing(data.tracks, missing, options, to, made, progress)
        if not any(shard.file for shard in made.values()):
            _discard(to)
            raise TrainingError(_nothing_left([shard.refused[n] for shard in made.values() for n in shard.refused]))
        card = _finish(data, options, to, planned, [made[plan.number] for plan in plans])
    except KeyboardInterrupt as stop:
        raise TrainingError("Preparation was stopped; the same command goes on where it stood.") from stop
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        raise TrainingError(
            f"The disk that holds {to.resolve()} is full. Make room there; the same command goes on where it stood."
        ) from error
    _tidy(to)
    return card


def _find_made(plans: list[Plan], to: Path, features: AudioFeatures) -> dict[int, Made]:
    """Find shards that an interrupted run has left whole."""
    there, notes = file_sizes(to), file_sizes(to / WORK)
    made = {}
    for plan in plans:
        if f"{plan.key}.json" not in notes:
            continue
        try:
            shard = read_made(to / WORK / f"{plan.key}.json")
        except (OSError, ValueError, TypeError, KeyError):
            continue  # a crashed machine may have lost what was still to be written
        if not shard.file or there.get(shard.file) == shard_size(sum(shard.counts), features):
            made[plan.number] = shard
    return made


def _make_missing(
    tracks: Sequence[Track],
    missing: list[Plan],
    options: PrepareOptions,
    to: Path,
    made: dict[int, Made],
    progress: Progress,
) -> None:
    """Make the missing shards, here or on a cluster."""
    done = len(tracks) - sum(len(plan.tracks) for plan in missing)
    progress(done, len(tracks), 0.0)
    # Absolute, because another machine's working folder is another.
    store = to if is_remote(to) else to.absolute()
    jobs = (delayed(_numbered)(plan, [_absolute(tracks[n]) for n in plan.tracks], store, options) for plan in missing)
    with _cluster(options, [tracks[0].path, store]) if missing else nullcontext():
        # Threads are enough on one machine: decoding, resampling, transform and mel bands run without the GIL.
        parallel = Parallel(n_jobs=options.workers, prefer="threads", return_as="generator_unordered", batch_size=1)
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message=".*successfully executed.*but not used")  # where it is stopped
            for number, shard in parallel(jobs):
                made[number] = shard
                done += len(shard.counts)
                progress(done, len(tracks), shard.seconds)


def _cluster(options: PrepareOptions, paths: list[Path]) -> AbstractContextManager[object]:
    if options.scheduler is None:
        return nullcontext()
    from training.data.cluster import dask_cluster  # only here: distributed is an extra

    return dask_cluster(options.scheduler, paths)


def _numbered(plan: Plan, tracks: list[Track], store: Path, options: PrepareOptions) -> tuple[int, Made]:
    return plan.number, make_shard(plan, tracks, store, options.features, options.segments_per_track)


def _absolute(track: Track) -> Track:
    return track if is_remote(track.path) else Track(track.path.absolute(), track.name, track.label)


def _finish(data: Tracks, options: PrepareOptions, to: Path, planned: Plans, made: list[Made]) -> StoreCard:
    """Write table and index; of tracks that gave nothing the card keeps a sentence."""
    _check_arrived(to, made)
    plans = planned.shards
    # Arrays of a few bytes a track: they may be very many.
    items, shard, row = (np.zeros(len(data.tracks), np.int32) for _ in range(3))
    hashes, sources = (np.zeros((len(data.tracks), size), np.uint8) for size in (32, DIGEST_BYTES))
    files = list[tuple[str, int]]()
    for plan, shard_made in zip(plans, made, strict=True):
        counts = np.array(shard_made.counts)
        items[plan.tracks], shard[plan.tracks], row[plan.tracks] = counts, len(files), np.cumsum(counts) - counts
        hashes[plan.tracks] = np.frombuffer(shard_made.hashes, np.uint8).reshape(-1, 32)
        sources[plan.tracks] = np.frombuffer(shard_made.files, np.uint8).reshape(-1, DIGEST_BYTES)
        files += [(shard_made.file, int(counts.sum()))] if shard_made.file else []
    kept = np.flatnonzero(items)
    names, labels = (_texts(getattr(data.tracks[n], what) for n in kept.tolist()) for what in ("name", "label"))
    held = hold_out(labels, options.held_out, options.seed)
    table = TrackTable(names, labels, held, items[kept], shard[kept], row[kept])
    whole = _hash_of_all((hashes[n].tobytes() for n in kept), table, options.features)
    statistics = _statistics(options.features, int(items.sum()), made)
    card = StoreCard(
        data.name, data.licence, options.features, options.seed, options.held_out, _sentences(plans, made, "refused"),
        whole, statistics, (*data.notes, *_sentences(plans, made, "noted")),
    )  # fmt: skip
    write_index(to, card, table, files, write_sources(to, data.tracks, planned.stamps, sources))
    return card


def _sentences(plans: list[Plan], made: list[Made], kind: str) -> tuple[str, ...]:
    """Collect what was "refused" or "noted", a sentence a track, in the order of the tracks."""
    of_track = {
        int(plan.tracks[n]): sentence
        for plan, shard in zip(plans, made, strict=True)
        for n, sentence in getattr(shard, kind).items()
    }
    return tuple(of_track[n] for n in sorted(of_track))


def _texts(texts: Iterable[str]) -> Texts:
    return np.fromiter(texts, np.dtypes.StringDType())


def _hash_of_all(hashes: Iterable[bytes], table: TrackTable, features: AudioFeatures) -> str:
    """Hash segments, names and labels, independently of the shards."""
    digest, between = hashlib.sha256(), ""
    for text in chain(map(bytes.hex, hashes), table.names, table.labels):
        digest.update(f"{between}{text}".encode())
        between = "\n"
    digest.update(json.dumps(features.as_dict(), sort_keys=True).encode())
    return digest.hexdigest()


def _check_arrived(to: Path, made: list[Made]) -> None:
    there = file_sizes(to)
    lost = [shard.file for shard in made if shard.file and shard.file not in there]
    if lost:
        raise TrainingError(
            f"{len(lost)} of {len(made)} shards were written by workers but are not in {to}: name a folder with "
            "--features that all machines share, or an object store; the same command then makes the missing ones."
        )


def _statistics(features: AudioFeatures, count: int, made: list[Made]) -> dict[str, float]:
    total, power, silent = np.sum([shard.sums for shard in made], axis=0) / (count * features.n_mels * features.frames)
    seconds = count * features.frames / features.frame_rate
    values = {"mean": total, "std": max(0.0, power - total**2) ** 0.5, "silent": silent, "seconds": seconds}
    return {name: round(float(value), 6) for name, value in values.items()}


def _tidy(to: Path) -> None:
    """Remove notes, and files of earlier or interrupted runs that the index does not name."""
    ours = files_of(to)
    for name in file_sizes(to):
        if name not in ours and _OURS.fullmatch(name):
            (to / name).unlink()
    _remove_notes(to)


def _discard(to: Path) -> None:
    """Remove all files of a run that made nothing."""
    _remove_notes(to)
    if not is_remote(to) and not any(to.iterdir()):
        to.rmdir()


def _remove_notes(to: Path) -> None:
    if is_remote(to):
        for name in file_sizes(to / WORK):
            (to / WORK / name).unlink()
    else:
        shutil.rmtree(to / WORK)


def hold_out(labels: Texts, share: float, seed: int) -> NDArray[np.bool_]:
    """Choose the tracks kept for evaluation: the same share of every label, and at least one of two or more."""
    _, evaluation = split_clips(labels, share, seed)
    held = np.zeros(len(labels), dtype=bool)
    held[evaluation] = True
    if not held.any() and len(labels) > 1:
        held[np.random.default_rng(seed).integers(len(labels))] = True
    return held


def _make_folder(folder: Path) -> None:
    if is_remote(folder):
        return
    try:
        (folder / WORK).mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError) as error:
        raise TrainingError(f"{folder} is no folder; name one, new or of features, with --features.") from error


def _check_space(folder: Path, tracks: Sequence[Track], plans: list[Plan], options: PrepareOptions) -> None:
    """Refuse shards that do not fit on the disk."""
    if is_remote(folder) or not plans or is_remote(tracks[0].path):
        return
    missing = np.concatenate([plan.tracks for plan in plans])
    chosen = missing[:: -(-len(missing) // _SAMPLED)]
    needed = _OVERHEAD * sum(_estimated_bytes(tracks[n].path, options) for n in chosen) * len(missing) / len(chosen)
    free = shutil.disk_usage(folder).free
    if needed > free:
        raise TrainingError(
            f"The features need about {_size(needed)} in {folder.resolve()}, where {_size(free)} are free. Choose "
            "another disk with --features, or fewer items."
        )


def _size(count: float) -> str:
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{count / 1e6:.1f} MB"


def _estimated_bytes(path: Path, options: PrepareOptions) -> int:
    features = options.features
    try:
        with SoundStream(path) as sound:
            seconds = sound.declared_seconds or 0.0
    except AudioFileError:
        return 0  # damaged: counted when it is read
    segments = int(seconds * features.frame_rate / features.frames)
    most = options.segments_per_track
    return 4 * features.n_mels * features.frames * (segments if most is None else min(segments, most))


def _nothing_left(reasons: list[str]) -> str:
    more = f" … and {len(reasons) - _LISTED} more." if len(reasons) > _LISTED else ""
    return f"No track gave a segment; {len(reasons)} failed. " + " ".join(reasons[:_LISTED]) + more
