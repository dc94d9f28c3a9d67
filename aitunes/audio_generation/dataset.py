"""Writes the clips of `sinewave` as files: a labelled folder that anyone can make again from its seed."""

from __future__ import annotations

import hashlib
import io
import re
from pathlib import Path

import soundfile

from aitunes.atomic import write_buffers, write_text
from aitunes.audio_generation.sinewave import FAMILIES, sinewave_clip
from aitunes.audio_generation.waves import FloatArray
from aitunes.bounded_files import read_bounded
from aitunes.errors import AiTunesError, InvalidSoundError, reason

MANIFEST = "aitunes-generated.sha256"
"""What was written here: the lines of `sha256sum`, which can verify them (`sha256sum --check`)."""

LOWEST_SAMPLE_RATE = 8_000
_MAX_MANIFEST_BYTES = 1 << 28
_LINE = re.compile(r"([0-9a-f]{64})  ([^/\\]+/[^/\\]+\.wav)")


class DatasetError(AiTunesError):
    """Says why a data set cannot be written to a folder."""


def generate_dataset_of_simple_instruments(
    to: str | Path, sample_rate: int = 22_050, unit_duration: float = 5.0, unit_per_type: int = 100, seed: int = 0
) -> list[Path]:
    """Write a labelled set of simple sounds: one folder a label, `<to>/<label>/<label>-0007.wav`, mono, 16 bits.

    The labels are those of `sinewave.FAMILIES` (sine mixes, sweeps, bouncing tones, chords, instruments, bells,
    plucked strings, noises, vowels), and the clips the first ones of the data set that the seed names: the same
    arguments give the same bytes.

    What this function wrote is listed in `MANIFEST`. Of that, files that the new set does not have are deleted and
    the others replaced. A file that it did not write, or that was changed since, is never touched.

    Args:
        to: folder; made if it lacks.
        sample_rate: Hz, at least `LOWEST_SAMPLE_RATE`.
        unit_duration: of each clip, seconds.
        unit_per_type: clips of each label.

    Returns:
        The paths, label by label.

    Raises:
        InvalidSoundError: the arguments allow no sound.
        DatasetError: a foreign file is in the way, or the folder cannot be written to; nothing is changed in the
            first case.
    """
    if sample_rate < LOWEST_SAMPLE_RATE:
        raise InvalidSoundError(f"These sounds need {LOWEST_SAMPLE_RATE} Hz or more, not {sample_rate!r}.")
    if unit_per_type < 1:
        raise InvalidSoundError(f"A data set has one clip of each type or more, not {unit_per_type!r}.")
    folder = Path(to)
    clips = {
        f"{_plain(label)}/{_plain(label)}-{n:04d}.wav": family + n * len(FAMILIES)
        for family, label in enumerate(FAMILIES)
        for n in range(unit_per_type)
    }
    try:
        written = _read_manifest(folder)
        _check_free(folder, list(clips), written)
        folder.mkdir(parents=True, exist_ok=True)
        _write_manifest(folder, written)
        hashes = {}
        for name, index in clips.items():
            content = _wav(sinewave_clip(index, seed, unit_duration, sample_rate).y, sample_rate)
            hashes[name] = {_write_listed(folder, name, content)}
        for name in written.keys() - clips.keys():
            if _is_ours(folder / name, written[name]):
                (folder / name).unlink()
        _write_manifest(folder, hashes)
    except OSError as error:
        raise DatasetError(f"{folder} cannot be written to: {error}.") from error
    return [folder / name for name in clips]


def _plain(label: str) -> str:
    return label.replace(" ", "_")


def _wav(y: FloatArray, sample_rate: int) -> bytes:
    stream = io.BytesIO()
    soundfile.write(stream, y, sample_rate, format="WAV", subtype="PCM_16")
    return stream.getvalue()


def _read_manifest(folder: Path) -> dict[str, set[str]]:
    """Map each name to every hash under which it was written; more than one after a run that did not end."""
    written: dict[str, set[str]] = {}
    path = folder / MANIFEST
    try:
        lines = read_bounded(path, _MAX_MANIFEST_BYTES).decode("utf-8", "replace").split("\n")
    except (FileNotFoundError, NotADirectoryError):
        return written
    except OSError as error:
        why = reason(error)
        raise DatasetError(f"{path} cannot be read ({why}); move it away or choose another folder.") from error
    for line in lines[:-1]:  # behind the last line's end stands nothing, or what a run was writing as it was ended
        match = _LINE.fullmatch(line)
        if match is None or ".." in Path(match[2]).parts:
            raise DatasetError(f"{path} is no list of generated files; move it away or choose another folder.")
        written.setdefault(match[2], set()).add(match[1])
    return written


def _write_manifest(folder: Path, written: dict[str, set[str]]) -> None:
    lines = [f"{digest}  {name}\n" for name, hashes in written.items() for digest in sorted(hashes)]
    write_text(folder / MANIFEST, "".join(lines))


def _check_free(folder: Path, names: list[str], written: dict[str, set[str]]) -> None:
    """Refuse to begin where a file stands that is not ours."""
    for name in names:
        path = folder / name
        if (path.exists() or path.is_symlink()) and not _is_ours(path, written.get(name, set())):
            raise DatasetError(f"{path} was not written by AiTunes, or was changed since; choose another folder.")


def _is_ours(path: Path, hashes: set[str]) -> bool:
    return path.is_file() and not path.is_symlink() and hashlib.sha256(path.read_bytes()).hexdigest() in hashes


def _write_listed(folder: Path, name: str, content: bytes) -> str:
    """List a file, then write it, so that one that is there is always listed, whenever the run is ended."""
    digest = hashlib.sha256(content).hexdigest()
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    with (folder / MANIFEST).open("a", encoding="utf-8") as manifest:
        manifest.write(f"{digest}  {name}\n")
    write_buffers(folder / name, [content], durable=False)  # the list of hashes tells what a power cut has damaged
    return digest
