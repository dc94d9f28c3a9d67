"""Ends a command without a traceback where Ctrl-C comes before it has begun."""

from __future__ import annotations

import os
import signal
from types import FrameType

INTERRUPTED = 130
"""The shell's status of what Ctrl-C has ended."""


def end_at_once_on_interrupt() -> None:
    """Have Ctrl-C end the process on the spot, until somebody else takes the signal: nothing has been made yet.

    Called before the imports of a command, which take most of its first second, and in which a KeyboardInterrupt would
    be printed, or lost in a callback from C.
    """
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:  # under `nohup`, say, it is ignored
        signal.signal(signal.SIGINT, _end)


def interrupt_from_now_on() -> None:
    """Have Ctrl-C raise KeyboardInterrupt again, because there is something to clean up from here on."""
    if signal.getsignal(signal.SIGINT) is _end:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def ignore_interrupts() -> None:
    """Have a late Ctrl-C find nothing to end, as the process ends by itself."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _end(_number: int, _frame: FrameType | None) -> None:
    os._exit(INTERRUPTED)
