"""Goes from song to song of a set; the release of the next one is ready before it is asked for."""

from __future__ import annotations

from collections.abc import Callable

from aitunes.errors import AiTunesError
from instrument.engine.publisher import Publisher
from instrument.engine.recalls import Recalls
from instrument.engine.release_changes import ReleaseChanges
from instrument.namespace import MIDI, ROOT, Kind, MessageError
from instrument.storage.set_list import SetList, Song
from instrument.synthesis.timeline import Event


class SetChanges:
    """Changes the song; called by the worker, one change after another.

    Args:
        set_list: the songs.
        releases: changes the release.
        recalls: recalls snapshots.
        post: takes events for the next hop.
        publisher: notified of the song, and of what a song lacks.
    """

    def __init__(
        self,
        set_list: SetList,
        releases: ReleaseChanges,
        recalls: Recalls,
        post: Callable[[list[Event]], object],
        publisher: Publisher,
    ) -> None:
        self.songs = set_list.songs
        self.number = 1 if self.songs else 0
        self._releases, self._recalls, self._post, self._publisher = releases, recalls, post, publisher

    def begin(self) -> None:
        """Make the first song what it should be, its release playing already, and prepare the second."""
        if self.songs:
            self._set_up(self.songs[0])

    def go(self, number: int) -> None:
        """Change to a song, counted from 1.

        Raises:
            MessageError: there is no such song.
            ReleaseError: its release cannot be used; the present song plays on.
        """
        if not self.songs:
            raise MessageError("no set is played; aitunes play --set FILE opens one")
        if not 1 <= number <= len(self.songs):
            raise MessageError(f"the set has the songs 1 to {len(self.songs)}")
        song = self.songs[number - 1]
        self._releases.load(song.release)
        self.number = number
        self._publisher.notify(None, f"{ROOT}/release/load", (song.release,))
        self._publisher.notify(None, f"{ROOT}/set/song", (number,))
        self._set_up(song)

    def _set_up(self, song: Song) -> None:
        """Apply what a song has beside its release, and prepare the release after it."""
        events = [Event(f"{ROOT}/tempo", Kind.SETTING, (song.tempo,))] if song.tempo is not None else []
        events += [Event(f"{MIDI}/setup", Kind.RELAY, (song.midi,))] if song.midi else []
        self._post(events)
        try:
            if song.snapshot:
                self._recalls.recall(song.snapshot, 0.0)
        except AiTunesError as error:
            self._publisher.warn(f"Song {self.number}: {error}")
        if self.number < len(self.songs):
            following = self.songs[self.number].release
            try:
                self._releases.prepare(following)
            except AiTunesError as error:
                self._publisher.warn(f"Song {self.number + 1} will not play: {error}")
