"""`aitunes pad`: the window, for an engine that plays already."""

from __future__ import annotations

import argparse
from functools import partial

from instrument.cli.common import UsageError, library
from instrument.cli.heartbeat import follow_engine
from instrument.cli.pad_process import QT_LIBRARIES, pad_is_installed
from instrument.terminal import end_at_once


def run(options: argparse.Namespace) -> int:
    """Show the pad until it is closed.

    Raises:
        UsageError: the pad is not installed, Qt lacks a library of the system, or there is no such host.
    """
    if not pad_is_installed():
        raise UsageError("The pad is not installed; pip install 'aitunes[pad]' adds it.")
    end_at_once()  # Qt's import aborts where a signal raises in it; there is nothing to clean up
    # Here, because Qt must not be loaded to say that it is missing.
    try:
        from instrument.pad.app import run as run_pad
    except ImportError as error:
        raise UsageError(f"Qt cannot be loaded: {error}. It needs: sudo apt-get install {QT_LIBRARIES}") from error

    host, port = options.connect
    follow = partial(follow_engine, _stay) if options.with_engine else None
    return run_pad(host, port, library(options), options.resume, options.http_port, follow)


def _stay() -> None:
    """Leave the window open where the engine has ended without closing it: it finds the next one."""
