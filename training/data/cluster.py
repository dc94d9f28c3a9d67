"""Prepares features on a Dask cluster instead of this machine's threads, through joblib's backend."""

from __future__ import annotations

import logging
import socket
from collections.abc import Iterator
from concurrent.futures import CancelledError
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from joblib import parallel_config

from aitunes.errors import TrainingError
from aitunes.remote_paths import RemotePathError, check_reachable

PATIENCE_SECONDS = 10.0
"""Seconds to wait for a scheduler, and for a first worker."""


@contextmanager
def dask_cluster(address: str, paths: list[Path]) -> Iterator[None]:
    """Run joblib's jobs on a cluster's workers; where they have one thread in all, joblib runs them here.

    Args:
        address: of the scheduler, as `tcp://host:8786`.
        paths: that every worker must see.

    Raises:
        TrainingError: no such scheduler, it has no workers, they do not see a path or lack AiTunes, or they die.
    """
    try:
        import distributed
        from distributed.comm.core import CommClosedError
        from distributed.scheduler import KilledWorker
    except ImportError as error:
        raise TrainingError("A cluster needs Dask: pip install 'aitunes[cluster]'.") from error
    for name in ("distributed", "distributed.client"):  # whose tracebacks stand above the sentence
        logging.getLogger(name).setLevel(logging.CRITICAL)
    try:
        client: Any = distributed.Client(address, timeout=PATIENCE_SECONDS, set_as_default=False)  # type: ignore[no-untyped-call]
    except (OSError, ValueError) as error:
        raise TrainingError(
            f"No Dask scheduler answers at {address}. Start one with `dask scheduler`, workers with `dask worker "
            f"{address}`, and name it as it prints itself."
        ) from error
    try:
        _check_workers(client, address, paths)
        with parallel_config(backend="dask", client=client):
            yield
    except (CancelledError, CommClosedError) as error:
        raise TrainingError(
            f"The Dask scheduler at {address} is gone. The same command, with a scheduler that runs, goes on where it "
            "stood."
        ) from error
    except KilledWorker as error:
        raise TrainingError(
            f"Several workers of {address} died over the same tracks; do they have memory enough? The same command "
            "goes on where it stood."
        ) from error
    finally:
        client.close(timeout=PATIENCE_SECONDS)


def _check_workers(client: Any, address: str, paths: list[Path]) -> None:
    try:
        client.wait_for_workers(1, timeout=PATIENCE_SECONDS)
        answers = client.run(missing_path, paths, on_error="return")
    except TimeoutError as error:
        raise TrainingError(
            f"The Dask scheduler at {address} has no workers; start some with `dask worker {address}`."
        ) from error
    for worker, answer in answers.items():
        if isinstance(answer, Exception):
            raise TrainingError(
                f"The worker {worker} cannot run AiTunes ({answer}); install the same version there, with its "
                "training and cluster extras."
            )
        if answer:
            raise TrainingError(
                f"The worker {worker} on {answer}. Every machine must see data and features under the same path, or "
                "in an object store."
            )


def missing_path(paths: list[Path]) -> str | None:
    """Name the path that this worker does not see."""
    for path in paths:
        try:
            check_reachable(path)
            if not path.exists():
                return f"{socket.gethostname()} does not see {path}"
        except (RemotePathError, OSError) as error:
            return f"{socket.gethostname()}: {error}"
    return None
