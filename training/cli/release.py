"""`aitunes-train release`: the bundled release, from nothing."""

from __future__ import annotations

import argparse
from pathlib import Path

import torch

from aitunes.experiments.release_recipe import find_release_recipe
from training.pipeline import RunOptions, make_release


def release(arguments: argparse.Namespace, command: str) -> int:
    """Prepare, train, evaluate and export."""
    recipe = find_release_recipe(arguments.scenario)
    torch.set_num_threads(arguments.threads)
    options = RunOptions(
        to=arguments.to,
        run_dir=arguments.run_dir or Path("runs") / recipe.name,
        seed=arguments.seed,
        epochs=arguments.epochs,
        limit_items=arguments.limit_items,
        workers=arguments.workers,
        resume=arguments.resume,
        command=command,
    )
    folder = make_release(recipe, options, report=lambda sentence: print(sentence, flush=True))
    size = sum(path.stat().st_size for path in folder.iterdir())
    print(f"{recipe.public_name} is in {folder} ({size / 1e6:.1f} MB).")
    return 0
