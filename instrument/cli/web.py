"""`aitunes web`: the page, the HTTP API and OSCQuery, for an engine that plays elsewhere or in the next process."""

from __future__ import annotations

import argparse
import signal

from instrument.cli.common import UsageError, library
from instrument.cli.sidecar import WEB_MISSING, stop_with_engine, web_is_installed
from instrument.terminal import ending_signals, say


def run(options: argparse.Namespace) -> int:
    """Serve until the person, or the engine that started it, ends it."""
    if not web_is_installed():
        raise UsageError(WEB_MISSING)
    # Here, because it needs what may not be installed.
    from instrument.web.serve import WebServer
    from instrument.web.services import ServerOptions

    http = (options.http_host, options.http_port)
    wanted = ServerOptions(options.connect, http, options.discovery, tuple(options.cors))
    server = WebServer(wanted, library(options), say)
    for number in ending_signals():
        signal.signal(number, lambda _number, _frame: server.stop())
    if options.sidecar:
        stop_with_engine(server.stop)
    server.run()
    return 0
