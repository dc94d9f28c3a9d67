"""Says what went wrong as `application/problem+json` (RFC 9457): a status, its name, and a sentence."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus

from starlette.responses import JSONResponse

from aitunes.errors import AiTunesError

MEDIA_TYPE = "application/problem+json"


class ProblemError(AiTunesError):
    """A request that is not answered as asked.

    Args:
        status: of HTTP.
        sentence: for whoever asks.
        retry_seconds: after which it is worth another try; 0 says nothing about it.
    """

    def __init__(self, status: int, sentence: str, retry_seconds: int = 0) -> None:
        super().__init__(sentence)
        self.status = status
        self.retry_seconds = retry_seconds


def problem(status: int, sentence: str, headers: Mapping[str, str] | None = None) -> JSONResponse:
    """Return the answer that tells of a problem."""
    body = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": sentence}
    return JSONResponse(body, status, headers, MEDIA_TYPE)


def problem_of(error: ProblemError) -> JSONResponse:
    """Return the answer for an error."""
    headers = {"Retry-After": str(error.retry_seconds)} if error.retry_seconds else None
    return problem(error.status, str(error), headers)
