"""Learns until a moment; installs each version that is clearly better, and has a playing engine change to it."""

from __future__ import annotations

import errno
import shlex
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from aitunes.errors import TrainingError, reason
from aitunes.home import user_releases
from training.engine_link import check_engine, load_on_engine
from training.learn.preparation import PREPARING_SHARE
from training.learn.progress import Report, Version
from training.learn.steps import Learning, Titles
from training.learn.stopping import Stop
from training.learn.survey import minutes

_EXPORT_SECONDS = 12.0  # kept free for the last export, until one was measured
MIN_TRAINING_SECONDS = 6.0
"""Of a training whose time was over before it began."""

_BETWEEN_VERSIONS_SECONDS = 25.0
_BETTER = 0.98
_ENGINE_SECONDS = 1.0


@dataclass
class Learnt:
    """Holds what came of it.

    Args:
        release, folder: its name, and where it lies.
        versions: that were installed.
        held_db: distance of the last one from sound that it has not learnt, dB.
        seconds: since the command began.
        was_stopped: before its time.
    """

    release: str
    folder: Path | None = None
    versions: int = 0
    held_db: float = float("inf")
    seconds: float = 0.0
    was_stopped: bool = False


@dataclass
class PlayingEngine:
    """The engine that changes to each version, where one plays.

    Args:
        address: HOST:PORT; None plays nowhere.
        report: hears once why it does not.
    """

    address: str | None
    report: Report
    complaint: str = ""

    def play(self, release: str) -> bool:
        """Have it change; returns whether it has."""
        if self.address is None:
            return False
        try:
            check_engine(self.address, _ENGINE_SECONDS)
        except TrainingError:
            return False  # nobody plays: the sentence at the end says how to
        try:
            load_on_engine(release, self.address)
        except TrainingError as error:
            if str(error) != self.complaint:
                self.complaint = str(error)
                self.report.say(str(error))
            return False
        return True


@dataclass
class Versions:
    """Learns until a moment, and installs what is better.

    Args:
        begin: of the command, by `clock`.
    """

    learning: Learning
    titles: Titles
    to: Path
    report: Report
    engine: PlayingEngine
    begin: float
    clock: Callable[[], float]
    export_seconds: float = _EXPORT_SECONDS
    last_export: float = float("-inf")
    plays: bool = False
    learnt: Learnt = field(init=False)

    def __post_init__(self) -> None:
        self.learnt = Learnt(self.titles.name)

    def until(self, end: float, stop: Stop) -> Learnt:
        """Learn until the end, or a stop, or nothing gets better."""
        prepared = self.clock()
        seconds = max(MIN_TRAINING_SECONDS, end - prepared - self.export_seconds)
        steps = self.learning.run(seconds)
        while (step := stop.next_of(steps)) is not None:
            stop.is_gentle = stop.is_gentle or step.is_better
            self._show(step.progress, end)
            if self._is_worth_it() and not step.is_last:
                self._install()
            if stop.requested or (self.learnt.versions and self.clock() > end - self.export_seconds):
                break
        self.learnt.was_stopped = stop.requested
        if self.learning.best_db < self.learnt.held_db:
            self._install()
        self._finish()
        return self.learnt

    def _is_worth_it(self) -> bool:
        """Export the first state at once, later ones where they are clearly better and some time has passed."""
        if not self.learnt.versions:
            return self.learning.best_db < float("inf")
        pause = max(_BETWEEN_VERSIONS_SECONDS, 4.0 * self.export_seconds)
        is_better = self.learning.best_db < _BETTER * self.learnt.held_db
        return is_better and self.clock() - self.last_export > pause

    def _install(self) -> None:
        """Export the best state, and have the engine change to it.

        Raises:
            TrainingError: it cannot be written, and there is no earlier version to keep.
        """
        begin, held_db = self.clock(), self.learning.best_db
        try:
            folder = self.learning.export(self.to, self.titles)
        except OSError as error:
            kept = f" The version before stays in {self.learnt.folder}." if self.learnt.versions else ""
            full = error.errno in (errno.ENOSPC, errno.EDQUOT)
            why = f"The disk of {self.to} is full" if full else f"{self.to} cannot be written: {reason(error)}"
            raise TrainingError(
                f"{why}; nothing was installed.{kept} Make room, or name a folder with --to."
            ) from error
        self.last_export = self.clock()
        self.export_seconds = self.last_export - begin
        self.plays = self.engine.play(self.titles.name)
        learnt = self.learnt
        learnt.folder, learnt.held_db, learnt.versions = folder, held_db, learnt.versions + 1
        learnt.seconds = self.clock() - self.begin
        self.report.version(
            Version(self.titles.name, str(folder), learnt.versions, held_db, self.plays, learnt.seconds)
        )

    def _show(self, progress: float, end: float) -> None:
        share = PREPARING_SHARE + (1.0 - PREPARING_SHARE) * progress
        self.report.progress("learning", share, max(0.0, end - self.clock()))

    def _finish(self) -> None:
        """Say what came of it and how to go on."""
        learnt, report = self.learnt, self.report
        learnt.seconds = self.clock() - self.begin
        if learnt.folder is None:
            raise TrainingError("Nothing was learnt: the sound gave no model. Use more sound, or --minutes more time.")
        if learnt.was_stopped:
            report.say("Stopped; the best so far is kept.")
        report.say(
            f"“{self.titles.public_name}” is in {learnt.folder}: {learnt.held_db:.2f} dB from sound that it has not "
            f"learnt, after {minutes(learnt.seconds)}."
        )
        if not self.plays:
            where = "" if self.to == user_releases() else f" --releases {shlex.quote(str(self.to))}"
            report.say(f"To play it: aitunes{where} --release {learnt.release}")
        report.say("It gets better with more sound, or with more time: --minutes 30.")
        report.done({**vars(learnt), "folder": str(learnt.folder)})
