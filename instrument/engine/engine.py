"""The engine: everything between the OSC port and the output, in one process that does nothing else."""

from __future__ import annotations

import contextlib
import gc
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from aitunes.audio_processing.griffin_lim import DEFAULT_ITERATIONS
from aitunes.errors import AiTunesError
from aitunes.features import FloatArray
from aitunes.osc.address import DEFAULT_PORT
from aitunes.release.card import ReleaseCard
from instrument import namespace
from instrument.engine.changes import CLOSE_SECONDS, Changes, close_aside, leave_what_hangs, start_output
from instrument.engine.event_handler import EventHandler
from instrument.engine.hotplug import DeviceScanner, DeviceWatch
from instrument.engine.publisher import Publisher
from instrument.engine.scope import Scope
from instrument.engine.worker import Worker
from instrument.measures import LoadMeter, Recent, Status, StreamClock
from instrument.namespace import ROOT, Kind
from instrument.osc.proofs import login_token
from instrument.osc.server import OscServer
from instrument.outputs import Output, OutputError
from instrument.outputs.null import NullOutput
from instrument.scheduling import SYNTH_PRIORITY, raise_priority
from instrument.scores.gesture_store import GestureStore
from instrument.scores.gestures import Gestures
from instrument.storage import paths
from instrument.storage.library import DEFAULT_RELEASE, Library
from instrument.storage.recorder import Recorder
from instrument.storage.snapshots import SnapshotStore
from instrument.synthesis.dynamics import OutputStage
from instrument.synthesis.effort import Effort
from instrument.synthesis.performance import Performance
from instrument.synthesis.release_renderer import ReleaseRenderer
from instrument.synthesis.synth import Synth
from instrument.synthesis.timeline import Event, Timeline

_SWITCH_SECONDS = 2e-4
_FAILING_SECONDS = 1.0


@dataclass(frozen=True)
class EngineOptions:
    """How an engine starts."""

    release: str = DEFAULT_RELEASE
    osc_host: str = "127.0.0.1"
    osc_port: int = DEFAULT_PORT
    osc_tcp: bool = False
    iterations: int = DEFAULT_ITERATIONS
    lookahead: int = 0
    blocksize: int = 0
    recordings: Path = field(default_factory=paths.recordings)
    snapshots: Path = field(default_factory=paths.snapshots)
    gestures: Path = field(default_factory=paths.gestures)
    osc_token: Path = field(default_factory=paths.osc_token)


class Engine:
    """A release, playing.

    Args:
        output: where the sound goes; not yet started.
        library: where releases are found.
        options: how to start.
        report: takes sentences for the person at the terminal.

    Raises:
        ReleaseError: the release cannot be used.
        PortError: the OSC port cannot be opened.
    """

    def __init__(
        self,
        output: Output,
        library: Library,
        options: EngineOptions,
        report: Callable[[str], None] = lambda line: print(line, file=sys.stderr),
    ) -> None:
        self.output = output
        self.scheduling = "ordinary"
        self.failed = False
        self.timeline = Timeline()
        self._report = report
        release = library.open(options.release)
        renderer = ReleaseRenderer(release, output.sample_rate, options.iterations, options.lookahead)
        self.performance = Performance.of(release.card, options.iterations, options.lookahead)
        self.synth = Synth(renderer, self.performance, output.sample_rate)
        self._rows = namespace.expand(self.performance.latent_dim)
        self._load = LoadMeter()
        self._effort = Effort()
        self._synthesis, self._buffer = Recent(), Recent()
        self._stream_clock = StreamClock(renderer.hop_seconds)
        self._failing_seconds = 0.0
        self._past_underruns = 0
        self._stopping = threading.Event()
        self.stopped = threading.Event()
        self._synth_thread = threading.Thread(target=self._run, name="synth", daemon=True)
        self.recorder = Recorder(
            options.recordings,
            output.sample_rate,
            on_failure=lambda sentence: self.publisher.announce(None, "/error", (sentence,)),
        )
        self.publisher = Publisher()
        self.scope = Scope(output.sample_rate)
        self.gestures = Gestures(self.timeline, lambda path, values: self.publisher.announce(None, path, values))
        self.devices = DeviceScanner()
        self._watch = DeviceWatch(self, self.devices)
        self.changes = Changes(self, library, self.devices.devices, options.blocksize)
        stores = SnapshotStore(options.snapshots), GestureStore(options.gestures)
        self.worker = Worker(self, library, self.recorder, *stores, self.publisher)
        self._events = EventHandler(self)
        login = login_token(options.osc_token) if options.osc_tcp else ""
        self.osc = OscServer(
            self, self._publish, options.osc_host, options.osc_port, options.osc_tcp, self.tell, login=login
        )

    @property
    def rows(self) -> dict[str, namespace.Address]:
        """The namespace by concrete path, for the playing release."""
        return self._rows

    @property
    def card(self) -> ReleaseCard:
        """The playing release's card."""
        return self.synth.renderer.release.card

    @property
    def underruns(self) -> int:
        """Interruptions since the start, on whatever output."""
        return self._past_underruns + self.output.underruns + self.output.device_underruns

    def start(self) -> None:
        """Warm up, then sound."""
        self._warm_up()
        gc.collect()
        gc.freeze()
        gc.disable()
        sys.setswitchinterval(_SWITCH_SECONDS)
        self.scheduling = start_output(self.output)
        self._synth_thread.start()
        self.worker.start()
        self.osc.start()
        self._watch.start()

    def wait(self) -> None:
        """Return when the engine has ended, by `quit`."""
        # A bounded wait keeps Ctrl-C alive on Windows.
        while not self.stopped.wait(0.5):
            pass

    def quit(self) -> None:
        """Fade out and end; returns at once."""
        self._stopping.set()

    def close(self) -> None:
        """Fade out, finish the recording, free port and device; returns when all is done."""
        self._stopping.set()
        self.stopped.wait(timeout=3.0)
        # From the last to the first, each whatever the others raise.
        with contextlib.ExitStack() as last:
            last.callback(gc.enable)
            last.callback(gc.unfreeze)
            last.callback(leave_what_hangs)
            last.callback(self.synth.close)
            last.callback(lambda: close_aside(self.output).join(CLOSE_SECONDS))
            last.callback(self._finish_recording)
            last.callback(self.worker.close)
            last.callback(self.osc.close)
            last.callback(self._watch.close)

    def status(self) -> Status:
        """The engine's measures."""
        mean, peak = self._load.percent
        return Status(
            underruns=self.underruns,
            late_events=self.timeline.late_events,
            malformed_packets=self.osc.dispatcher.malformed_packets,
            subscribers=len(self.osc.subscribers),
            mean_load=mean,
            peak_load=peak,
            nominal_sample_rate=self.output.sample_rate,
            measured_sample_rate=self.output.sample_rate / self._stream_clock.scale,
            control_ms=1e3 * self._events.delay_seconds,
            synthesis_ms=1e3 * (self._synthesis.median + self.synth.renderer.latency_seconds),
            buffer_ms=1e3 * self._buffer.median,
            device_ms=1e3 * self.output.latency_seconds,
            release=self.performance.release,
            playing=self.performance.playing,
            iterations=self._effort.iterations(self.performance.iterations),
        )

    def on_synth_thread(self, call: Callable[[], None]) -> None:
        """Run something at the next hop, and return when it has run.

        Raises:
            MessageError: the engine is ending, and it will never run.
            Exception: what `call` raised; the sound goes on.
        """
        self.timeline.run(call, self.stopped)

    def soon(self, call: Callable[[], None]) -> None:
        """Have the worker run something, after what it has to do already; from any thread, and returns at once."""
        task = Event("", Kind.ACTION, call=call)
        self.timeline.post([Event("", Kind.ACTION, call=lambda: self.worker.submit(task))])

    def _warm_up(self) -> None:
        # Compiled code is loaded and first touched here, not between two hops.
        renderer = self.synth.renderer
        renderer.prepare(self.performance.advance(0.0), self.performance)
        for _ in range(8):
            y = renderer.render(self.performance.advance(0.0), self.performance)
            OutputStage(self.output.sample_rate).process(y, 0.0, playing=True)
        renderer.reset()

    def take_renderer(self, renderer: ReleaseRenderer) -> None:
        """Cross-fade to another renderer; on the synth's thread."""
        card = renderer.release.card
        if renderer.hop_seconds != self.synth.hop_seconds:
            self._stream_clock = StreamClock(renderer.hop_seconds)
        self.synth.change_renderer(renderer)
        drone = self.performance.allocator.drone
        if self.performance.take_over(card):
            self._events.announce_drone(drone)
            self._rows = namespace.expand(card.latent_dim)

    def take_output(self, output: Output, renderer: ReleaseRenderer) -> None:
        """Go on elsewhere with a renderer for that output's rate; on the synth's thread."""
        self._switch_to(output)
        self.synth = Synth(renderer, self.performance, output.sample_rate)
        self._stream_clock = StreamClock(renderer.hop_seconds)
        self.recorder.sample_rate = output.sample_rate
        self.scope = Scope(output.sample_rate)

    def _switch_to(self, output: Output) -> None:
        left, self.output = self.output, output
        self._past_underruns += left.underruns + left.device_underruns

    def _finish_recording(self) -> None:
        if self.recorder.recording:
            try:
                self.recorder.stop()
            except AiTunesError as error:
                self._report(str(error))

    def _run(self) -> None:
        """The synth's thread; however it ends, nobody waits for it in vain."""
        raise_priority(SYNTH_PRIORITY)
        try:
            self._play()
        except Exception as error:  # noqa: BLE001  whatever it is, the person is told, and the recording is saved
            self.failed = True
            self.tell(f"The synthesis has ended: {error!r}")
        finally:
            self.stopped.set()

    def _play(self) -> None:
        """Wait, apply what is due, render, write, until the sound has faded out."""
        silent_since: float | None = None
        while silent_since is None or time.perf_counter() < silent_since:
            buffered = self._wait_for_output()
            begin = time.perf_counter()
            hop_seconds = self.synth.hop_seconds
            heard = self._stream_clock.observe(time.time() + buffered + self.output.latency_seconds)
            y = self._hop(heard + self.synth.change_seconds, hop_seconds)
            self.output.write(y)
            self.recorder.push(y)
            self.scope.push(y)
            self._stream_clock.advance(len(y) / self.output.sample_rate)
            self._buffer.add(buffered)
            work = time.perf_counter() - begin
            self._synthesis.add(work)
            self._load.add(work, hop_seconds)
            self._judge(work, hop_seconds)
            if self._stopping.is_set():
                self.performance.playing = False
                if self.synth.output.silent and silent_since is None:
                    silent_since = time.perf_counter() + buffered + self.output.latency_seconds

    def _hop(self, heard: float, hop_seconds: float) -> FloatArray:
        """One hop, its changes heard then; silence where the synthesis fails, which ends the engine if it goes on.

        Raises:
            Exception: nothing but failures for a second.
        """
        try:
            self.gestures.advance(hop_seconds)
            for event in self.timeline.due(heard, hop_seconds):
                self._events.apply(event)
            y = self.synth.render()
        except Exception as error:
            if self._failing_seconds == 0.0:
                self.tell(f"The synthesis failed: {error!r}")
            self._failing_seconds += hop_seconds
            if self._failing_seconds > _FAILING_SECONDS:
                raise
            return np.zeros((round(hop_seconds * self.output.sample_rate), 2), np.float32)
        self._failing_seconds = 0.0
        return y

    def _judge(self, work_seconds: float, hop_seconds: float) -> None:
        """Refine less, or more again, for the sake of the hops to come; one that rested says nothing about them."""
        if self.synth.resting:
            return
        asked = self.performance.iterations
        self.synth.max_iterations = self._effort.count(work_seconds, hop_seconds, asked)
        notice = self._effort.take_warning(asked)
        if notice is not None:
            self.publisher.announce(None, "/error", (notice,))

    def _wait_for_output(self) -> float:
        try:
            return self.output.wait()
        except Exception as error:  # noqa: BLE001  PortAudio's own, too, must not end the instrument
            lost = self.output
            sentence = str(error) if isinstance(error, OutputError) else f"The output {lost.name} failed: {error}."
            self._switch_to(NullOutput(lost.sample_rate))
            self.output.start()
            close_aside(lost)
            self.changes.lose_device(lost.name)
            self.publisher.announce(None, f"{ROOT}/device/set", (self.output.name,))
            self.tell(
                f"{sentence} Playing on without sound until it comes back; {ROOT}/device/set chooses another device."
            )
            return self.output.wait()

    def tell(self, sentence: str) -> None:
        """Everyone, subscribers and terminal, even where that has been closed."""
        self.publisher.announce(None, "/error", (sentence,))
        with contextlib.suppress(OSError, ValueError):
            self._report(sentence)

    def _publish(self) -> None:
        failure = self.synth.renderer.source.take_failure()
        if failure is not None:
            self.tell(f"A segment could not be decoded, so the last one plays on: {failure}")
        self.publisher.publish(self.osc, self.synth.output, self.scope, self.underruns)
