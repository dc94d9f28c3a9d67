"""Makes the command that runs one of this package's modules in a child process."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from aitunes.release.runtime import TELEMETRY_OFF

_PACKAGES = Path(__file__).parents[2]
_MARK = "AITUNES_ONE_THREAD"  # by which such a process knows that the next three are ours, and not the person's
_ONE_THREAD = dict.fromkeys((_MARK, "OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")


def own_process(module: str, *words: str, one_thread: bool = True) -> tuple[list[str], dict[str, str]]:
    """Return command and environment that run a module, whatever lies in the current folder.

    ONNX Runtime reports nothing to its maker there, and Ctrl-C ends it without a traceback.

    Args:
        module, words: what `python -m` would be given.
        one_thread: numerical libraries use one thread, so that the sound keeps the other cores; otherwise as many as
            the person lets them, also where this process has one alone.
    """
    # -P keeps modules of the current folder out of the way, and so does a path without empty entries.
    path = os.pathsep.join([str(_PACKAGES), *filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))])
    inherited = {
        name: value for name, value in os.environ.items() if _MARK not in os.environ or name not in _ONE_THREAD
    }
    threads = _ONE_THREAD if one_thread else {}
    environment = {**inherited, **threads, **TELEMETRY_OFF, "PYTHONPATH": path}
    return [sys.executable, "-P", "-m", "aitunes.child", module, *words], environment
