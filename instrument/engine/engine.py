"""Builds the engine from its parts, starts and ends it: everything between the OSC port and the output."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Callable, Sequence

from aitunes.errors import AiTunesError
from aitunes.features import FloatArray
from aitunes.printable import printable
from instrument.engine.changes import Changes
from instrument.engine.commands import Commands
from instrument.engine.event_handler import EventHandler
from instrument.engine.hotplug import DeviceWatch
from instrument.engine.options import EngineOptions
from instrument.engine.position_feed import PositionFeed
from instrument.engine.publisher import Publisher
from instrument.engine.stores import Stores
from instrument.engine.synth_thread import SynthThread
from instrument.engine.watchdog import Watchdog
from instrument.engine.worker import Worker
from instrument.measures import Clock
from instrument.namespace import Address
from instrument.osc.peers import Peer
from instrument.osc.proofs import login_token
from instrument.osc.server import OscServer
from instrument.outputs import Output
from instrument.scheduling import CONTROL_PRIORITY, raised_priority, tuned_interpreter
from instrument.scores.gesture_journal import KEEP_SECONDS
from instrument.scores.gestures import Gestures
from instrument.status import Status
from instrument.storage.library import Library
from instrument.synthesis.timeline import Call, Event, Item, Timeline

_LOOK_SECONDS = 0.2
_FADE_OUT_SECONDS = 0.8
"""Sets how long to wait for the synth to fade out."""


class Engine:
    """Plays a release, and is played over OSC.

    Args:
        output: where the sound goes; not yet started.
        library: where releases are found.
        options: how to start.
        log: takes sentences for the terminal.
        clock: for the test of time.

    Attributes:
        asked_to_end: called as `quit` is, from any thread; must not wait.

    Raises:
        ReleaseError: the release cannot be used.
        PortError: the OSC port cannot be opened.
    """

    def __init__(
        self,
        output: Output,
        library: Library,
        options: EngineOptions,
        log: Callable[[str], None] = lambda line: print(printable(line, lines=True), file=sys.stderr),
        clock: Clock | None = None,
    ) -> None:
        clock = clock or Clock()
        self.scheduling = "ordinary"
        self.asked_to_end: Callable[[], None] = lambda: None
        self.timeline = Timeline()
        self._library = library
        self.publisher = publisher = Publisher(log)
        stores = Stores.open(library, options, output.sample_rate, publisher)
        self.recorder = stores.recorder
        self.gestures = Gestures(self.timeline, lambda path, values: publisher.notify(None, path, values))
        self.synth_thread = SynthThread.playing(
            library.open(options.release), output, options, self.timeline, stores.recorder, publisher, clock
        )
        self._input_name = options.input
        self.feed = PositionFeed(lambda: self.synth_thread.performance, publisher)
        self.changes = changes = Changes.of(
            self.synth_thread, stores, options, publisher, self.feed, self.timeline, self.in_background
        )
        self.commands = Commands(self.synth_thread, stores, self.gestures, changes, publisher, self.feed)
        self.worker = Worker(self.commands.run, publisher)
        self.handler = EventHandler(
            self.synth_thread,
            self.worker,
            changes,
            self.recorder,
            self.gestures,
            publisher,
            self.feed,
            self.timeline,
            clock.wall,
        )
        login = login_token(options.osc_token) if options.osc_tcp else ""
        self.osc = OscServer(
            self,
            self.publish,
            options.osc_host,
            options.osc_port,
            options.osc_tcp,
            publisher.warn,
            login=login,
            trusted=options.trusted,
        )
        publisher.wake = self.osc.wake
        self._watch = DeviceWatch(
            changes.scanner,
            changes.devices,
            publisher,
            lambda: self.output,
            lambda: len(self.osc.subscribers) > 0,
            self.in_background,
        )
        self._watchdog = Watchdog(self.synth_thread, self.handler, publisher)
        self._global_settings = contextlib.ExitStack()
        self._closed = False
        self._keep_due = 0.0
        self._missing: frozenset[str] = frozenset()

    @property
    def rows(self) -> dict[str, Address]:
        """Return the namespace by concrete path, for the playing release."""
        return self.synth_thread.rows

    @property
    def output(self) -> Output:
        """Return where the sound goes."""
        return self.synth_thread.output

    @property
    def underruns(self) -> int:
        """Count the interruptions since the start, on all outputs."""
        return self.synth_thread.underruns

    @property
    def failed(self) -> bool:
        """Return whether the engine has ended because the synthesis failed."""
        return self.synth_thread.failed

    @property
    def hanging(self) -> bool:
        """Return whether a thread hangs in a model after `close`, so that the process must not wait for it."""
        return self.synth_thread.hanging or self.changes.inputs.hanging

    def start(self) -> None:
        """Warm up, then play."""
        self.synth_thread.warm_up()
        self._global_settings.enter_context(tuned_interpreter())
        # Threads inherit the priority of the one that starts them.
        self.scheduling = self._global_settings.enter_context(raised_priority(CONTROL_PRIORITY))
        if self._input_name is not None:
            self.changes.inputs.start(self._input_name)
        self.changes.devices.start()
        self.synth_thread.start(self.handler)
        self._watchdog.start()
        self.worker.start()
        self.osc.start()
        self._watch.start()
        self.in_background(self.changes.sets.begin)

    def wait(self) -> None:
        """Return when the engine has ended, by `quit`, at the latest a second after that."""
        # A bounded wait keeps Ctrl-C alive on Windows.
        while not self.synth_thread.stopped.wait(_LOOK_SECONDS):
            if self.synth_thread.stopping.is_set():
                self.synth_thread.stopped.wait(_FADE_OUT_SECONDS)
                return

    def answer(self, events: Sequence[Item]) -> bool:
        """Answer events that all ask now, if no change waits for its hop; return whether it did so."""
        asked = [event for event in events if isinstance(event, Event) and event.asks]
        if len(asked) < len(events) or not self.timeline.is_idle:
            return False
        for event in asked:
            self.handler.apply(event)
        return True

    def quit(self) -> None:
        """Fade out and end; returns at once."""
        self.synth_thread.stopping.set()
        self.asked_to_end()

    def close(self) -> None:
        """Fade out, finish the recording, free port and device; on the thread that called `start`."""
        if self._closed:
            return
        self._closed = True
        self.quit()
        self.synth_thread.join(_FADE_OUT_SECONDS)
        # From the last to the first, whatever any of them raises.
        with contextlib.ExitStack() as steps:
            steps.callback(self._global_settings.close)
            steps.callback(self.synth_thread.synth.close)
            steps.callback(self.synth_thread.synth.stop)
            steps.callback(self.changes.devices.close)
            steps.callback(self.changes.inputs.close)
            steps.callback(self._finish_recording)
            steps.callback(self.commands.close)
            steps.callback(self.changes.releases.close)
            steps.callback(self.worker.close)
            steps.callback(self.osc.close)
            steps.callback(self._watch.close)
            steps.callback(self._library.close)
            steps.callback(self._watchdog.close)

    def status(self) -> Status:
        """Return the engine's measures."""
        thread = self.synth_thread
        mean, peak = thread.load.percent
        return Status(
            underruns=thread.underruns,
            late_events=self.timeline.late_events,
            malformed_packets=self.osc.dispatcher.malformed_packets,
            subscribers=len(self.osc.subscribers),
            mean_load=mean,
            peak_load=peak,
            nominal_sample_rate=self.output.sample_rate,
            measured_sample_rate=thread.measured_sample_rate,
            control_ms=1e3 * self.handler.delay_seconds,
            synthesis_ms=1e3 * thread.synthesis_seconds,
            buffer_ms=1e3 * thread.buffer_seconds,
            device_ms=1e3 * self.output.latency_seconds,
            release=thread.performance.release,
            playing=thread.performance.playing,
            iterations=thread.iterations,
            held_events=self.timeline.held_events,
            interruption=thread.flight.last_sentence,
            missing=", ".join(sorted(self._missing)),
            reserve_ms=1e3 * self.output.reserve_seconds,
        )

    def note_helper(self, name: str, runs: bool) -> None:
        """Take down that a program beside the engine has ended or runs again; `/status` says which are missing."""
        # A new set each time, because another thread may be reading the old one.
        self._missing = self._missing - {name} if runs else self._missing | {name}

    def listen(self, peer: Peer, seconds: float) -> None:
        """Send a peer what is played, for so many seconds from now on; 0 ends it.

        Raises:
            MessageError: too many listen.
        """
        self.synth_thread.sound.listen(peer, seconds)

    def in_background(self, function: Callable[[], None]) -> None:
        """Run a function on the worker's thread, after all earlier commands; from any thread, returns at once."""
        self.worker.submit(Call(function))

    def hop(self, heard: float = 0.0) -> FloatArray:
        """Render one hop, whose changes are heard at that time, without writing it; only before `start`."""
        return self.synth_thread.hop(self.handler, heard)

    def _finish_recording(self) -> None:
        if self.recorder.recording:
            try:
                self.recorder.stop()
            except AiTunesError as error:
                self.publisher.warn(str(error))

    def _keep_gesture(self) -> None:
        now = time.monotonic()
        if self.commands.records_gesture and now >= self._keep_due:
            self._keep_due = now + KEEP_SECONDS
            self.in_background(self.commands.keep_gesture)

    def publish(self) -> None:
        """Send what has collected; called by the publishing thread."""
        thread = self.synth_thread
        failure = thread.synth.renderer.source.take_failure()
        if failure is not None:
            self.publisher.warn(f"A segment could not be decoded, so the last one plays on: {failure}")
        self._keep_gesture()
        self.feed.publish()
        self.changes.inputs.publish(self.osc.send_to_others)
        cause = thread.flight.last_sentence
        thread.sound.publish(self.osc.send)
        self.publisher.publish(self.osc, thread.synth.output, thread.scope, thread.underruns, cause)
