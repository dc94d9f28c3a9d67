"""From a folder of sounds to a release that plays: what is found is said, then versions follow, each better."""

from __future__ import annotations

import time
from collections.abc import Callable

from aitunes.errors import TrainingError
from aitunes.home import user_releases
from training.learn.listing import list_folder
from training.learn.naming import check_writable, release_name
from training.learn.options import LearnOptions
from training.learn.preparation import prepare
from training.learn.progress import Report
from training.learn.steps import Titles
from training.learn.stopping import Stop
from training.learn.survey import no_sound
from training.learn.versions import Learnt, PlayingEngine, Versions


def learn(
    options: LearnOptions, report: Report, stop: Stop | None = None, clock: Callable[[], float] = time.monotonic
) -> Learnt:
    """Survey a folder, learn from it, install better and better versions of a release.

    Raises:
        AiTunesError: there is nothing to learn from, or nowhere to write the release.
        KeyboardInterrupt: it was stopped before there was anything to keep.
    """
    begin = clock()
    to = options.to or user_releases()
    listing = list_folder(options.folder)
    if not listing.files:
        raise TrainingError(no_sound(listing))
    check_writable(to)
    name = release_name(options.name, listing.root, to)
    report.say(f"Looking at {listing.root} …")
    learning, description = prepare(options, listing, report)
    title = options.public_name or listing.title
    titles = Titles(name, title, description, listing.title, options.command)
    work = Versions(learning, titles, to, report, PlayingEngine(options.engine, report), begin, clock)
    return work.until(begin + 60.0 * options.minutes, stop or Stop())
