"""Damaged inputs for every reader of strangers' files and packets: none may raise anything but our own errors."""

from __future__ import annotations

import hashlib
import io
import json
import pickle
import random
import tempfile
import warnings
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import soundfile

from aitunes.audio_processing.files import AudioFileWarning, read_audio
from aitunes.damaged_json import read_entries
from aitunes.datasets.cifar10 import read_batch
from aitunes.datasets.fma import read_genres
from aitunes.datasets.note_table import read_note_table
from aitunes.errors import AiTunesError
from aitunes.motion.choice import NoteMotions
from aitunes.osc.packets import build, bundle, parse
from aitunes.release.archive import copy_files, opened_archive, pack_release
from aitunes.release.arrays import ArraySpec, read_arrays
from aitunes.release.card import ReleaseCard
from aitunes.release.motion import MOTION, Motion, read_motion
from aitunes.release.onnx_model import check_self_contained
from aitunes.release.reader import CARD, DECODER, read_card
from benchmarks.attacks.damage import damaged
from benchmarks.attacks.training_inputs import Store, read_run, read_sound_to_learn, run_record
from instrument.midi.mappings import DEFAULTS
from instrument.midi.midi_file import parse_midi_file
from instrument.midi.setup import Setup
from instrument.pad.preferences import Preferences
from instrument.scores.score import parse_score, without_damage
from instrument.storage.paths import bundled_releases
from instrument.storage.release_index import read_index
from instrument.storage.set_list import read_set_list
from instrument.storage.snapshots import SnapshotFormat
from instrument.synthesis.motion import MotionSettings, NotePlayer
from instrument.synthesis.segment_motion import SegmentMotion

_FOLDER = bundled_releases() / "first-light"
_HOPS = 10
_ARRAYS = {"codes": ArraySpec("f", 2), "labels": ArraySpec("U", 1)}
_LABELS = "path,instrument,midi,licence\na.wav,flute,60,CC0\nb/c.wav,harp,61.5,CC-BY\n"
_SET = 'device = "Scarlett"\n[[song]]\nrelease = "first-light"\ntempo = 92.5\nmidi = "faders"\n'
_GENRES = ",track,track\n,title,genre_top\ntrack_id,,\n2,One,Jazz\n10,Two,Hip-Hop\n"
_SCORE = """\
0 /aitunes/pad/xy 0.5 0.5
1.5 /aitunes/note 60 100  # a note
2 /aitunes/gain -6
3 '/aitunes/latent' 1 2 3 4 0 0 0 -1
"""


@dataclass(frozen=True)
class Reader:
    """Reads one kind of input.

    Args:
        seeds: sound inputs, from which damaged ones are made.
        read: reads an input; raises `AiTunesError` for what it refuses.
    """

    seeds: list[bytes]
    read: Callable[[bytes], object]


def readers(scratch: Path) -> dict[str, Reader]:
    """Return every reader, by the name of what it reads.

    Args:
        scratch: a folder for those that read files.
    """
    card = read_card(_FOLDER)
    file, store = scratch / "input", Store(scratch / "store")

    def from_file(read: Callable[[Path], object], ending: str = "") -> Callable[[bytes], object]:
        path = file.with_suffix(ending)

        def write_and_read(content: bytes) -> object:
            path.write_bytes(content)
            return read(path)

        return write_and_read

    def on_text(read: Callable[[str], object]) -> Callable[[bytes], object]:
        return lambda content: read(content.decode("utf-8", "replace"))

    def no_other(name: str) -> ReleaseCard:
        raise AiTunesError(f"There is no release {name!r}.")

    settings = {"/gain": [-6.0], "/smoothing": [0.5]}
    stored = {"one": {"release": "first-light", "coordinates": [0.0] * 8, "settings": settings}}
    return {
        "card": Reader([(_FOLDER / CARD).read_bytes()], on_text(ReleaseCard.from_json)),
        "map": Reader(_maps(), from_file(lambda path: read_arrays(path, _ARRAYS))),
        "packet": Reader(_packets(), parse),
        "score": Reader([_SCORE.encode()], on_text(lambda text: parse_score(text, card, no_other))),
        "snapshots": Reader([json.dumps(stored).encode()], on_text(SnapshotFormat().parse)),
        "gesture": Reader([_SCORE.encode()], on_text(without_damage)),
        "sound": Reader(_sounds(), from_file(_quietly_read_audio)),
        "mappings": Reader([DEFAULTS.read_bytes()], on_text(Setup)),
        "midi": Reader(_midi_files(), parse_midi_file),
        "packed": Reader(_packed(scratch), from_file(_unpack)),
        "index": Reader([_index()], from_file(lambda path: read_index(str(path)))),
        "labels": Reader([_LABELS.encode(), _LABELS.encode("utf-16")], from_file(read_note_table)),
        "preferences": Reader([json.dumps(asdict(Preferences())).encode()], on_text(_read_preferences)),
        "motion": Reader(_motions(), lambda data: _read_motion(scratch, data)),
        "pictures": Reader(_pictures(), from_file(read_batch)),
        "set": Reader([_SET.encode(), b"\xef\xbb\xbf" + _SET.encode()], from_file(read_set_list)),
        "genres": Reader([_GENRES.encode()], from_file(read_genres)),
        "run": Reader([run_record()], lambda content: read_run(scratch, content)),
        "index of features": Reader([store.index], store.read_index),
        "table of features": Reader([store.table], store.read_table),
        "sound to learn": Reader(_sounds(), from_file(read_sound_to_learn, ".wav")),
        "model": Reader([(_FOLDER / DECODER).read_bytes()[-60_000:]], lambda model: check_self_contained(model, "It")),
    }


def attack(reader: Reader, rng: random.Random, count: int) -> int:
    """Read damaged inputs; returns how many were refused.

    Raises:
        Exception: the first that is not ours; `input` is added to its notes.
    """
    refused = 0
    for _ in range(count):
        content = damaged(reader.seeds, rng)
        try:
            reader.read(content)
        except AiTunesError:
            refused += 1
        except BaseException as error:
            error.add_note(f"input: {content[:2_000]!r}")
            raise
    return refused


def attack_all(total: int, seed: int) -> Iterator[tuple[str, int, int]]:
    """Read that many damaged inputs, shared between all readers.

    Yields:
        name of each, how many it read, and how many of them it refused.
    """
    with tempfile.TemporaryDirectory(prefix="aitunes-attack-") as folder:
        everyone = readers(Path(folder))
        count = max(1, -(-total // len(everyone)))
        for name, reader in everyone.items():
            yield name, count, attack(reader, random.Random(f"{seed} {name}"), count)


def _quietly_read_audio(path: Path) -> object:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", AudioFileWarning)  # says how much of a cut file could be read
        return read_audio(path)


def _read_preferences(text: str) -> Preferences:
    return Preferences.from_values(dict(read_entries(text)[0]))


def _motions() -> list[bytes]:
    """Return the motion of three notes, compressed and stored."""
    folder = bundled_releases() / "chamber"
    motion = read_motion(folder, read_card(folder))
    assert motion is not None
    compressed, stored = motion.of(np.arange(3)).to_bytes(), io.BytesIO()
    with np.load(io.BytesIO(compressed)) as arrays:
        np.savez(stored, **{name: arrays[name] for name in arrays.files})  # type: ignore[arg-type]
    return [compressed, stored.getvalue()]


def _read_motion(scratch: Path, data: bytes) -> object:
    (scratch / MOTION).write_bytes(data)
    card = read_card(bundled_releases() / "chamber")
    motion = read_motion(scratch, card)
    if motion is not None:
        _move(motion, card)
    return motion


def _move(motion: Motion, card: ReleaseCard) -> None:
    """Play some hops of what was read, as notes and as segments."""
    settings, z = MotionSettings(amount=2.0, dream=1.0), np.zeros(card.latent_dim, np.float32)
    motions, segments = NoteMotions(motion), SegmentMotion(motion, card.latent)
    player = NotePlayer(motions, motions.choose(z, 60.0, 0.5), np.random.default_rng(1))
    for hop in range(_HOPS):
        player.advance(0.3, hop < _HOPS // 2, settings)
        segments.follow(z, settings, 64)
        segments.level_db(segments.now, segments.step())


def _pictures() -> list[bytes]:
    batch = {b"data": np.zeros((2, 3_072), np.uint8), b"labels": [1, 2], b"filenames": [b"a", b"b"]}
    return [pickle.dumps(batch, protocol) for protocol in range(5)]


def _midi_files() -> list[bytes]:
    head, track = (
        b"MThd\0\0\0\6\0%c\0%c\0\x60",
        b"\0\xff\x51\x03\7\xa1\x20\0\x90<d\x60\xe0\0\x60\0<\0\0\xf0\2A\xf7\0\xff\x2f\0",
    )
    chunk = b"MTrk" + len(track).to_bytes(4, "big") + track
    return [head % (0, 1) + chunk, head % (1, 3) + 3 * chunk]


def _packed(scratch: Path) -> list[bytes]:
    """Return a packed release whose files are short, which is enough for a reader of names, sizes and hashes."""
    folder = scratch / "small"
    folder.mkdir(exist_ok=True)
    card = read_card(_FOLDER)
    content = dict.fromkeys(card.files, b"content")
    files = {name: hashlib.sha256(data).hexdigest() for name, data in content.items()}
    for name, data in content.items():
        (folder / name).write_bytes(data)
    (folder / CARD).write_text(replace(card, files=files).to_json(), encoding="utf-8")
    pack_release(folder, scratch / "small.aitunes")
    return [(scratch / "small.aitunes").read_bytes()]


def _unpack(path: Path) -> None:
    with opened_archive(path) as (card, open_file):
        copy_files(card, open_file, lambda _name: io.BytesIO())


def _index() -> bytes:
    names = ("name", "public_name", "description", "licence")
    entry = dict.fromkeys(names, "one") | {"file": "one.aitunes", "bytes": 7, "sha256": 64 * "0"}
    return json.dumps({"aitunes_index": 1, "releases": [entry, entry | {"name": "two"}]}).encode()


def _maps() -> list[bytes]:
    arrays = {"codes": np.ones((5, 3), np.float32), "labels": np.array(["one", "two", "three", "four", "five"])}
    stored, compressed = io.BytesIO(), io.BytesIO()
    np.savez(stored, **arrays)  # type: ignore[arg-type]
    np.savez_compressed(compressed, **arrays)  # type: ignore[arg-type]
    return [stored.getvalue(), compressed.getvalue()]


def _packets() -> list[bytes]:
    messages = [build("/aitunes/pad/xy", 0.5, 0.5), build("/aitunes/release/load", "name"), build("/status")]
    return [*messages, bundle(messages), bundle([bundle(messages), messages[0]], 2e9)]


def _sounds() -> list[bytes]:
    y = 0.5 * np.sin(np.arange(2_000) / 10.0)
    sounds = []
    for form, subtype in (
        ("WAV", "PCM_16"),
        ("WAV", "FLOAT"),
        ("FLAC", "PCM_16"),
        ("AIFF", "PCM_16"),
        ("OGG", "VORBIS"),
    ):
        stream = io.BytesIO()
        soundfile.write(stream, y, 44_100, format=form, subtype=subtype)
        sounds.append(stream.getvalue())
    return sounds
