"""Real-time scheduling, where the system grants it."""

from __future__ import annotations

import contextlib
import os

# JACK gives its clients' callbacks 5 by default: nothing here may delay those. Below them the synth, then those
# who hold the interpreter now and then, which a busy machine must not keep waiting, then long decodes.
DEVICE_PRIORITY = 5
SYNTH_PRIORITY = 4
CONTROL_PRIORITY = 2
DECODER_PRIORITY = 1


def raise_priority(priority: int) -> str:
    """Ask for real-time scheduling for the calling thread and those it starts; "real-time" or "ordinary"."""
    if hasattr(os, "sched_setscheduler"):
        with contextlib.suppress(OSError):
            os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(priority))
            return "real-time"
    return "ordinary"
