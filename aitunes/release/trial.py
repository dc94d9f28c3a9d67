"""Tries a release's models in this process, which may be lost: `python -P -m aitunes.release.trial FOLDER decoder`.

A model is a program of a stranger's. It may fail, loop, or take all memory at one point of the latent space and work at
every other, so it is run over the middle, the corners and the inside of that space before it comes near an instrument.
The parent (`instrument.storage.release_trial`) ends this process when it takes too long; the answer is one line of
JSON on standard output.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import signal
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from aitunes.errors import AiTunesError, ReleaseError
from aitunes.features import FloatArray
from aitunes.release.card import LATENT_LIMIT, TOLERANCE, ReleaseCard, TensorSpec
from aitunes.release.drawing import DRAWING
from aitunes.release.files import MAX_FILE_BYTES, read_bounded
from aitunes.release.reader import ENCODER, open_session, read_card, read_release

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

MAX_MEMORY_BYTES = 1 << 30
MAX_PROCESSOR_SECONDS = 20
MAX_WALL_SECONDS = 60
MAX_BATCH = 8
"""Voices that an instrument decodes at once."""

_MIN_CALL_SECONDS = 0.005
_CALL_SEGMENTS = 2.0
_ENCODE_SECONDS = 1.0
_SAMPLING_SECONDS = 1.5
_SAMPLES = 64
_TRIES = 3


def main() -> int:
    """Try what the command line names, and print the result."""
    folder, part = Path(sys.argv[1]), sys.argv[2]
    limit_process()
    try:
        refusal = None
        (try_encoder if part == "encoder" else try_decoder)(folder)
    except AiTunesError as error:
        refusal = str(error)
    except MemoryError:
        refusal = f"The release in {folder} needs more memory than the {MAX_MEMORY_BYTES >> 20} MiB that it may have."
    print(json.dumps({"refusal": refusal}), flush=True)
    return 0


@dataclass(frozen=True)
class Limits:
    """Bounds a process: bytes of memory and of each file that it writes, seconds of processor and by the clock."""

    memory_bytes: int = MAX_MEMORY_BYTES
    processor_seconds: int = MAX_PROCESSOR_SECONDS
    wall_seconds: int = MAX_WALL_SECONDS
    file_bytes: int = 0


def limit_process(limits: Limits = Limits()) -> None:
    """Bound memory, time and files of this process, and give up its priority, as far as the system can."""
    with contextlib.suppress(AttributeError, OSError):
        # A process inherits the real-time priority of the thread that starts it.
        os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))
    with contextlib.suppress(AttributeError, OSError):
        os.nice(10)
    try:
        import resource
    except ImportError:  # Windows: the parent watches
        return
    signal.alarm(limits.wall_seconds)  # should the parent be gone
    for name, most in (
        ("RLIMIT_DATA", limits.memory_bytes),
        ("RLIMIT_CPU", limits.processor_seconds),
        ("RLIMIT_FSIZE", limits.file_bytes),
        ("RLIMIT_CORE", 0),
    ):
        with contextlib.suppress(AttributeError, OSError, ValueError):
            resource.setrlimit(getattr(resource, name), (most, most))


def try_decoder(folder: Path) -> None:
    """Decode all over the latent space, with one and many voices, every input at both ends.

    Raises:
        ReleaseError: the release cannot be read, or its decoder fails, answers wrongly or too slowly.
    """
    release = read_release(folder)
    card = release.card
    features = card.features
    limit = max(_MIN_CALL_SECONDS, _CALL_SEGMENTS * features.frames * features.hop_length / features.sample_rate)
    points = _points(card)
    feeds = itertools.cycle(_feeds(card))
    deadline = time.process_time() + _SAMPLING_SECONDS
    sizes = itertools.cycle(range(1, MAX_BATCH + 1))
    for number, z in enumerate(points):
        if number > 4 * card.latent_dim + _SAMPLES // 4 and time.process_time() > deadline:
            return
        batch = 1 if number < _TRIES else next(sizes)
        inputs = {card.inputs[0].name: np.repeat(z[None], batch, axis=0)}
        inputs |= {name: np.repeat(value, batch, axis=0) for name, value in next(feeds).items()}
        _check_output(card, _timed(release.decoder, inputs, batch * limit, card), batch)
        if release.drawing is not None:
            outline = _timed(release.drawing.session, inputs, batch * limit, card)
            _check_drawing(card, outline, (batch, release.drawing.width))


def try_encoder(folder: Path) -> None:
    """Encode silence, noise and the loudest spectrogram.

    Raises:
        ReleaseError: the encoder cannot be opened, fails, answers wrongly or too slowly.
    """
    card = read_card(folder)
    what = f"The encoder of {card.name}"
    encoder = open_session(read_bounded(folder / ENCODER, MAX_FILE_BYTES, what), what)
    name = encoder.get_inputs()[0].name
    shape = (1, card.features.bands, card.features.frames)
    noise = np.random.default_rng(0).random(shape, np.float32)
    for S in (np.zeros(shape, np.float32), noise, np.ones(shape, np.float32)):
        limit = max(_ENCODE_SECONDS, card.features.frames * card.features.hop_length / card.features.sample_rate)
        z = _timed(encoder, {name: S}, limit, card)
        if z.shape != (1, card.latent_dim) or not np.isfinite(z).all():
            raise ReleaseError(f"{what} answers with something else than {card.latent_dim} numbers.")


def _points(card: ReleaseCard) -> Iterator[FloatArray]:
    """Yield codes: the middle, both ends of each axis, corners, and points inside."""
    d, latent = card.latent_dim, card.latent
    rng = np.random.default_rng(0)
    middle = np.zeros((_TRIES, d))
    ends = np.concatenate(
        [LATENT_LIMIT * np.eye(d), -LATENT_LIMIT * np.eye(d), np.diag(np.array(latent.pad_range)[:, 0])]
    )
    corners = LATENT_LIMIT * rng.choice([-1.0, 1.0], (_SAMPLES, d))
    corners[0], corners[1] = LATENT_LIMIT, -LATENT_LIMIT
    inside = rng.uniform(-LATENT_LIMIT, LATENT_LIMIT, (_SAMPLES, d))
    yield from latent.codes(np.concatenate([middle, corners[: _SAMPLES // 4], ends, corners[_SAMPLES // 4 :], inside]))


def _feeds(card: ReleaseCard) -> list[dict[str, FloatArray]]:
    """Return what the inputs beside the code are fed: all low, all high, all neutral, and mixtures."""
    others = card.inputs[1:]
    levels = [[spec.range[0] for spec in others], [spec.range[1] for spec in others]]
    levels += [[spec.range[(n + shift) % 2] for n, spec in enumerate(others)] for shift in (0, 1)]
    filled = [{spec.name: _filled(spec, value) for spec, value in zip(others, row, strict=True)} for row in levels]
    return [{spec.name: spec.neutral() for spec in others}, *filled]


def _filled(spec: TensorSpec, value: float) -> FloatArray:
    return np.full_like(spec.neutral(), value)


def _timed(session: InferenceSession, inputs: dict[str, Any], limit_seconds: float, card: ReleaseCard) -> FloatArray:
    """Run once, and again where it took too long, because other processes take time as well."""
    took = []
    for _ in range(_TRIES):
        begin = time.process_time()
        try:
            answer = session.run(None, inputs)[0]
        except Exception as error:  # onnxruntime's errors share no other base class
            raise ReleaseError(f"A model of {card.name} fails inside its latent space: {str(error)[:300]}") from error
        took.append(time.process_time() - begin)
        if took[-1] <= limit_seconds:
            return np.asarray(answer)
    raise ReleaseError(
        f"A model of {card.name} takes {1e3 * min(took):.1f} ms for what has to be done in "
        f"{1e3 * limit_seconds:.1f} ms, so it cannot play on this machine."
    )


def _check_output(card: ReleaseCard, S: FloatArray, batch: int) -> None:
    shape = (batch, card.features.bands, card.features.frames)
    if S.shape != shape or S.dtype != np.float32:
        raise ReleaseError(
            f"The decoder of {card.name} answers with {list(S.shape)} values of type {S.dtype} where its card promises "
            f"{list(shape)} of type float32."
        )
    if not np.isfinite(S).all():
        raise ReleaseError(f"The decoder of {card.name} answers with values that are no numbers (NaN) at some codes.")
    low, high = card.output.range
    slack = TOLERANCE * (high - low)
    if S.min() < low - slack or S.max() > high + slack:
        raise ReleaseError(
            f"The decoder of {card.name} answers with values from {S.min():.3g} to {S.max():.3g} at some codes; "
            f"its card promises {low:g} to {high:g}."
        )


def _check_drawing(card: ReleaseCard, outline: FloatArray, shape: tuple[int, int]) -> None:
    if outline.shape != shape or outline.dtype != np.float32 or not np.isfinite(outline).all():
        raise ReleaseError(
            f"The {DRAWING} of {card.name} answers with something else than finite numbers, {shape[1]} a voice, at "
            "some codes; export the release again."
        )


if __name__ == "__main__":
    sys.exit(main())
