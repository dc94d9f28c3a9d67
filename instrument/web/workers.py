"""Starts programs beside the server that may take long, and ends them with all that they have started."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import Mapping, Sequence

_LINE_BYTES = 1 << 16


async def start_worker(
    command: Sequence[str], environment: Mapping[str, str], complaints: int = asyncio.subprocess.DEVNULL
) -> asyncio.subprocess.Process:
    """Start a program whose input and output are pipes; a line of more than 64 KiB ends the reading of them.

    Args:
        complaints: where its standard error goes.

    Raises:
        OSError: it cannot be started.
    """
    return await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=complaints,
        env=environment,
        limit=_LINE_BYTES,
        start_new_session=True,  # with its own processes it can be ended as one
    )


def kill_worker(process: asyncio.subprocess.Process) -> None:
    """End such a program and those that it has started, at once."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        if hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGKILL)
        elif process.returncode is None:
            process.kill()
