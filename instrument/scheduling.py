"""Requests real-time scheduling from the system, and restores what was before."""

from __future__ import annotations

import contextlib
import gc
import os
import sys
from collections.abc import Iterator

# JACK gives its clients' callbacks 5 by default, and nothing here may delay those. Below them come the synth, then what
# listens to an input, whose delay is heard, then the threads that briefly hold the interpreter and so must not wait for
# other programs, then long decodes.
DEVICE_PRIORITY = 5
SYNTH_PRIORITY = 4
INPUT_PRIORITY = 3
CONTROL_PRIORITY = 2
DECODER_PRIORITY = 1

SWITCH_SECONDS = 2e-4
"""Sets after which time a thread that computes lets the synth's thread have the interpreter."""


def raise_priority(priority: int) -> str:
    """Request real-time scheduling for the calling thread and those it starts; return "real-time" or "ordinary"."""
    if hasattr(os, "sched_setscheduler"):
        with contextlib.suppress(OSError):
            os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(priority))
            return "real-time"
    return "ordinary"


@contextlib.contextmanager
def raised_priority(priority: int) -> Iterator[str]:
    """Request it as long as the context lasts; enter and leave on the same thread."""
    if not hasattr(os, "sched_setscheduler"):
        yield "ordinary"
        return
    policy, parameters = os.sched_getscheduler(0), os.sched_getparam(0)
    try:
        yield raise_priority(priority)
    finally:
        with contextlib.suppress(OSError):
            os.sched_setscheduler(0, policy, parameters)


@contextlib.contextmanager
def tuned_interpreter() -> Iterator[None]:
    """Switch threads sooner and collect no garbage by itself, as long as the context lasts."""
    interval, collects = sys.getswitchinterval(), gc.isenabled()
    gc.collect()
    gc.freeze()
    gc.disable()
    sys.setswitchinterval(SWITCH_SECONDS)
    try:
        yield
    finally:
        sys.setswitchinterval(interval)
        gc.unfreeze()
        if collects:
            gc.enable()
