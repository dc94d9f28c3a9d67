"""Groups what can be changed while it plays: the release, the outputs, the inputs, the snapshot, the song."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

from instrument.engine.device_changes import DeviceChanges
from instrument.engine.hotplug import DeviceScanner
from instrument.engine.input_changes import InputChanges
from instrument.engine.options import EngineOptions
from instrument.engine.position_feed import PositionFeed
from instrument.engine.publisher import Publisher
from instrument.engine.recalls import Recalls
from instrument.engine.release_changes import ReleaseChanges
from instrument.engine.set_changes import SetChanges
from instrument.engine.stores import Stores
from instrument.engine.synth_thread import SynthThread
from instrument.outputs.closing import OutputCloser
from instrument.outputs.portaudio import Reloader
from instrument.synthesis.timeline import Timeline


@dataclass(frozen=True)
class Changes:
    """Groups the parts that change what plays, where to, and what is listened to; all on the worker's thread."""

    releases: ReleaseChanges
    devices: DeviceChanges
    inputs: InputChanges
    recalls: Recalls
    sets: SetChanges
    scanner: DeviceScanner

    @classmethod
    def of(
        cls,
        synth_thread: SynthThread,
        stores: Stores,
        options: EngineOptions,
        publisher: Publisher,
        feed: PositionFeed,
        timeline: Timeline,
        in_background: Callable[[Callable[[], None]], None],
    ) -> Self:
        """Create them for an engine, where they know of each other: an input follows the output and the release."""
        scanner, closer = DeviceScanner(), OutputCloser()
        reloader = Reloader(scanner.devices, scanner.inputs)
        releases = ReleaseChanges(synth_thread, stores.library, publisher)
        devices = DeviceChanges(synth_thread, stores.recorder, publisher, reloader, closer, options)
        inputs = InputChanges(
            synth_thread, publisher, timeline, scanner, reloader, closer, in_background, options.input_channels
        )
        devices.moved, releases.prepared = inputs.reopen, inputs.follow_release
        recalls = Recalls(synth_thread, stores.snapshots, publisher, feed)
        sets = SetChanges(options.set_list, releases, recalls, timeline.post, publisher)
        return cls(releases, devices, inputs, recalls, sets, scanner)
