"""Says what a render may be asked for, field by field."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

MAX_SECONDS = 600.0
MAX_POINTS = 20_000
_MAX_TEXT = 1_500_000

Unit = Annotated[float, Field(ge=0.0, le=1.0)]


class _Fields(BaseModel):
    """Refuses what has no place in it, in a few words however much there is of it."""

    model_config = ConfigDict(extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _check_size(cls, fields: Any) -> Any:
        if isinstance(fields, dict) and len(fields) > len(cls.model_fields):
            raise ValueError(f"at most {len(cls.model_fields)} fields: {', '.join(cls.model_fields)}")
        return fields


class Point(_Fields):
    """A place on the pad at a time."""

    seconds: float = Field(ge=0.0, le=MAX_SECONDS)
    x: Unit
    y: Unit


class RenderRequest(_Fields):
    """Says what to render: at most one of points, score, gesture and midi; without any, a walk that the seed draws."""

    release: str = Field("", max_length=64, description="name; by default the one that plays where none is asked for")
    seconds: float | None = Field(None, ge=0.1, le=MAX_SECONDS, description="length; by default that of the source")
    seed: int = Field(0, ge=0, lt=2**31, description="of all that is random: the same seed gives the same sound")
    format: Literal["wav", "flac", "ogg"] = "wav"
    sample_rate: int | None = Field(None, ge=8_000, le=192_000, description="Hz; by default the release's")
    channels: Literal[1, 2] = 2
    points: list[Point] | None = Field(
        None, min_length=1, max_length=MAX_POINTS, fail_fast=True, description="straight lines between"
    )
    axes: tuple[Annotated[int, Field(ge=0, lt=512)], Annotated[int, Field(ge=0, lt=512)]] | None = Field(
        None, description="that the points lie on"
    )
    note: float | None = Field(None, ge=0.0, le=127.0, description="pitch of the drone under the points")
    score: str | None = Field(None, max_length=_MAX_TEXT, description="a line a message: seconds address arguments…")
    gesture: str | None = Field(None, max_length=120, description="name of a gesture that is kept on this machine")
    midi: str | None = Field(None, max_length=_MAX_TEXT, pattern=r"^[A-Za-z0-9+/=\s]*$", description="a file in base64")

    @model_validator(mode="after")
    def _check_source(self) -> Self:
        sources = [name for name in ("points", "score", "gesture", "midi") if getattr(self, name) is not None]
        if len(sources) > 1:
            raise ValueError(f"{' and '.join(sources)} exclude each other; give one of them")
        return self

    @property
    def length(self) -> float | None:
        """The length in seconds as far as it is known before the source is read."""
        if self.seconds is not None:
            return self.seconds
        if self.points is not None:
            return max(0.1, max(point.seconds for point in self.points))
        return None if self.score or self.gesture or self.midi else 10.0
