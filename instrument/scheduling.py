"""Real-time scheduling, where the system grants it."""

from __future__ import annotations

import contextlib
import os

SYNTH_PRIORITY = 20
OTHER_PRIORITY = 10


def raise_priority(priority: int) -> str:
    """Ask for real-time scheduling for the calling thread and those it starts; "real-time" or "ordinary"."""
    if hasattr(os, "sched_setscheduler"):
        with contextlib.suppress(OSError):
            os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(priority))
            return "real-time"
    return "ordinary"
