"""Serves the page: files of one folder, found in a table of them, so that no request's path reaches the disk."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response

from instrument.web.problems import problem

FOLDER = Path(__file__).parent / "static"
INDEX = "index.html"
MEDIA_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".mjs": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".ico": "image/x-icon",
    ".json": "application/json",
    ".webmanifest": "application/manifest+json",
    ".woff2": "font/woff2",
}
_LOOK_SECONDS = 1.0


@dataclass(frozen=True)
class _Page:
    path: Path
    stamp: tuple[int, int]
    content: bytes
    tag: str


class Pages:
    """Holds the files of a folder by name; a look at the folder once a second finds new ones.

    Args:
        folder: with the page.
        clock: seconds that never go back.
    """

    def __init__(self, folder: Path = FOLDER, clock: Callable[[], float] = time.monotonic) -> None:
        self._folder, self._clock = folder, clock
        self._pages: dict[str, _Page] = {}
        self._due = 0.0

    async def answer(self, request: Request) -> Response:
        """Return the file whose name is the path below `/page/`."""
        return self.page(request, request.path_params["path"])

    def page(self, request: Request, name: str = INDEX) -> Response:
        """Return a file by its name; 304 where the browser has it."""
        self._look()
        found = self._pages.get(name)
        if found is None:
            return problem(404, "There is no such file in the page.")
        headers = {"ETag": found.tag, "Cache-Control": "no-cache"}
        if found.tag in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=headers)
        return Response(found.content, headers=headers, media_type=MEDIA_TYPES[found.path.suffix])

    def _look(self) -> None:
        now = self._clock()
        if now < self._due:
            return
        self._due = now + _LOOK_SECONDS
        names: dict[str, _Page] = {}
        for parent, _, files in os.walk(self._folder):
            for file in files:
                path = Path(parent) / file
                if path.suffix in MEDIA_TYPES:
                    name = path.relative_to(self._folder).as_posix()
                    names[name] = _current(path, self._pages.get(name))
        self._pages = names


def _current(path: Path, known: _Page | None) -> _Page:
    state = path.stat()
    stamp = (state.st_mtime_ns, state.st_size)
    if known is not None and known.stamp == stamp:
        return known
    content = path.read_bytes()
    return _Page(path, stamp, content, f'"{hashlib.sha256(content).hexdigest()[:20]}"')
