"""Answers with a part of some bytes, as players ask for it while they seek."""

from __future__ import annotations

import re

from starlette.requests import Request
from starlette.responses import Response

_RANGE = re.compile(r"bytes=(\d{0,15})-(\d{0,15})")


def ranged(request: Request, content: bytes, media_type: str, tag: str, age_seconds: int = 3_600) -> Response:
    """Return bytes, or the one range of them that is asked for; 304 where the client has them.

    Args:
        tag: changes with the content.
        age_seconds: for which the client need not ask again.
    """
    headers = {"ETag": f'"{tag}"', "Accept-Ranges": "bytes", "Cache-Control": f"private, max-age={age_seconds}"}
    if f'"{tag}"' in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    part = _part(request, len(content), f'"{tag}"')
    if part is None:
        return Response(content, headers=headers, media_type=media_type)
    first, end = part
    if first >= end:
        return Response(status_code=416, headers={"Content-Range": f"bytes */{len(content)}"})
    headers["Content-Range"] = f"bytes {first}-{end - 1}/{len(content)}"
    return Response(content[first:end], 206, headers, media_type)


def _part(request: Request, size: int, tag: str) -> tuple[int, int] | None:
    """Return first byte and end of the range that is asked for; None for all."""
    found = _RANGE.fullmatch(request.headers.get("range", "").strip())
    if found is None or not any(found.groups()) or request.headers.get("if-range", tag) != tag:
        return None
    first, last = found.groups()
    if not first:
        return max(0, size - int(last)), size
    return int(first), min(size, int(last) + 1) if last else size
