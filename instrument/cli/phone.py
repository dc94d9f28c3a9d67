"""`aitunes phone`: shows a code that makes a phone a pad."""

from __future__ import annotations

import argparse
import json
import sys
import urllib.error
import urllib.request
from typing import Any

from aitunes.errors import AiTunesError, reason
from instrument.cli.common import UsageError
from instrument.cli.sidecar import WEB_MISSING, web_is_installed

_SECONDS = 10.0


class NoServerError(AiTunesError):
    """No page is served on this machine, or it refuses."""


def run(options: argparse.Namespace) -> int:
    """Show a code for each phone, or forget those that are paired."""
    if not web_is_installed():
        raise UsageError(WEB_MISSING)
    if options.forget:
        _ask(options.http_port, "DELETE")
        print("All phones are forgotten, and the port to the network is closed.")
        return 0
    import segno  # here, because it may not be installed

    for number in range(options.phones):
        found = _ask(options.http_port, "POST")
        segno.make(found["url"], error="m").terminal(out=sys.stdout, compact=True)
        which = f"phone {number + 1} of {options.phones}" if options.phones > 1 else "one phone"
        print(f"{found['url']}\nFor {which}, within {found['seconds'] // 60} minutes, in the same network.")
        if number + 1 < options.phones:
            input("Enter shows the next code.")
    return 0


def _ask(port: int, method: str) -> dict[str, Any]:
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/api/v1/phones",
        data=b"{}" if method == "POST" else None,
        headers={"Content-Type": "application/json"},
        method=method,
    )
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=_SECONDS) as answer:
            found: dict[str, Any] = json.loads(answer.read() or b"{}")
            return found
    except urllib.error.HTTPError as error:
        raise NoServerError(_sentence(error)) from error
    except (OSError, ValueError) as error:
        why = reason(error) if isinstance(error, OSError) else str(error)
        raise NoServerError(
            f"No page is served at port {port} of this machine ({why}); start `aitunes`, or `aitunes web`."
        ) from error


def _sentence(error: urllib.error.HTTPError) -> str:
    try:
        return str(json.loads(error.read())["detail"])
    except (ValueError, KeyError, TypeError):
        return f"The server at this port refuses ({error.code}); is it AiTunes?"
