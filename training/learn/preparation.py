"""From a folder to what is to be learnt: surveyed, taken for notes or textures, read."""

from __future__ import annotations

from dataclasses import dataclass, replace

from aitunes.errors import TrainingError
from training.learn.gather import Limits, gather, open_headers
from training.learn.listing import Listing, SoundFile
from training.learn.note_set import Kind, decide_kind, label_notes
from training.learn.options import LearnOptions
from training.learn.progress import Report
from training.learn.sounds import Header
from training.learn.steps import Learning
from training.learn.survey import Survey, kind_sentence, minutes, no_sound, notes_sentence, stereo_sentence

PREPARING_SHARE = 0.12
"""Of the bar; the rest is learning."""

Sounds = list[tuple[SoundFile, Header]]


def prepare(options: LearnOptions, listing: Listing, report: Report) -> tuple[Learning, str]:
    """Survey a folder and read it; returns what learns, and the card's sentence about it.

    Raises:
        TrainingError: nothing in it can be learnt from.
    """
    survey = Survey(listing)
    sounds = open_headers(survey, Limits())
    if not sounds:
        raise TrainingError(no_sound(listing, survey.damaged))
    kind = decide_kind(sounds)
    is_notes = options.kind == "notes" or (options.kind == "auto" and kind.is_notes)
    taken = replace(kind, is_notes=is_notes)
    show = _Shown(report, options.minutes)
    reader = _prepare_notes if is_notes else _prepare_textures
    return reader(options, survey, sounds, taken, show)


def _prepare_textures(
    options: LearnOptions, survey: Survey, sounds: Sounds, kind: Kind, show: _Shown
) -> tuple[Learning, str]:
    from training.learn.frames import FrameCollector
    from training.learn.side import is_mono
    from training.learn.textures import LATENT_DIM, TextureLearning

    collector = FrameCollector()
    gather(survey, sounds, collector, Limits(), lambda share: show.at("reading", share))
    show.survey(survey, kind_sentence(kind, options.kind != "auto"))
    frames = collector.finish()
    is_stereo = not is_mono(frames.sides)
    if survey.stereo:
        show.report.say(stereo_sentence(survey.stereo, is_stereo))
    heard = minutes(survey.seconds_read - survey.seconds_silent)
    width = " in stereo" if is_stereo else ""
    description = f"Learnt from {heard} of sound{width} in the folder {_name(survey)}. The pad moves the timbre."
    dimension = options.coordinates or LATENT_DIM
    return TextureLearning(frames, survey.digest, dimension, options.seed), description


def _prepare_notes(
    options: LearnOptions, survey: Survey, sounds: Sounds, kind: Kind, show: _Shown
) -> tuple[Learning, str]:
    from training.learn.motion import NoteMotionOf
    from training.learn.note_frames import note_corpus
    from training.learn.note_learner import LATENT_DIM, NoteLearner

    gather(survey, sounds, _Nothing(), Limits(), lambda share: show.at("reading", 0.3 * share))
    show.survey(survey, kind_sentence(kind, options.kind != "auto"))
    whole = sorted((sound for sound in sounds if sound[0].name not in survey.left_out), key=lambda sound: sound[0].name)
    found = label_notes(
        whole,
        survey.listing.label_of,
        options.workers,
        lambda done, total: show.at("listening", 0.3 + 0.4 * done / total),
        kind.guesses,
    )
    if not found.notes:
        raise TrainingError(
            "No file holds one clear pitch, so there are no notes to learn; `--kind textures` learns any sound."
        )
    show.report.say(notes_sentence(found))
    if survey.stereo:
        show.report.say(stereo_sentence(survey.stereo, False))
    corpus = note_corpus(found, _name(survey), options.workers, lambda share: show.at("preparing", 0.7 + 0.3 * share))
    description = (
        f"Learnt from {len(found.notes)} notes in the folder {_name(survey)}. Play notes; the pad moves the timbre."
    )
    motion = NoteMotionOf(found.notes, options.workers)
    return NoteLearner(corpus, options.coordinates or LATENT_DIM, options.seed, motion), description


def _name(survey: Survey) -> str:
    return survey.listing.title


@dataclass(frozen=True)
class _Nothing:
    """Keeps nothing of what is read: the survey alone is wanted."""

    sample_rate: int = 44_100

    def add(self, name: str, label: str, y: object, side: object = None) -> None:
        """Forget it."""


@dataclass(frozen=True)
class _Shown:
    """Shows the beginning of the bar, and the survey."""

    report: Report
    minutes: float

    def at(self, stage: str, share: float) -> None:
        """Show how much of the preparation is done."""
        self.report.progress(stage, share * PREPARING_SHARE, self.minutes * 60.0)

    def survey(self, survey: Survey, kind: str) -> None:
        """Say what was found.

        Raises:
            TrainingError: nothing was.
        """
        if not survey.read:
            raise TrainingError(no_sound(survey.listing, survey.damaged))
        for sentence in (*survey.sentences(), kind):
            self.report.say(sentence)
