"""Says in a few sentences what was found in a folder of sounds."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field

from training.learn.listing import Listing
from training.learn.note_set import Kind, NoteSet

_NAMED = 3
_WORTH_A_WORD = 1e-4  # share of clipped samples


@dataclass
class Survey:
    """Counts what is found while the files are read.

    Args:
        listing: of the folder.
        sampled: files that were chosen to be read, of all that there are.
        read: files that were read.
        seconds_found: of sound in all files that say how long they are.
        seconds_read, seconds_silent: of sound that was read, and of that what is silence.
        damaged, duplicates, short, clipped, dc, opposite: files, by name; `damaged` with the reason.
        left_out: names of files that are damaged or duplicates.
        stereo: files of two channels or more.
        clipped_worst: share of clipped samples in the worst file.
        stopped_early: the time for reading was over.
        fingerprint: of all samples that were read, in their order.
    """

    listing: Listing
    sampled: int = 0
    read: int = 0
    seconds_found: float = 0.0
    seconds_read: float = 0.0
    seconds_silent: float = 0.0
    damaged: list[str] = field(default_factory=list)
    duplicates: list[str] = field(default_factory=list)
    clipped: list[str] = field(default_factory=list)
    dc: list[str] = field(default_factory=list)
    opposite: list[str] = field(default_factory=list)
    left_out: set[str] = field(default_factory=set)
    stereo: int = 0
    clipped_worst: float = 0.0
    stopped_early: bool = False
    fingerprint: hashlib._Hash = field(default_factory=hashlib.sha256)

    @property
    def digest(self) -> str:
        """SHA-256 of what was read, hexadecimal."""
        return self.fingerprint.hexdigest()

    def sentences(self) -> list[str]:
        """Say what there is, and what was left out or mended."""
        found = [self._amount(), *self._flaws(), *passed_over(self.listing)]
        return [sentence for sentence in found if sentence]

    def _amount(self) -> str:
        listing = self.listing
        count = len(listing.files)
        mono = self.read - self.stereo
        channels = "mono" if not self.stereo else "stereo" if not mono else f"{self.stereo} stereo"
        text = f"{amount(count, 'file')} with {minutes(self.seconds_found)} of sound ({channels})"
        if self.sampled < count or self.seconds_read < 0.95 * self.seconds_found:
            text += f"; {minutes(self.seconds_read)} of it, spread evenly over {amount(self.read, 'file')}, are used"
        if self.seconds_silent >= 1.0:
            text += f"; {minutes(self.seconds_silent)} of silence are left out"
        return text + "."

    def _flaws(self) -> list[str]:
        clipped = f"{amount(len(self.clipped), 'file')} clipped (at worst {self.clipped_worst:.1%} of the samples)"
        return [
            f"Damaged, left out: {names(self.damaged)}." if self.damaged else "",
            f"Duplicates, used once: {names(self.duplicates)}." if self.duplicates else "",
            f"Clipping: {clipped}; that distortion is learnt." if self.clipped else "",
            f"A constant offset (DC) was removed from {names(self.dc)}." if self.dc else "",
            f"Opposite channels, which cancel each other: one channel was taken of {names(self.opposite)}."
            if self.opposite
            else "",
        ]


def passed_over(listing: Listing) -> list[str]:
    """Return a sentence for each kind of thing that a folder holds and that is not read."""
    others = sum(listing.others.values())
    kinds = ", ".join(ending for ending, _ in listing.others.most_common(_NAMED))
    found = [
        f"Ignored: {amount(listing.side_files, 'side file')} of editors or systems." if listing.side_files else "",
        f"Not sound, ignored: {amount(others, 'file')} ({kinds})." if others else "",
        f"Left out: {amount(listing.own_folders, 'folder')} of AiTunes' own runs or releases."
        if listing.own_folders
        else "",
        f"Left out for lack of a decoder: {names(listing.undecodable)}. Install ffmpeg, or convert them to WAV or FLAC."
        if listing.undecodable
        else "",
        f"Empty, left out: {names(listing.empty)}." if listing.empty else "",
        f"Cannot be read: {names(listing.unreadable)}." if listing.unreadable else "",
        "The folder holds very many files: the rest was not listed." if not listing.is_whole else "",
    ]
    return [sentence for sentence in found if sentence]


def no_sound(listing: Listing, damaged: Sequence[str] = ()) -> str:
    """Why nothing can be learnt from a folder, and what to do."""
    reasons = [f"Damaged: {names(damaged)}."] if damaged else []
    reasons += passed_over(listing)
    what = "No sound file can be read" if damaged else "There is no sound file"
    return " ".join([f"{what} in {listing.root}.", *reasons, "Put WAV, FLAC, MP3, Ogg or AIFF files in it."])


def kind_sentence(kind: Kind, forced: bool) -> str:
    """Say what the folder is taken for, and why."""
    taken = "single notes, each with a pitch" if kind.is_notes else "textures: the pad moves their sound, without keys"
    if forced:
        return f"Taken for {taken}, as you asked."
    if not kind.tried:
        return f"Taken for {taken}."
    if kind.is_notes:
        heard = f"{kind.pitched} of {kind.tried} files that were listened to hold one note"
        return f"These are {taken} ({heard}, {kind.confidence:.0%} sure)."
    return f"Taken for {taken} ({kind.pitched} of {kind.tried} files that were listened to hold one pitch)."


def stereo_sentence(files: int, is_stereo: bool) -> str:
    """Say whether the release is as wide as its stereo files, or mono.

    >>> stereo_sentence(1, is_stereo=True)
    'Stereo: at width 100 % the release is as wide as the recordings.'
    """
    if is_stereo:
        return "Stereo: at width 100 % the release is as wide as the recordings."
    return (
        f"The release is mono, mixed from {amount(files, 'stereo file')}; width spreads it in the same way everywhere."
    )


def notes_sentence(found: NoteSet) -> str:
    """Say which pitches were found, and how they agree with the names of the files."""
    pitches = [note.midi for note in found.notes]
    text = (
        f"{amount(len(found.notes), 'note')} of {amount(len({note.label for note in found.notes}), 'instrument')}, "
        f"{note_name(min(pitches))} to {note_name(max(pitches))}, tracked with a confidence of {found.confidence:.2f}"
    )
    if found.named:
        text += f"; {found.agreeing} of {found.named} file names give the same pitch"
    if found.octaves_moved:
        text += f" (they count octaves {found.octaves_moved:+d} from C4 = middle C)"
    return text + "." + (f" Without one clear pitch, left out: {names(found.others)}." if found.others else "")


def note_name(midi: float) -> str:
    """Return the name of the nearest key.

    >>> note_name(60.2), note_name(41.0)
    ('C4', 'F2')
    """
    key = round(midi)
    return f"{('C', 'C#', 'D', 'D#', 'E', 'F', 'F#', 'G', 'G#', 'A', 'A#', 'B')[key % 12]}{key // 12 - 1}"


def names(found: Sequence[str]) -> str:
    """List some names, and how many more there are; control characters do not reach the terminal.

    >>> names(["a.wav", "b.wav", "c.wav", "d.wav", "e.wav"])
    'a.wav, b.wav, c.wav and 2 more'
    """
    shown = ", ".join("".join(c if c.isprintable() else "?" for c in name[:200]) for name in found[:_NAMED])
    more = len(found) - _NAMED
    return f"{shown} and {more} more" if more > 0 else shown


def amount(count: int, thing: str) -> str:
    """Return a number and its noun.

    >>> amount(1, "file"), amount(20_000, "file")
    ('1 file', '20,000 files')
    """
    return f"{count:,} {thing}{'' if count == 1 else 's'}"


def minutes(seconds: float) -> str:
    """Return a length that a person reads.

    >>> minutes(0.31), minutes(42.0), minutes(760.0), minutes(10_800.0)
    ('0.3 s', '42 s', '12.7 min', '3.0 h')
    """
    if seconds < 100.0:
        return f"{seconds:.1f} s" if seconds < 9.95 else f"{seconds:.0f} s"
    return f"{seconds / 60.0:.1f} min" if seconds < 5_940.0 else f"{seconds / 3600.0:.1f} h"
