"""The offline twin of the engine: a score becomes a sound file, faster than real time, always the same."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from aitunes.audio_processing.defaults import DEFAULT_ITERATIONS
from aitunes.release.card import ReleaseCard
from aitunes.release.reader import Release
from instrument.outputs.file import FileOutput
from instrument.scores.score import END, LOAD, ScoreLine, parse_score
from instrument.storage.library import Library
from instrument.synthesis.performance import Performance
from instrument.synthesis.release_renderer import ReleaseRenderer
from instrument.synthesis.synth import Synth
from instrument.synthesis.timeline import Event, Timeline

TAIL_SECONDS = 1.0


@dataclass(frozen=True)
class RenderOptions:
    """Sets how to render.

    Args:
        release: name of the release that plays first.
        seconds: length; None is the last line's time and a second more.
        sample_rate: Hz; None is the first release's own.
        depth: "16", "24" or "float".
        iterations, lookahead: phase reconstruction effort.
    """

    release: str
    seconds: float | None = None
    sample_rate: int | None = None
    depth: str = "16"
    iterations: int = DEFAULT_ITERATIONS
    lookahead: int = 0


def render_score(
    text: str,
    path: Path,
    library: Library,
    options: RenderOptions,
    progress: Callable[[float], None] = lambda share: None,
) -> float:
    """Render a score to a file.

    Args:
        progress: takes the share of the sound that is written, 0..1, after each hop.

    Returns:
        Seconds written.

    Raises:
        AiTunesError: the score, a release or the file cannot be used; no file is left, an older one still stands.
    """
    releases = {options.release: library.open(options.release)}

    def card_of(name: str) -> ReleaseCard:
        if name not in releases:
            releases[name] = library.open(name)
        return releases[name].card

    lines = parse_score(text, card_of(options.release), card_of)
    rate = options.sample_rate or releases[options.release].card.features.sample_rate
    seconds = options.seconds
    if seconds is None:
        seconds = (lines[-1].seconds if lines else 0.0) + TAIL_SECONDS
    output = FileOutput(path, rate, options.depth)
    try:
        _play(lines, releases, output, options, seconds, progress)
        output.close()
    except BaseException:
        output.discard()
        raise
    return seconds


def _play(
    lines: list[ScoreLine],
    releases: dict[str, Release],
    output: FileOutput,
    options: RenderOptions,
    seconds: float,
    progress: Callable[[float], None],
) -> None:
    first = releases[options.release]
    rate = output.sample_rate
    performance = Performance.of(first.card, options.iterations, options.lookahead)
    synth = Synth(_renderer(first, rate, performance), performance, rate)
    timeline = Timeline()
    waiting = deque(lines)
    missing, written = round(seconds * rate), 0
    while missing > 0:
        heard = written / rate + synth.change_seconds
        while waiting and waiting[0].seconds < heard + synth.hop_seconds and timeline.room():
            line = waiting.popleft()
            timeline.post([line.event], line.seconds)
        for event in timeline.due(heard, synth.hop_seconds, synth.note_lead_seconds):
            if isinstance(event, Event):
                _apply(event, synth, releases, rate)
        y = synth.render()
        for renderer in synth.take_retired():
            renderer.close()
        output.write(y[:missing])
        written += len(y)
        missing -= len(y)
        progress(written / (written + max(0, missing)))


def _apply(event: Event, synth: Synth, releases: dict[str, Release], rate: float) -> None:
    performance = synth.performance
    if event.path == END:
        return
    if event.path == LOAD and event.values:
        release = releases[str(event.values[0])]
        synth.change_renderer(_renderer(release, rate, performance))
        performance.take_over(release.card)
        return
    lookahead = performance.lookahead
    performance.apply(event.path, event.values or ())
    if performance.lookahead != lookahead:
        synth.change_renderer(_renderer(synth.renderer.release, rate, performance))


def _renderer(release: Release, rate: float, performance: Performance) -> ReleaseRenderer:
    return ReleaseRenderer(release, rate, performance.iterations, performance.lookahead, background=False)
