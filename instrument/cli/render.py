"""`aitunes render`: scores and MIDI files become a sound file."""

from __future__ import annotations

import argparse
import time
from collections import Counter
from pathlib import Path

from aitunes.errors import reason
from aitunes.printable import printable
from instrument.cli.common import iterations, library, load_compiled_code
from instrument.midi.score import ENDINGS, score_of_midi_file
from instrument.midi.setup_file import SetupFile
from instrument.scores.render import RenderOptions, render_score
from instrument.scores.score import ScoreError, without_misfits
from instrument.storage.library import Library
from instrument.storage.paths import midi_setup
from instrument.synthesis.tones import plays_notes
from instrument.terminal import say

_MAX_SCORE_BYTES = 64 << 20
_MAX_REASONS = 3


def run(options: argparse.Namespace) -> int:
    """Render and say how long it took."""
    releases = library(options)
    text = "\n".join(_read(score, options, releases) for score in options.score)
    load_compiled_code()
    begin = time.perf_counter()
    seconds = render_score(
        text,
        options.output,
        releases,
        RenderOptions(
            release=options.release,
            seconds=options.seconds,
            sample_rate=options.sample_rate,
            depth=options.depth,
            iterations=iterations(options),
            lookahead=options.lookahead,
        ),
    )
    taken = time.perf_counter() - begin
    speed = f"{seconds:.1f} s of sound in {taken:.1f} s ({seconds / taken:.1f} × real time)"
    print(f"{printable(str(options.output))}: {speed}")
    return 0


def _read(score: Path, options: argparse.Namespace, releases: Library) -> str:
    if score.suffix.lower() in ENDINGS:
        names = list(releases.summaries()) if options.programs else []
        card = releases.open(options.release).card
        mappings = SetupFile(midi_setup(options.midi_setup), say).read().active
        text = score_of_midi_file(score, mappings, names, plays_notes(card))
        playable, left_out = without_misfits(text, card, lambda name: releases.open(name).card)
        if left_out:
            say(f"{score}: {_count(left_out)}")
        return playable
    try:
        with score.open("rb") as stream:  # a pipe may be meant
            content = stream.read(_MAX_SCORE_BYTES + 1)
        if len(content) > _MAX_SCORE_BYTES:
            raise ScoreError(f"The score {score} has more than the {_MAX_SCORE_BYTES:,} bytes that are read.")
        return content.decode("utf-8-sig")  # Windows' editors begin a text with a mark
    except OSError as error:
        raise ScoreError(f"The score {score} cannot be read: {reason(error)}.") from error
    except UnicodeDecodeError as error:
        raise ScoreError(f"The score {score} cannot be read: it is no text in UTF-8; save it as such.") from error


def _count(left_out: list[str]) -> str:
    """Say how many messages of a MIDI file are left out, and why."""
    what = "one of its messages is" if len(left_out) == 1 else f"{len(left_out):,} of its messages are"
    counted = Counter(left_out)
    reasons = "; ".join(why for why, _ in counted.most_common(_MAX_REASONS))
    return f"{what} left out: {reasons}{' …' if len(counted) > _MAX_REASONS else ''}."
