"""From audio files to a store of patches: in parallel, resumable, the same bytes whatever the interruptions.

Every track's patches become a file of their own in a folder beside the store, named after all that decides
them; finished ones are found again after an interruption. When all are there they are copied into the store in
the order of the tracks, so neither the number of workers nor their order leaves a trace.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
from joblib import Parallel, delayed
from numpy.typing import NDArray

from aitunes.datasets.folder import Track, Tracks
from aitunes.errors import TrainingError
from aitunes.features import AudioFeatures, FloatArray
from training.feature_store import StoreCard, write_store
from training.log_mel import DamagedFileError, LogMel
from training.prepare import split_clips

_SHARD_VERSION = 1
_OVERHEAD = 1.05
_LISTED = 20


@dataclass(frozen=True)
class PrepareOptions:
    """What a person may choose.

    Args:
        features: how patches are made.
        patches_per_track: at most this many, evenly spread; None takes all.
        held_out: share of the tracks of every label kept for evaluation.
        seed: of that choice.
        workers: threads.
    """

    features: AudioFeatures
    patches_per_track: int | None = None
    held_out: float = 0.1
    seed: int = 0
    workers: int = 2


Progress = Callable[[int, int, float], None]
"""Told how many of how many tracks are done, and how many seconds of sound the last one had."""


def prepare_tracks(data: Tracks, options: PrepareOptions, to: Path, progress: Progress) -> StoreCard:
    """Read every track, cut it into patches, and write the store.

    Args:
        to: the store's file; what stood there stays until the new one is whole.

    Returns:
        The store's card; `skipped` has a sentence for each track that gave no patches.

    Raises:
        TrainingError: no track gave a patch, the disk is too small or fills up, or somebody stopped it: what is done
            stays, and the same call goes on from there.
    """
    shards = to.with_name(f".{to.name}.parts")
    paths = [shards / f"{_key(track, options)}.npy" for track in data.tracks]
    missing = [n for n, path in enumerate(paths) if not _is_whole(path)]
    _make_folder(to.parent)
    _check_space(to.parent, [data.tracks[n] for n in missing], options, [path for path in paths if path.exists()])
    shards.mkdir(exist_ok=True)
    try:
        refused = _make_shards(data.tracks, paths, missing, options, progress)
        kept = [n for n in range(len(paths)) if n not in refused]
        if not kept:
            shutil.rmtree(shards)
            raise TrainingError(_nothing_left(refused))
        card = _assemble(data, options, to, [paths[n] for n in kept], kept, tuple(refused.values()))
    except KeyboardInterrupt as stop:
        raise TrainingError("Preparation was stopped; the same command goes on where it stood.") from stop
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        raise TrainingError(
            f"The disk that holds {to.parent.resolve()} is full. Make room there; the same command goes on where it "
            "stood."
        ) from error
    shutil.rmtree(shards)
    return card


def _make_shards(
    tracks: Sequence[Track], paths: list[Path], missing: list[int], options: PrepareOptions, progress: Progress
) -> dict[int, str]:
    """Write the shards that are missing; returns why some tracks have none."""
    log_mel = LogMel(options.features)
    jobs = (delayed(_make_shard)(n, tracks[n], paths[n], options, log_mel) for n in missing)
    refused: dict[int, str] = {}
    done = len(tracks) - len(missing)
    progress(done, len(tracks), 0.0)
    # Threads are enough: decoding, resampling, transform and mel bands all run without the GIL. A caller's
    # joblib.parallel_config, Dask's for one, still decides otherwise.
    parallel = Parallel(n_jobs=options.workers, prefer="threads", return_as="generator_unordered")
    for n, seconds, reason in parallel(jobs):
        done += 1
        if reason:
            refused[n] = reason
        progress(done, len(tracks), seconds)
    return dict(sorted(refused.items()))


def _make_shard(
    n: int, track: Track, path: Path, options: PrepareOptions, log_mel: LogMel
) -> tuple[int, float, str | None]:
    try:
        S = log_mel.of_file(track.path)
    except DamagedFileError as error:
        return n, 0.0, str(error)
    features = options.features
    seconds = len(S) / features.frame_rate
    patches = cut(S, features.frames, options.patches_per_track)
    if not len(patches):
        wanted = ((features.frames - 1) * features.hop_length + features.n_fft) / features.sample_rate
        return n, seconds, _no_patch(track.path, len(S), seconds, features.frames, wanted)
    unfinished = path.with_suffix(f".{os.getpid()}-{n}.part")
    try:
        with unfinished.open("wb") as stream:
            np.save(stream, patches)
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
    return n, seconds, None


def _no_patch(path: Path, count: int, seconds: float, frames: int, wanted: float) -> str:
    if count < frames:
        return f"{path} is too short: {seconds:.2f} s of frames, where one patch needs {wanted:.2f} s."
    return f"{path} is silent."


def cut(S: FloatArray, frames: int, most: int | None) -> FloatArray:
    """Patches [items, n_mels, frames] of frames S [count, n_mels], one after the other, silent ones left out."""
    count = len(S) // frames
    patches = S[: count * frames].reshape(count, frames, S.shape[1]).transpose(0, 2, 1)
    patches = patches[patches.max(axis=(1, 2)) > 0.0] if count else patches
    if most is not None and len(patches) > most:
        patches = patches[np.linspace(0, len(patches) - 1, most).round().astype(int)]
    return np.ascontiguousarray(patches)


def _assemble(
    data: Tracks, options: PrepareOptions, to: Path, shards: list[Path], kept: list[int], skipped: tuple[str, ...]
) -> StoreCard:
    names = np.array([data.tracks[n].name for n in kept])
    labels = np.array([data.tracks[n].label for n in kept])
    held = hold_out(labels, options.held_out, options.seed)
    card = StoreCard(data.name, data.licence, options.features, options.seed, options.held_out, skipped)
    return write_store(to, card, (names, labels, held), _Shards(shards))


class _Shards:
    """Arrays on disk, one at a time, as often as asked."""

    def __init__(self, paths: list[Path]) -> None:
        self.paths = paths

    def __iter__(self) -> Iterator[FloatArray]:
        return (np.load(path, mmap_mode="r", allow_pickle=False) for path in self.paths)


def hold_out(labels: NDArray[np.str_], share: float, seed: int) -> NDArray[np.bool_]:
    """Which tracks are kept for evaluation: of every label the same share, and one at least of two or more."""
    _, evaluation = split_clips(labels, share, seed)
    held = np.zeros(len(labels), dtype=bool)
    held[evaluation] = True
    if not held.any() and len(labels) > 1:
        held[np.random.default_rng(seed).integers(len(labels))] = True
    return held


def _key(track: Track, options: PrepareOptions) -> str:
    """A name that changes with everything that decides a track's patches."""
    file = track.path.stat()
    decides = [_SHARD_VERSION, track.name, file.st_size, file.st_mtime_ns, options.patches_per_track]
    text = json.dumps([*decides, options.features.as_dict()], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:40]


def _is_whole(path: Path) -> bool:
    # A file gets its name when it is whole, but a crashed machine may have lost what was still to be written.
    try:
        np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError):
        return False
    return True


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError) as error:
        raise TrainingError(f"{folder} is no folder; name a file in a folder with --features.") from error


def _check_space(folder: Path, missing: list[Track], options: PrepareOptions, done: list[Path]) -> None:
    """Shards that are still to be made, and the store besides all shards, must fit on the disk."""
    fresh = sum(_estimated_bytes(track.path, options) for track in missing)
    wanted = _OVERHEAD * (2 * fresh + sum(path.stat().st_size for path in done))
    free = shutil.disk_usage(folder).free
    if wanted > free:
        raise TrainingError(
            f"The features need about {_size(wanted)} in {folder.resolve()} for a while (half of it in the end), where "
            f"{_size(free)} are free. Choose another disk with --features, or fewer items."
        )


def _size(count: float) -> str:
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{count / 1e6:.1f} MB"


def _estimated_bytes(path: Path, options: PrepareOptions) -> int:
    features = options.features
    try:
        seconds = soundfile.info(path).duration
    except (soundfile.SoundFileError, OSError, RuntimeError):
        return 0  # damaged: counted when it is read
    patches = int(seconds * features.frame_rate / features.frames)
    most = options.patches_per_track
    return 4 * features.n_mels * features.frames * (patches if most is None else min(patches, most))


def _nothing_left(refused: dict[int, str]) -> str:
    reasons = list(refused.values())
    more = f" … and {len(reasons) - _LISTED} more." if len(reasons) > _LISTED else ""
    return f"No track gave a patch; {len(reasons)} failed. " + " ".join(reasons[:_LISTED]) + more
