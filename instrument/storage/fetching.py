"""Fetches files from the web into local ones: over http and https alone, bounded in size and time."""

from __future__ import annotations

import contextlib
import http.client
import re
import socket
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from typing import IO, Any

from typing_extensions import override

from aitunes import __version__
from aitunes.errors import AiTunesError
from aitunes.printable import printable

SILENCE_SECONDS = 20.0
"""How long a server may say nothing."""
MAX_SECONDS = 3_600.0
_HEAD_SILENCES = 3.0
"""Bounds the wait for the head of an answer, in times of silence."""
_CHUNK_BYTES = 1 << 16
_LENGTH = re.compile(r"[0-9]{1,18}")
_HANDLERS = (
    urllib.request.ProxyHandler,
    urllib.request.HTTPDefaultErrorHandler,
    urllib.request.HTTPRedirectHandler,
    urllib.request.HTTPErrorProcessor,
)


class FetchError(AiTunesError):
    """Says why something could not be fetched from the web."""


def is_url(text: str) -> bool:
    """Return True for what begins as an address on the web does.

    >>> is_url("https://example.org/chamber.aitunes"), is_url("chamber.aitunes")
    (True, False)
    """
    return text.lower().startswith(("http://", "https://"))


def fetch(
    url: str,
    sink: IO[bytes],
    max_bytes: int,
    clock: Callable[[], float] = time.monotonic,
    silence_seconds: float = SILENCE_SECONDS,
) -> int:
    """Write what a URL leads to into a file, and return its size in bytes.

    Raises:
        FetchError: there is no such file, it is larger, or its server does not answer in time.
        OSError: the file cannot be written.
    """
    deadline, size = clock() + MAX_SECONDS, 0
    with _opened(url, silence_seconds) as answer:
        expected = _length(answer)
        if expected > max_bytes:
            raise FetchError(f"{_shown(url)} has {expected:,} bytes; at most {max_bytes:,} are fetched.")
        while chunk := _read(answer, url):
            size += len(chunk)
            if size > max_bytes:
                raise FetchError(f"{_shown(url)} has more than the {max_bytes:,} bytes that are fetched.")
            if clock() > deadline:
                raise FetchError(f"{_shown(url)} is not there after {MAX_SECONDS / 60:.0f} minutes; try again later.")
            sink.write(chunk)
    if size < expected:
        raise FetchError(f"{_shown(url)} broke off after {size:,} of {expected:,} bytes; try again.")
    return size


def resolve(base: str, name: str) -> str:
    """Return the URL of a file beside another one.

    Raises:
        FetchError: that one's is no URL.
    """
    try:
        return urllib.parse.urljoin(base, urllib.parse.quote(name))
    except ValueError as error:
        raise FetchError(f"{_shown(base)} is no address on the web: {error}.") from error


def _opened(url: str, silence_seconds: float) -> Any:
    # Named one by one: the usual opener would also read file: and ftp:, of a redirect, too.
    opener = urllib.request.OpenerDirector()
    for handler in _HANDLERS:
        opener.add_handler(handler())
    for hurried in (_HttpHandler, _HttpsHandler):
        opener.add_handler(hurried(_HEAD_SILENCES * silence_seconds))
    try:
        request = urllib.request.Request(url, headers={"User-Agent": f"AiTunes/{__version__}"})
        answer = opener.open(request, timeout=silence_seconds)
    except urllib.error.HTTPError as error:
        error.close()
        raise FetchError(f"{_shown(url)} answers {error.code} {printable(str(error.reason)[:80])}.") from error
    except (OSError, http.client.HTTPException, ValueError) as error:
        why = getattr(error, "reason", error)
        raise FetchError(f"{_shown(url)} cannot be reached: {printable(str(why)[:120])}.") from error
    if answer is None or (url.lower().startswith("https:") and not answer.geturl().startswith("https:")):
        raise FetchError(f"{_shown(url)} leads away from https:// or the web, where it is not followed.")
    return answer


class _HttpHandler(urllib.request.HTTPHandler):
    """Opens http:// and waits a bounded time for the head of an answer, however busily a server sends."""

    def __init__(self, head_seconds: float) -> None:
        super().__init__()
        self._head_seconds = head_seconds

    @override
    def http_open(self, req: urllib.request.Request) -> Any:
        """Open the connection, and read the head of the answer."""
        return self.do_open(_hurried(http.client.HTTPConnection, self._head_seconds), req)


class _HttpsHandler(urllib.request.HTTPSHandler):
    """Opens https:// in the same way."""

    def __init__(self, head_seconds: float) -> None:
        super().__init__()
        self._head_seconds = head_seconds

    @override
    def https_open(self, req: urllib.request.Request) -> Any:
        """Open the connection, and read the head of the answer."""
        return self.do_open(_hurried(http.client.HTTPSConnection, self._head_seconds), req)


def _hurried(kind: Any, head_seconds: float) -> Any:
    """Return a kind of connection that is shut where the head of an answer takes longer than that."""

    class Hurried(kind):
        def getresponse(self) -> Any:
            timer = threading.Timer(head_seconds, _shut, [self.sock])
            timer.daemon = True
            timer.start()
            try:
                return super().getresponse()
            finally:
                timer.cancel()

    return Hurried


def _shut(connected: socket.socket) -> None:
    with contextlib.suppress(OSError):
        connected.shutdown(socket.SHUT_RDWR)


def _length(answer: Any) -> int:
    """Return how many bytes an answer says that it has; 0 where it does not say, or says it in no number."""
    text = answer.headers.get("Content-Length", "")
    return int(text) if _LENGTH.fullmatch(text) else 0


def _read(answer: Any, url: str) -> bytes:
    try:
        return bytes(answer.read1(_CHUNK_BYTES))
    except (OSError, http.client.HTTPException) as error:
        raise FetchError(f"{_shown(url)} broke off: {printable(str(error)[:120])}. Try again.") from error


def _shown(url: str) -> str:
    return printable(url[:200])
