"""`aitunes render`: scores and MIDI files become a sound file."""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from aitunes.errors import reason
from aitunes.release.files import MAX_CARD_BYTES, read_text
from instrument.cli.common import iterations, library, load_compiled_code
from instrument.midi.score import ENDINGS, score_of_midi_file
from instrument.scores.render import RenderOptions, render_score
from instrument.scores.score import ScoreError
from instrument.storage.library import Library
from instrument.storage.paths import midi_setup


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
    print(f"{options.output}: {seconds:.1f} s of sound in {taken:.1f} s ({seconds / taken:.1f} × real time)")
    return 0


def _read(score: Path, options: argparse.Namespace, releases: Library) -> str:
    if score.suffix.lower() in ENDINGS:
        names = list(releases.summaries()) if options.programs else []
        return score_of_midi_file(score, _mappings(options.midi_setup), names)
    try:
        return score.read_text(encoding="utf-8-sig")  # Windows' editors begin a text with a mark
    except OSError as error:
        raise ScoreError(f"The score {score} cannot be read: {reason(error)}.") from error
    except UnicodeDecodeError as error:
        raise ScoreError(f"The score {score} cannot be read: it is no text in UTF-8; save it as such.") from error


def _mappings(name: str) -> str:
    """Return a set-up of MIDI mappings, or nothing where there is none."""
    path = midi_setup(name)
    return read_text(path, MAX_CARD_BYTES, f"The set-up {path}") if path.exists() else ""
