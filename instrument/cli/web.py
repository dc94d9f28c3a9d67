"""`aitunes web`: the page, the HTTP API and OSCQuery, for an engine that plays elsewhere or in the next process."""

from __future__ import annotations

import argparse
import signal

from instrument.cli.common import UsageError, library
from instrument.cli.heartbeat import follow_engine
from instrument.cli.sidecar import WEB_MISSING, web_is_installed
from instrument.terminal import ending_signals, say


def run(options: argparse.Namespace) -> int:
    """Serve until the person, or the engine that started it, ends it."""
    if not web_is_installed():
        raise UsageError(WEB_MISSING)
    # Here, because it needs what may not be installed.
    from instrument.web.serve import WebServer
    from instrument.web.served_engine import free_port
    from instrument.web.services import ServerOptions

    http = (options.http_host, options.http_port)
    engine, words = options.connect, ["--release", options.release]
    if options.releases is not None:
        words += ["--releases", str(options.releases.resolve())]
    if options.serve_only:
        engine = ("127.0.0.1", free_port())
    wanted = ServerOptions(engine, http, options.discovery, tuple(options.cors), options.serve_only, tuple(words))
    server = WebServer(wanted, library(options), say)
    for number in ending_signals():
        signal.signal(number, lambda _number, _frame: server.stop())
    if options.sidecar:
        follow_engine(server.stop, server.call)
    server.run()
    return 0
