"""The two sides of learning, notes and textures, as the session that drives them sees them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol


class Step(Protocol):
    """A moment of a training.

    Args:
        progress: share of the time that was given, 0..1.
        is_better: this state is the best so far.
        is_last: the time is over, or nothing gets better any more.
    """

    @property
    def progress(self) -> float: ...

    @property
    def is_better(self) -> bool: ...

    @property
    def is_last(self) -> bool: ...


@dataclass(frozen=True)
class Titles:
    """Names a release and where it comes from.

    Args:
        name: of its folder.
        public_name, description: what a performer reads.
        data_name: the folder that was learnt.
        command: what the person typed.
    """

    name: str
    public_name: str
    description: str
    data_name: str
    command: str


class Learning(Protocol):
    """A training that can be interrupted at any time; what it has learnt best so far can be exported."""

    @property
    def best_db(self) -> float:
        """Distance of the best state from held-out sound, dB; infinite before there is one."""

    def run(self, seconds: float) -> Iterator[Step]:
        """Train for so long; called again, it goes on."""

    def export(self, to: Path, titles: Titles) -> Path:
        """Write the best state as a release into a folder of releases, verified, in place of an older one."""
