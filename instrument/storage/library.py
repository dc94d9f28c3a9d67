"""Find releases by name: the user's own first, then those that come with the package."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from aitunes.errors import ReleaseError, reason
from aitunes.release.card import ReleaseCard
from aitunes.release.reader import CARD, Release, read_card, read_release
from aitunes.release.summaries import ReleaseSummary, Summarise, Unread, summarise
from instrument.storage import paths

DEFAULT_RELEASE = "first-light"


class Library:
    """The releases in some folders.

    Args:
        folders: searched in this order; by default the user's releases and the bundled ones.
        trial: tries a release that did not come with the package before it is opened, and raises ReleaseError.
        summarise: reads the cards of folders for a list.
        end_trials: ends a trial that is under way.
    """

    def __init__(
        self,
        folders: Sequence[Path] | None = None,
        trial: Callable[[Path], None] = lambda folder: None,
        summarise: Summarise = summarise,
        end_trials: Callable[[], None] = lambda: None,
    ) -> None:
        self._end_trials = end_trials
        self._trial, self._summarise = trial, summarise
        self._read: dict[Path, tuple[tuple[int, int], ReleaseCard]] = {}
        self._summaries: dict[Path, tuple[tuple[int, int], ReleaseSummary | str]] = {}
        self._folders = [paths.user_releases(), paths.bundled_releases()] if folders is None else list(folders)

    def close(self) -> None:
        """End a trial that is under way, and refuse all later ones."""
        self._end_trials()

    @property
    def folders(self) -> list[Path]:
        """Return the folders in which releases are looked for, the first one first."""
        return list(self._folders)

    def cards(self) -> tuple[dict[str, ReleaseCard], list[str]]:
        """Cards by release name, and a sentence for each folder that cannot be used."""
        cards: dict[str, ReleaseCard] = {}
        found, complaints = self._candidates()
        for path in found:
            try:
                card = self._card(path)
                _check_name(card, path)
            except ReleaseError as error:
                complaints.append(str(error))
                continue
            cards.setdefault(path.name, card)
        return cards, complaints

    def summaries(self) -> dict[str, ReleaseSummary]:
        """Return what a list shows of each release that has a card, by its name; cards are read once for each state."""
        stamps = {path: stamp for path in self._candidates()[0] if (stamp := _stamp(path)) is not None}
        known = self._summaries
        unknown = [path for path, stamp in stamps.items() if path not in known or known[path][0] != stamp]
        for path, found in zip(unknown, self._summarise(unknown), strict=True):
            if isinstance(found, Unread):
                known.pop(path, None)
            else:
                known[path] = stamps[path], found
        summaries: dict[str, ReleaseSummary] = {}
        for path in stamps:
            summary = known[path][1] if path in known else ""
            if isinstance(summary, ReleaseSummary) and summary.name == path.name:
                summaries.setdefault(path.name, summary)
        return summaries

    def open(self, name: str) -> Release:
        """Read and verify a release.

        Args:
            name: a release's name, never a path.

        Raises:
            ReleaseError: there is none of that name, or it cannot be used.
        """
        path = self.folder(name)
        if path.parent != paths.bundled_releases():
            self._trial(path)
        release = read_release(path)
        _check_name(release.card, path)
        return release

    def card(self, name: str) -> ReleaseCard:
        """Return a release's card alone.

        Raises:
            ReleaseError: there is none of that name that can be used.
        """
        path = self.folder(name)
        card = self._card(path)
        _check_name(card, path)
        return card

    def find(self, name: str) -> Path | None:
        """Return the folder of a release by its name, read or not; None where there is none."""
        return next((path for path in self._candidates()[0] if path.name == name), None)

    def folder(self, name: str) -> Path:
        """Return the folder of a release by its name, read or not.

        Raises:
            ReleaseError: there is none of that name.
        """
        path = self.find(name)
        if path is None:
            known = ", ".join(sorted({path.name for path in self._candidates()[0]})) or "none"
            raise ReleaseError(f"There is no release named {name!r}; there are: {known}.")
        return path

    def _card(self, path: Path) -> ReleaseCard:
        # A card of many dimensions takes longer to parse than a hop, so it is parsed once for each state of its file.
        stamp = _stamp(path)
        if stamp is None:
            return read_card(path)  # which says why
        known = self._read.get(path)
        if known is None or known[0] != stamp:
            known = self._read[path] = stamp, read_card(path)
        return known[1]

    def _candidates(self) -> tuple[list[Path], list[str]]:
        found: list[Path] = []
        complaints: list[str] = []
        for folder in self._folders:
            try:
                found += [card.parent for card in sorted(folder.glob(f"*/{CARD}"))]
            except OSError as error:
                complaints.append(f"The folder of releases {folder} cannot be read: {reason(error)}.")
        return [path for path in found if not path.name.startswith(".")], complaints


def _stamp(path: Path) -> tuple[int, int] | None:
    """Return what tells the states of a card's file apart, None where it cannot be looked at."""
    try:
        state = (path / CARD).stat()
    except OSError:
        return None
    return state.st_mtime_ns, state.st_size


def _check_name(card: ReleaseCard, path: Path) -> None:
    if card.name != path.name:
        raise ReleaseError(f"{path} holds the release {card.name}; a release's folder has the release's name.")
