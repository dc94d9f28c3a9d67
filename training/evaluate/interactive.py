"""Evaluates interactively: reconstructs the items that are asked for, and random codes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from aitunes.audio_processing.reconstruction import sound_of_frames
from training.data.corpus import Corpus
from training.evaluate.assessment import mean_squared_errors
from training.evaluate.inference import reconstruct
from training.evaluate.pictures import reconstructions_png
from training.evaluate.preview import wav_bytes
from training.evaluate.sampling import sample
from training.fit.trained import Trained

PROMPT = "item number, s for a sample, q to quit: "


def interactive_evaluation(
    trained: Trained, corpus: Corpus, to: Path, ask: Callable[[str], str], notify: Callable[[str], None]
) -> None:
    """Write what is asked for, until `q` or the end of the input.

    Args:
        to: folder for pictures and sounds.
        ask: gives an answer to a prompt.
        notify: called with a sentence about what was written.
    """
    to.mkdir(parents=True, exist_ok=True)
    notify(f"{len(corpus.held)} held-out items, 0 to {len(corpus.held) - 1}.")
    seed = 0
    while True:
        try:
            answer = ask(PROMPT).strip().lower()
        except EOFError:
            return
        if answer in ("q", "quit", "exit"):
            return
        if answer == "s":
            written = sample(trained, corpus, 1, 4.0, seed, to)
            seed += 1
            notify(f"Wrote {', '.join(str(path) for path in written)}.")
        elif answer.isdecimal() and int(answer) < len(corpus.held):
            notify(_reconstruct(trained, corpus, int(answer), to))
        else:
            notify(f"{answer!r} is not one of these: 0 to {len(corpus.held) - 1}, s, q.")


def _reconstruct(trained: Trained, corpus: Corpus, item: int, to: Path) -> str:
    part = corpus.held.of(np.array([item]))
    S = np.asarray(part.S)
    decoded = reconstruct(trained.experiment.model, S, part.conditions)
    title = f"{corpus.held.names[item]} ({corpus.held.labels[item]})"
    picture = to / f"item-{item}.png"
    picture.write_bytes(reconstructions_png(S, decoded, [title], corpus.features))
    if corpus.features is not None:
        y = sound_of_frames(decoded[0], corpus.features)
        picture.with_suffix(".wav").write_bytes(wav_bytes(y, corpus.features.sample_rate))
    return f"{title}: mean squared error {mean_squared_errors(decoded, S)[0]:.5f}; {picture}."
