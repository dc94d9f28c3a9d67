"""Tells folders of single notes from folders of anything else, and labels the notes with the pitch that they have."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from joblib import Parallel, delayed

from aitunes.audio_processing.files import AudioFileError
from aitunes.audio_processing.note_pitch import NoteGuess, guess_note, track_pitch
from aitunes.features import FloatArray
from training.learn.listing import SoundFile
from training.learn.note_names import named_dynamic, named_pitches, without_pitch
from training.learn.sounds import Header, UnreadableSoundError, read_stretches

MAX_NOTE_SECONDS = 20.0
MAX_NOTES = 400
SAMPLE_RATE = 44_100

_SURE = 0.55
_SHARE_OF_NOTES = 0.75
_TRIED = 32
_MIN_NOTES = 4
_HEARD_SECONDS = 6.0
_MIN_SECONDS = 0.08
_NAME_AGREES = 0.6  # semitones, octaves aside


@dataclass(frozen=True)
class HeardNote:
    """A file that holds one note; `aitunes.datasets.notes.Note` for the preparation of its frames.

    Args:
        file: it lies in.
        label: the instrument.
        midi: its pitch, MIDI note with fraction.
        confidence: of the tracker, 0..1.
    """

    file: SoundFile
    label: str
    midi: float
    confidence: float

    @property
    def name(self) -> str:
        """The file's path inside the folder."""
        return self.file.name

    @property
    def dynamic(self) -> str:
        """The loudness it was played with, "pp" to "ff", where the file's name says so."""
        return named_dynamic(self.file.name)

    def read(self, sample_rate: int) -> FloatArray:
        """Return the waveform, mono, [samples].

        Raises:
            AudioFileError: it cannot be read any more.
        """
        return _samples(self.file, MAX_NOTE_SECONDS, sample_rate)


@dataclass(frozen=True)
class NoteSet:
    """The notes of a folder.

    Args:
        notes: sorted by name.
        others: names of files that hold no single note.
        named, agreeing: how many file names give a pitch, and how many of these give the tracker's, octaves aside.
        octaves_moved: by how many octaves the names are off C4 = 60, for most of them.
    """

    notes: tuple[HeardNote, ...]
    others: tuple[str, ...]
    named: int = 0
    agreeing: int = 0
    octaves_moved: int = 0

    @property
    def confidence(self) -> float:
        """The median note's."""
        return float(np.median([note.confidence for note in self.notes])) if self.notes else 0.0


@dataclass(frozen=True)
class Kind:
    """Says what a folder seems to hold.

    Args:
        is_notes: single pitched notes.
        tried, pitched: files that were listened to, and those of them that hold one note.
        confidence: of the decision, 0..1.
        guesses: of the files that were listened to, by name; None of those that are damaged or too short.
    """

    is_notes: bool
    tried: int
    pitched: int
    confidence: float
    guesses: dict[str, NoteGuess | None] = field(default_factory=dict)


def decide_kind(sounds: Sequence[tuple[SoundFile, Header]]) -> Kind:
    """Listen to some files, evenly spread, and decide between single notes and anything else."""
    short = [(file, header) for file, header in sounds if header.seconds <= MAX_NOTE_SECONDS]
    share_short = len(short) / max(1, len(sounds))
    if len(short) < _MIN_NOTES or share_short < _SHARE_OF_NOTES:
        return Kind(False, 0, 0, 1.0 - 0.5 * share_short)
    at = np.unique(np.linspace(0, len(short) - 1, _TRIED).round().astype(int))
    guesses = {short[n][0].name: _guess_or_none(short[n][0]) for n in at}
    heard = [guess for guess in guesses.values() if guess is not None]
    pitched = sum(guess.confidence >= _SURE for guess in heard)
    share = pitched / max(1, len(heard))
    is_notes = len(heard) >= _MIN_NOTES and share >= _SHARE_OF_NOTES
    return Kind(is_notes, len(heard), pitched, share if is_notes else 1.0 - share, guesses)


def label_notes(
    sounds: Sequence[tuple[SoundFile, Header]],
    label_of: Callable[[SoundFile], str],
    workers: int,
    progress: Callable[[int, int], None],
    guesses: dict[str, NoteGuess | None] | None = None,
) -> NoteSet:
    """Track the pitch of every file, at most `MAX_NOTES` of them, and check it by the files' names.

    Args:
        label_of: the instrument of a file.
        progress: takes how many of how many are done.
        guesses: of files that were listened to already, by name.
    """
    at = np.unique(np.linspace(0, len(sounds) - 1, min(MAX_NOTES, len(sounds))).round().astype(int))
    chosen, guesses = [sounds[n] for n in at], dict(guesses or {})
    new = [file for file, _ in chosen if file.name not in guesses]
    heard = Parallel(n_jobs=workers, return_as="generator", batch_size=4)(delayed(_guess_or_none)(file) for file in new)
    for done, (file, guess) in enumerate(zip(new, heard, strict=True), 1):
        guesses[file.name] = guess
        progress(done, len(new))
    known = [(sound, guess) for sound in chosen if (guess := guesses[sound[0].name]) is not None]
    sure = [(sound, guess) for sound, guess in known if guess.confidence >= _SURE]
    names = {sound[0].name: named_pitches(sound[0].name) for sound, _ in sure}
    moved = _octaves_moved([(names[sound[0].name], guess.midi) for sound, guess in sure])
    notes = []
    agreeing = 0
    for (file, _), guess in sure:
        checked = _checked_by_name(guess.midi, names[file.name], moved)
        agreeing += checked is not None
        midi = guess.midi if checked is None else checked
        notes.append(HeardNote(file, _instrument(file, label_of), midi, guess.confidence))
    others = tuple(sound[0].name for sound, guess in known if guess.confidence < _SURE)
    if len({note.label for note in notes}) > max(1, len(notes) // 2):
        # Names that tell every file apart tell no instruments.
        notes = [replace(note, label=label_of(note.file)) for note in notes]
    return NoteSet(tuple(notes), others, sum(map(bool, names.values())), agreeing, moved)


def _instrument(file: SoundFile, label_of: Callable[[SoundFile], str]) -> str:
    """Return the folder; in a flat folder what the file's name says besides the pitch, where that is a word."""
    if "/" in file.name:
        return label_of(file)
    word = without_pitch(file.name)
    return word if len(word) > 2 and not any(letter.isdigit() for letter in word) else label_of(file)


def _octaves_moved(pairs: Sequence[tuple[list[int], float]]) -> int:
    """Return the octaves by which most names stand apart from what was heard: some makers call 60 C3, others C5."""
    apart = [
        round((heard - named[0]) / 12.0)
        for named, heard in pairs
        if named and abs(_octaves_aside(heard - named[0])) < _NAME_AGREES
    ]
    return int(np.median(apart)) if apart else 0


def _checked_by_name(heard: float, named: list[int], octaves: int) -> float | None:
    """Return the pitch heard, moved to the octave of the name that agrees with it; None where none does."""
    for midi in named:
        if abs(_octaves_aside(heard - midi)) < _NAME_AGREES:
            return midi + 12 * octaves + _octaves_aside(heard - midi)
    return None


def _octaves_aside(semitones: float) -> float:
    return semitones - 12.0 * round(semitones / 12.0)


def _guess_or_none(file: SoundFile) -> NoteGuess | None:
    """Return the note in a file; None where it is damaged or too short to have one."""
    try:
        y = _samples(file, _HEARD_SECONDS, SAMPLE_RATE)
    except AudioFileError:
        return None
    if y.size < _MIN_SECONDS * SAMPLE_RATE:
        return None
    return guess_note(track_pitch(y, SAMPLE_RATE))


def _samples(file: SoundFile, seconds: float, sample_rate: int) -> FloatArray:
    """Return the beginning of a file, at most so many seconds."""
    try:
        parts = [part.y for part in read_stretches(file, [0.0], sample_rate, seconds)]
    except UnreadableSoundError as error:
        raise AudioFileError(f"{file.name}: {error}.") from error
    return np.concatenate(parts) if parts else np.empty(0, np.float32)
