"""`aitunes phone`: shows a code that makes a phone a pad."""

from __future__ import annotations

import argparse
import json
import sys
import urllib.error
import urllib.request
from http.client import HTTPException
from typing import Any

from aitunes.errors import AiTunesError, reason
from aitunes.printable import printable
from instrument.cli.common import UsageError
from instrument.cli.sidecar import WEB_MISSING, web_is_installed

_SECONDS = 10.0
_MAX_BYTES = 1 << 20
_MAX_URL = 200


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
        url, seconds = _code(_ask(options.http_port, "POST"))
        code = segno.make(url, error="m")
        if options.json:
            rows = ["".join(map(str, row)) for row in code.matrix]
            print(json.dumps({"url": url, "seconds": seconds, "modules": rows}))
            continue
        code.terminal(out=sys.stdout, compact=True)
        which = f"phone {number + 1} of {options.phones}" if options.phones > 1 else "one phone"
        print(f"{url}\nFor {which}, within {seconds // 60} minutes, in the same network.")
        if number + 1 < options.phones:
            input("Enter shows the next code.")
    return 0


def _code(answer: Any) -> tuple[str, int]:
    """Return the address that a phone scans, and for how many seconds."""
    # Whatever listens at this port has answered, which need not be AiTunes.
    match answer:
        case {"url": str(url), "seconds": int(seconds)} if (
            url.startswith("http://") and url.isprintable() and len(url) < _MAX_URL
        ):
            return url, seconds
    raise NoServerError("The server at this port shows no code; is it AiTunes?")


def _ask(port: int, method: str) -> Any:
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/api/v1/phones",
        data=b"{}" if method == "POST" else None,
        headers={"Content-Type": "application/json"},
        method=method,
    )
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=_SECONDS) as answer:
            return json.loads(answer.read(_MAX_BYTES) or b"{}")
    except urllib.error.HTTPError as error:
        raise NoServerError(_sentence(error)) from error
    except (OSError, ValueError, RecursionError, HTTPException) as error:
        why = reason(error) if isinstance(error, OSError) else str(error)
        raise NoServerError(
            f"No page is served at port {port} of this machine ({why}); start `aitunes`, or `aitunes web`."
        ) from error


def _sentence(error: urllib.error.HTTPError) -> str:
    try:
        return printable(str(json.loads(error.read(_MAX_BYTES))["detail"]))
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return f"The server at this port refuses ({error.code}); is it AiTunes?"
