"""`aitunes render`: a score becomes a sound file."""

from __future__ import annotations

import argparse
import time

from instrument.cli.common import iterations, library, load_compiled_code
from instrument.render import RenderOptions, render_score
from instrument.score import ScoreError


def run(options: argparse.Namespace) -> int:
    """Render and say how long it took."""
    try:
        text = options.score.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ScoreError(f"The score {options.score} cannot be read: {error}.") from error
    load_compiled_code()
    begin = time.perf_counter()
    seconds = render_score(
        text,
        options.output,
        library(options),
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
