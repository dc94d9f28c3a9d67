"""Requests real-time scheduling from the system."""

from __future__ import annotations

import contextlib
import os

# JACK gives its clients' callbacks 5 by default, and nothing here may delay those. Below them come the synth, then the
# threads that briefly hold the interpreter and so must not wait for other programs, then long decodes.
DEVICE_PRIORITY = 5
SYNTH_PRIORITY = 4
CONTROL_PRIORITY = 2
DECODER_PRIORITY = 1


def raise_priority(priority: int) -> str:
    """Request real-time scheduling for the calling thread and those it starts; return "real-time" or "ordinary"."""
    if hasattr(os, "sched_setscheduler"):
        with contextlib.suppress(OSError):
            os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(priority))
            return "real-time"
    return "ordinary"
