"""Train the base model that `learn` starts from.

    python -m training.learn.train_base --data ../shared/data --minutes 35

Reads `music`, `notes` and `notes2` of the data folder, without what `corpus_frames` holds out. Checkpoints lie in
`--work`; the command goes on from the last one. The result is `training/learn/base/base.npz`.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np
import torch

from aitunes.features import FloatArray
from training.learn.base import BASE_DIM, save_base
from training.learn.corpus_frames import SETS, set_tracks, training_notes
from training.learn.envelopes import envelopes_of_file
from training.learn.fitting import (
    BATCH,
    Augmentation,
    AveragedWeights,
    mean_error_db,
    principal_components,
    training_loss,
)
from training.learn.network import RANGE_DB, FrameAutoencoder

_RATE, _LAST_RATE = 1e-3, 2e-5
_HOP = 1024
_CHECKPOINT_SECONDS = 120.0
_QUIETER_DB = 25.0


def gather(data: Path, cache: Path) -> tuple[FloatArray, FloatArray]:
    """Envelopes to learn from and held-out ones, [items, NODES], 0..1, each file relative to its own loudest bin."""
    if cache.is_file():
        with np.load(cache) as stored:
            return stored["train"].astype(np.float32), stored["held"].astype(np.float32)
    halves: tuple[list[FloatArray], list[FloatArray]] = ([], [])
    for name in SETS:
        for half, tracks in zip(halves, set_tracks(data / "music", name), strict=True):
            half += [_normalised(path) for path in tracks]
    halves[0].extend(_normalised(path) for folder in ("notes", "notes2") for path in training_notes(data / folder))
    train, held = (np.concatenate(half) for half in halves)
    np.savez(cache, train=train.astype(np.float16), held=held.astype(np.float16))
    return train, held


def _normalised(path: Path) -> FloatArray:
    x, top_db = envelopes_of_file(path, _HOP)
    return np.asarray(np.clip((x - top_db) / RANGE_DB + 1.0, 0.0, 1.0), np.float32)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--minutes", type=float, default=35.0)
    parser.add_argument("--work", type=Path, default=Path("runs/base"))
    parser.add_argument("--half-precision", action="store_true", help="bfloat16, for processors that multiply it")
    arguments = parser.parse_args()
    arguments.work.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)
    torch.manual_seed(0)
    train, held = gather(arguments.data, arguments.work / "envelopes.npz")
    print(f"{len(train)} frames, {len(held)} held out", flush=True)
    model = principal_components(train[::4], BASE_DIM)
    print(f"linear: {mean_error_db(model, held[::8]):.3f} dB", flush=True)
    _fit(model, train, held[::8], arguments)


def _fit(model: FrameAutoencoder, train: FloatArray, held: FloatArray, arguments: argparse.Namespace) -> None:
    optimiser = torch.optim.AdamW(model.parameters(), _RATE, weight_decay=1e-3)
    average, generator = AveragedWeights(model), torch.Generator().manual_seed(0)
    augment, rng = Augmentation(quieter_db=_QUIETER_DB), np.random.default_rng(0)
    checkpoint = arguments.work / "last.pt"
    total, spent = 60.0 * arguments.minutes, 0.0
    if checkpoint.is_file():
        state = torch.load(checkpoint, weights_only=True)
        model.load_state_dict(state["model"])
        average.model.load_state_dict(state["average"])
        optimiser.load_state_dict(state["optimiser"])
        spent = state["spent"]
    begin, saved, step = time.monotonic() - spent, spent, 0
    while (spent := time.monotonic() - begin) < total:
        rate = _LAST_RATE + (_RATE - _LAST_RATE) * 0.5 * (1.0 + np.cos(np.pi * spent / total))
        for group in optimiser.param_groups:
            group["lr"] = float(rate) * min(1.0, (step + 1) / 200)
        model.train()
        x = torch.from_numpy(train[rng.integers(len(train), size=BATCH)])
        x = augment(x, generator)
        with torch.autocast("cpu", torch.bfloat16, enabled=arguments.half_precision):
            loss = training_loss(model, x, x, generator)
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        average.update(model)
        step += 1
        if spent - saved > _CHECKPOINT_SECONDS:
            saved = spent
            states = {"model": model.state_dict(), "average": average.model.state_dict()}
            torch.save({**states, "optimiser": optimiser.state_dict(), "spent": spent}, checkpoint)
            save_base(average.model)
            print(f"{spent:.0f} s, {step} steps: {mean_error_db(average.model, held):.3f} dB held out", flush=True)
    save_base(average.model)
    print(f"end: {mean_error_db(average.model, held):.3f} dB held out", flush=True)


if __name__ == "__main__":
    main()
