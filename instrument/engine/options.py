"""Says how an engine starts."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from aitunes.audio_processing.defaults import DEFAULT_ITERATIONS
from aitunes.osc.address import DEFAULT_PORT
from instrument.storage import paths
from instrument.storage.library import DEFAULT_RELEASE
from instrument.storage.set_list import SetList


@dataclass(frozen=True)
class EngineOptions:
    """Holds what the command line decides.

    Args:
        release: the name of the first release.
        osc_host, osc_port, osc_tcp: where to listen.
        trusted: machines that need no token to be sent values, and a port of theirs, or 0; see `OscServer`.
        iterations, lookahead: phase reconstruction effort.
        blocksize: frames a callback of a sound device, 0 for the device's own.
        channels: outputs of a sound device, counted from 1; none for the first two.
        input: a part of the name of the input to listen to from the start, empty for the default one; None for none.
        input_channels: of the input, counted from 1: one, two that are mixed, or none for the first.
        set_list: the songs of the evening; the release of the first is `release`.
        awaits_device: move to the first sound device that appears.
        recordings, snapshots, gestures, osc_token: where they are stored.
    """

    release: str = DEFAULT_RELEASE
    osc_host: str = "127.0.0.1"
    osc_port: int = DEFAULT_PORT
    osc_tcp: bool = False
    trusted: tuple[tuple[str, int], ...] = ()
    iterations: int = DEFAULT_ITERATIONS
    lookahead: int = 0
    blocksize: int = 0
    channels: tuple[int, ...] = ()
    input: str | None = None
    input_channels: tuple[int, ...] = ()
    set_list: SetList = field(default_factory=SetList)
    awaits_device: bool = False
    recordings: Path = field(default_factory=paths.recordings)
    snapshots: Path = field(default_factory=paths.snapshots)
    gestures: Path = field(default_factory=paths.gestures)
    osc_token: Path = field(default_factory=paths.osc_token)
