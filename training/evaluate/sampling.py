"""Samples a model: random codes from the region of its data, decoded to pictures and, of audio, to sounds."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from aitunes.audio_processing.reconstruction import sound_of_frames
from aitunes.features import FloatArray
from aitunes.release.card import LatentSpace
from training.data.corpus import Corpus
from training.evaluate.inference import codes_of, decode
from training.evaluate.pictures import samples_png
from training.evaluate.preview import wav_bytes
from training.fit.trained import Trained

_MAX_CODES = 5_000


def sample(trained: Trained, corpus: Corpus, count: int, seconds: float, seed: int, to: Path) -> list[Path]:
    """Write `samples.png` and, of audio, `sample-01.wav` and so on.

    Args: as `sampled` has them.
        to: their folder.
    """
    S, features = sampled(trained, corpus, count, seconds, seed), corpus.features
    to.mkdir(parents=True, exist_ok=True)
    written = [to / "samples.png"]
    written[0].write_bytes(samples_png(np.stack([part[0] for part in S]), features))
    if features is not None:
        for n, part in enumerate(S):
            written.append(to / f"sample-{n + 1:02d}.wav")
            y = sound_of_frames(np.concatenate(list(part), axis=1), features)
            written[-1].write_bytes(wav_bytes(y, features.sample_rate))
    return written


def sampled(trained: Trained, corpus: Corpus, count: int, seconds: float, seed: int) -> list[FloatArray]:
    """Decode random codes to segments, [segments, *input_shape] of each sample.

    Codes are drawn from a normal distribution along the principal components of the training data's codes, so that a
    model without a prior of its own samples as well as one that has.

    Args:
        count: samples.
        seconds: of each sound; every segment in it has a code of its own, on a straight way from the first to the last.
        seed: of the codes.
    """
    model, features = trained.experiment.model, corpus.features
    latent = LatentSpace.from_codes(codes_of(model, np.asarray(corpus.train.some(_MAX_CODES).S)))
    rng = np.random.default_rng(seed)
    segments = 1 if features is None else max(1, round(seconds * features.frame_rate / features.frames))
    ends = latent.codes(rng.standard_normal((count, 2, model.latent_dim)))
    way = np.linspace(0.0, 1.0, segments, dtype=np.float32)[:, None]
    return [decode(model, (1.0 - way) * start + way * end) for start, end in ends]
