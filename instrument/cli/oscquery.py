"""`aitunes oscquery`: the namespace over HTTP, for an engine that plays elsewhere or in the next process."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import threading
from collections.abc import Callable

from instrument.cli.common import UsageError
from instrument.cli.sidecar import WEB_MISSING, web_is_installed
from instrument.terminal import ending_signals, say


def run(options: argparse.Namespace) -> int:
    """Serve until the person, or the engine that started it, ends it."""
    if not web_is_installed():
        raise UsageError(WEB_MISSING)
    # Here, because it needs what may not be installed.
    from instrument.oscquery.serve import OscQueryServer, ServerOptions

    http = (options.http_host, options.http_port)
    server = OscQueryServer(ServerOptions(options.connect, http, options.discovery), say)
    for number in ending_signals():
        signal.signal(number, lambda _number, _frame: server.stop())
    if options.sidecar:
        threading.Thread(target=_stop_with_engine, args=(server.stop,), daemon=True).start()
    server.run()
    return 0


def _stop_with_engine(stop: Callable[[], None]) -> None:
    # The engine holds the other end of this pipe, which closes with it, however it ends.
    while os.read(sys.stdin.fileno(), 1):  # a buffered reader would be locked when the interpreter ends
        pass
    stop()
