"""A score: a line a message, `seconds address arguments…`, `#` begins a comment."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from aitunes.errors import AiTunesError
from aitunes.release.card import MAX_LATENT_DIM, ReleaseCard
from instrument.namespace import ROOT, Address, Kind, MessageError, Value, canonical, check_arguments, expand
from instrument.synthesis.performance import Performance
from instrument.synthesis.timeline import Event

LOAD = f"{ROOT}/release/load"
END = f"{ROOT}/gesture/stop"
"""Says how long a gesture is; a score waits for it and does nothing."""
_MAX_SECONDS = 86_400.0


class ScoreError(AiTunesError):
    """A line of a score that cannot be played."""


@dataclass(frozen=True)
class ScoreLine:
    """One message and its time from the start, seconds."""

    seconds: float
    event: Event


def parse_score(text: str, first: ReleaseCard, card_of: Callable[[str], ReleaseCard]) -> list[ScoreLine]:
    """Return the lines of a score in order of time; lines of one time keep their order.

    Every line is tried on a performance without sound, so that none can fail while the score plays.

    Args:
        text: the score.
        first: card of the release that plays at the start.
        card_of: card of a release that the score loads by name; raises an `AiTunesError`.

    Raises:
        ScoreError: naming the first wrong line.
    """
    lines = []
    for number, _, found in _checked(text, first, card_of):
        if isinstance(found, str):
            raise ScoreError(f"Line {number} of the score: {found}.")
        lines.append(found)
    return lines


def without_misfits(text: str, first: ReleaseCard, card_of: Callable[[str], ReleaseCard]) -> tuple[str, list[str]]:
    """Return the lines that the releases can play, in order of time, and why each of the others is left out.

    Args:
        text, first, card_of: as of `parse_score`.
    """
    lines, reasons = [], []
    for _, line, found in _checked(text, first, card_of):
        if isinstance(found, str):
            reasons.append(found)
        else:
            lines.append(f"{line}\n")
    return "".join(lines), reasons


def _checked(
    text: str, first: ReleaseCard, card_of: Callable[[str], ReleaseCard]
) -> Iterator[tuple[int, str, ScoreLine | str]]:
    """Yield lines in order of time, each with its number and what it says, or why it cannot be played."""
    numbered = []
    for number, line in enumerate(text.splitlines(), 1):
        try:
            words = shlex.split(line, comments=True)
            if words:
                numbered.append((_seconds(words[0]), number, line, words[1:]))
        except ValueError as error:
            yield number, line, str(error)
    rows, performance = expand(first.latent_dim), Performance.of(first, iterations=0)
    for seconds, number, line, words in sorted(numbered, key=lambda entry: entry[0]):
        try:
            event = _event(words, rows)
            if event.path == LOAD and event.values:
                card = card_of(str(event.values[0]))
                rows = expand(card.latent_dim)
                performance.take_over(card)
            elif event.path != END:
                performance.apply(event.path, event.values or ())
        except AiTunesError as error:
            yield number, line, str(error).rstrip(".")
        else:
            yield number, line, ScoreLine(seconds, event)


def without_damage(text: str) -> str:
    """Return a score without the lines that fit no release: no time, no such address, no such arguments."""
    rows = expand(MAX_LATENT_DIM)
    return "".join(f"{line}\n" for line in text.splitlines() if _is_whole(line, rows))


def last_second(text: str) -> float | None:
    """Return the time of a score's last event, seconds; None where there is none. No line of it is damaged."""
    times = (shlex.split(line, comments=True)[:1] for line in text.splitlines())
    return max((float(words[0]) for words in times if words), default=None)


def _is_whole(line: str, rows: dict[str, Address]) -> bool:
    try:
        words = shlex.split(line, comments=True)
        if words:
            _seconds(words[0])
            _event(words[1:], rows)
    except (ValueError, AiTunesError):
        return False
    return True


def _seconds(word: str) -> float:
    try:
        seconds = float(word)
    except ValueError:
        raise ValueError(f"it begins with {word!r}, not with a time in seconds") from None
    if not 0.0 <= seconds < _MAX_SECONDS:  # false for NaN too
        raise ValueError(f"the time {word} is not 0 or more and less than a day")
    return seconds


def _event(words: list[str], rows: dict[str, Address]) -> Event:
    if not words:
        raise MessageError("a time without an address")
    path, arguments = words[0], words[1:]
    row = rows.get(canonical(path))
    if row is None:
        raise MessageError(f"there is no address {path} in this release")
    if row.kind not in (Kind.SETTING, Kind.ACTION) and canonical(path) not in (LOAD, END):
        raise MessageError(f"{path} belongs to live playing, not to a score")
    types = [argument.type for argument in row.arguments]
    types += types[-1:] * (len(arguments) - len(types)) if row.many else []
    typed = [_typed(kind, word) for kind, word in zip(types, arguments, strict=False)] + arguments[len(types) :]
    try:
        return Event(canonical(path), row.kind, check_arguments(row, typed))
    except MessageError as error:
        raise MessageError(f"{path} {error}") from error


def _typed(kind: str, word: str) -> Value:
    if kind == "s":
        return word
    if kind == "T" and word.lower() in ("true", "false", "t", "f"):
        return word.lower().startswith("t")
    try:
        return float(word)
    except ValueError:
        return word  # left as text, for the table to refuse by the argument's name
