"""Makes shards, files that each hold the segments of some tracks; see docs/decisions/0006-sharded-features.md.

A shard is what one worker makes in one go and what a training reads in one go. Which tracks share one depends on
the tracks alone, so that every run, whatever its workers and interruptions, makes the same shards.
"""

from __future__ import annotations

import hashlib
import io
import json
import socket
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aitunes.audio_processing.decoding import AudioFileError
from aitunes.audio_processing.levels import Levels, frame_power, levelled
from aitunes.datasets.folder import Track
from aitunes.errors import TrainingError
from aitunes.features import AudioFeatures, FloatArray
from aitunes.remote_paths import is_remote, write_whole
from training.data.log_mel import LogMel
from training.data.sources import hash_of_file

WORK = ".work"
_VERSION = 4
_AUDIO_BYTES = 16 << 20
_MIN_SHARDS = 64


@dataclass(frozen=True)
class Plan:
    """Describes a shard to be made.

    Args:
        number: its index.
        tracks: numbers of its tracks in the data set, in the order in which they lie in it, [tracks].
        key: changes with everything that decides its contents, hexadecimal.
    """

    number: int
    tracks: NDArray[np.int32]
    key: str


@dataclass(frozen=True)
class Made:
    """Describes a shard that was made.

    Args:
        file: its name in the store; "" where none of its tracks gave a segment.
        counts: segments of each of its tracks.
        hashes: SHA-256 of each track's segments, one after the other, 32 bytes each.
        files: `hash_of_file` of each track's file, likewise.
        sums: of the segments' values, of their squares, and how many are 0.
        refused: why tracks gave none, by their index in the shard.
        noted: sentences about tracks of which something was left out or changed, likewise.
        seconds: of sound that was read.
    """

    file: str
    counts: tuple[int, ...]
    hashes: bytes
    files: bytes
    sums: tuple[float, float, float]
    refused: dict[int, str]
    noted: dict[int, str]
    seconds: float


@dataclass(frozen=True)
class Plans:
    """The shards of a data set.

    Args:
        shards: to be made.
        stamps: of every track's file its bytes, and when its contents and when anything of it changed last,
            nanoseconds since 1970, [tracks, 3].
    """

    shards: list[Plan]
    stamps: NDArray[np.int64]


def plan_shards(tracks: Sequence[Track], decides: dict[str, Any]) -> Plans:
    """Deal the tracks into shards of about 16 MiB of audio files; small data sets into 64, as far as tracks go.

    Neighbours in a shard are neighbours by a hash of their names: every shard is a mixture of the whole, so a
    training that shuffles inside a window of shards sees all kinds in each.

    Args:
        decides: what besides the files decides the segments.
    """
    # Arrays, and no track is kept: they may be very many.
    read = np.fromiter(map(_stamp_and_turn, tracks), np.dtype((np.int64, 4)), len(tracks))
    stamps = np.asarray(read[:, :3], np.int64)
    size, turn = read[:, 0], read[:, 3]
    order = np.argsort(turn, kind="stable").astype(np.int32)
    most = min(_AUDIO_BYTES, size.sum() / _MIN_SHARDS)
    starts: list[int] = []
    filled = most
    for n, more in enumerate(size[order].tolist()):
        if filled >= most:
            starts.append(n)
            filled = 0
        filled += more
    plans = []
    for number, group in enumerate(np.split(order, starts[1:])):
        files = [[tracks[n].name, *stamps[n].tolist()] for n in group]
        plans.append(Plan(number, group, _hash(json.dumps([_VERSION, decides, *files], sort_keys=True))))
    return Plans(plans, stamps)


def _stamp_and_turn(track: Track) -> tuple[int, int, int, int]:
    """Return a file's size and times of change, and the key that orders it by the hash of its name."""
    stat = track.path.stat()
    touched = 0 if is_remote(track.path) else stat.st_ctime_ns
    turn = int.from_bytes(hashlib.sha256(track.name.encode()).digest()[:7], "big")
    return stat.st_size, stat.st_mtime_ns, touched, turn


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:40]


def make_shard(plan: Plan, tracks: Sequence[Track], store: Path, features: AudioFeatures, most: int | None) -> Made:
    """Read tracks and write their segments, then a note that they are there.

    Args:
        tracks: of the shard.
        most: segments of a track, evenly spread; None takes all.

    Raises:
        TrainingError: a track's file is not there.
    """
    parts, files, refused, noted, seconds = [], list[bytes](), dict[int, str](), dict[int, str](), 0.0
    for n, track in enumerate(tracks):
        notes: list[str] = []
        try:
            part, length = _segments(track, features, most, notes.append)
        except AudioFileError as error:
            part, length = np.empty((0, features.n_mels, features.frames), np.float32), 0.0
            refused[n] = _without_folder(str(error), track)
        if notes and n not in refused:
            noted[n] = _without_folder(" ".join(notes), track)
        parts.append(part)
        files.append(hash_of_file(track.path))
        seconds += length
    file = _write_shard(store, plan.number, parts, features)
    hashes, digests = b"".join(hashlib.sha256(part.data).digest() for part in parts), b"".join(files)
    counts = tuple(len(part) for part in parts)
    made = Made(file, counts, hashes, digests, _sums(parts), refused, noted, round(seconds, 6))
    note = json.dumps({**asdict(made), "hashes": hashes.hex(), "files": digests.hex()})
    write_whole(store / WORK / f"{plan.key}.json", [note.encode()], durable=False)
    return made


def read_made(path: Path) -> Made:
    """Read what `make_shard` noted.

    Raises:
        OSError, ValueError, TypeError, KeyError: it is not there, or damaged.
    """
    values = json.loads(path.read_bytes())
    for kind in ("refused", "noted"):
        values[kind] = {int(n): sentence for n, sentence in values[kind].items()}
    values |= {name: tuple(values[name]) for name in ("counts", "sums")}
    values |= {name: bytes.fromhex(values[name]) for name in ("hashes", "files")}
    return Made(**values)


def shard_header(items: int, features: AudioFeatures) -> bytes:
    """Encode the header, in NumPy's format, of a shard of so many segments."""
    stream = io.BytesIO()
    shape = (items, features.n_mels, features.frames)
    np.lib.format.write_array_header_1_0(stream, {"descr": "<f4", "fortran_order": False, "shape": shape})
    return stream.getvalue()


def shard_size(items: int, features: AudioFeatures) -> int:
    """Return the bytes of a shard of so many segments."""
    return len(shard_header(items, features)) + 4 * features.n_mels * features.frames * items


def cut(S: FloatArray, frames: int, most: int | None) -> FloatArray:
    """Cut frames S [count, n_mels] into segments [items, n_mels, frames], silent ones left out."""
    count = len(S) // frames
    segments = S[: count * frames].reshape(count, frames, S.shape[1]).transpose(0, 2, 1)
    segments = segments[segments.max(axis=(1, 2)) > 0.0] if count else segments
    if most is not None and len(segments) > most:
        segments = segments[np.linspace(0, len(segments) - 1, most).round().astype(int)]
    return np.ascontiguousarray(segments)


@lru_cache(maxsize=4)
def _log_mel(features: AudioFeatures) -> LogMel:
    return LogMel(features)


def _without_folder(sentence: str, track: Track) -> str:
    """Name a track in a sentence in the same way wherever the data lie."""
    return sentence.replace(str(track.path), track.name)


def _segments(
    track: Track, features: AudioFeatures, most: int | None, notify: Callable[[str], None]
) -> tuple[FloatArray, float]:
    """Compute the segments of a track, and its seconds of sound."""
    if not track.path.is_file():
        raise TrainingError(
            f"{socket.gethostname()} sees no file {track.path}. Every machine that prepares must see the data under "
            "the same path, or in an object store; the same command goes on where it stood."
        )
    S = _log_mel(features).of_file(track.path, notify)
    if not len(S):
        window = features.n_fft / features.sample_rate
        raise AudioFileError(f"{track.path} is too short: less than one window of {window:.2g} s.")
    seconds = len(S) / features.frame_rate
    if features.frames == 1:
        S = _levelled(S, features)
    segments = cut(_filled(S, features.frames), features.frames, most)
    if not len(segments):
        raise AudioFileError(f"{track.path} is silent.")
    return segments, seconds


def _levelled(S: FloatArray, features: AudioFeatures) -> FloatArray:
    """Even out the loudness of single frames [count, n_mels] and drop quiet ones: no point of a map is to be silent."""
    mel = features.denormalise(S)
    # A magnitude that a band spreads over its bins has this share of the power; bands that overlap add a constant.
    shares = 1.0 / np.maximum((features.filter_bank.astype(np.float64) ** 2).sum(axis=1), 1e-12)
    power = (shares * mel.astype(np.float64) ** 2).sum(axis=1)
    level_db = 10.0 * np.log10(np.maximum(power / frame_power(0.0, features.n_fft), 1e-20))
    kept, gain_db = levelled(level_db, Levels())
    return features.normalise(mel[kept] * 10.0 ** (gain_db / 20.0)[:, None])


def _filled(S: FloatArray, frames: int) -> FloatArray:
    """Pad a sound shorter than a segment, such as a drum, with silence."""
    return np.pad(S, ((0, max(frames - len(S), 0)), (0, 0)))


def _write_shard(store: Path, number: int, parts: list[FloatArray], features: AudioFeatures) -> str:
    """Write a shard under a name that is the hash of its contents: a repeated run makes the same file."""
    items = sum(len(part) for part in parts)
    if not items:
        return ""
    buffers: list[Any] = [
        shard_header(items, features),
        *(part.astype("<f4", copy=False).data for part in parts if len(part)),
    ]
    digest = hashlib.sha256()
    for piece in buffers:
        digest.update(piece)
    file = f"{number:05d}-{digest.hexdigest()[:16]}.npy"
    write_whole(store / file, buffers, durable=False)  # whoever finds it looks at its size
    return file


def _sums(parts: list[FloatArray]) -> tuple[float, float, float]:
    total, power, silent = 0.0, 0.0, 0.0
    for part in parts:
        total += float(part.sum(dtype=np.float64))
        power += float(np.einsum("ijk,ijk->", part, part, dtype=np.float64))
        silent += float((part == 0.0).sum())
    return total, power, silent
