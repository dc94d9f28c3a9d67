"""Makes the command that runs one of this package's modules in a child process."""

from __future__ import annotations

import os
import sys
from pathlib import Path

_PACKAGES = Path(__file__).parents[2]


def own_process(module: str, *words: str) -> tuple[list[str], dict[str, str]]:
    """Return command and environment that run a module, whatever lies in the current folder.

    The child uses one thread, and ONNX Runtime reports nothing to its maker.
    """
    # -P keeps modules of the current folder out of the way.
    path = os.pathsep.join([str(_PACKAGES), *filter(None, [os.environ.get("PYTHONPATH")])])
    one_thread = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    environment = {**os.environ, **one_thread, "PYTHONPATH": path, "ORT_DISABLE_TELEMETRY": "1"}
    return [sys.executable, "-P", "-m", module, *words], environment
