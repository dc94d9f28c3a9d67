"""`aitunes render`: a score becomes a sound file."""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from aitunes.errors import reason
from instrument.cli.common import iterations, library, load_compiled_code
from instrument.scores.render import RenderOptions, render_score
from instrument.scores.score import ScoreError


def run(options: argparse.Namespace) -> int:
    """Render and say how long it took."""
    text = _read(options.score)
    releases = library(options)
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


def _read(score: Path) -> str:
    try:
        return score.read_text(encoding="utf-8-sig")  # Windows' editors begin a text with a mark
    except OSError as error:
        raise ScoreError(f"The score {score} cannot be read: {reason(error)}.") from error
    except UnicodeDecodeError as error:
        raise ScoreError(f"The score {score} cannot be read: it is no text in UTF-8; save it as such.") from error
