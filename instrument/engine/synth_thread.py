"""Runs the synth on its own thread: waits for the output, applies what is due, renders a hop, writes it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Protocol, Self

import numpy as np

from aitunes.features import FloatArray
from aitunes.release.card import ReleaseCard
from aitunes.release.reader import Release
from instrument.engine.flight_recorder import FlightRecorder, Meters
from instrument.engine.options import EngineOptions
from instrument.engine.publisher import Publisher
from instrument.engine.scope import Scope
from instrument.engine.sound_feed import SoundFeed
from instrument.measures import Clock, LoadMeter, Recent, StreamClock
from instrument.namespace import DRONE, Address, expand
from instrument.outputs import Output, OutputError
from instrument.outputs.null import NullOutput
from instrument.scheduling import SYNTH_PRIORITY, raised_priority
from instrument.storage.recorder import Recorder
from instrument.synthesis.dynamics import OutputStage
from instrument.synthesis.effort import Effort
from instrument.synthesis.performance import Performance
from instrument.synthesis.release_renderer import ReleaseRenderer
from instrument.synthesis.synth import Synth
from instrument.synthesis.timeline import Call, Event, Timeline

_FAILING_SECONDS = 0.25
"""Sets how long the synthesis may fail before its release is given up."""
_BROKEN_SECONDS = 1.0
"""Sets how long hops may fail without a release before the engine ends."""
_WARM_UP_HOPS = 8


class HopHandler(Protocol):
    """Handles what happens at a hop."""

    def begin_hop(self, hop_seconds: float) -> None:
        """Prepare for a hop."""

    def apply(self, event: Event) -> None:
        """Handle an event that is due; raises nothing."""

    def lose_release(self, name: str) -> None:
        """Handle a release that has been given up because it failed or hung; silence plays in its place."""

    def lose_output(self, output: Output, sentence: str) -> None:
        """Handle the loss of an output, from which the thread has moved to silence."""


class SynthThread:
    """Owns the synth, the performance and the output; other threads reach them by `at_next_hop` only.

    Args:
        output: where the sound goes; not yet started.
        renderer: of the first release.
        performance: the player's settings.
        timeline: supplies events and calls.
        recorder: takes every block.
        publisher: takes warnings.
        clock: for the test of time.
    """

    def __init__(
        self,
        output: Output,
        renderer: ReleaseRenderer,
        performance: Performance,
        timeline: Timeline,
        recorder: Recorder,
        publisher: Publisher,
        clock: Clock,
    ) -> None:
        self.output = output
        self.performance = performance
        self.synth = Synth(renderer, performance, output.sample_rate)
        self.stream_clock = StreamClock(renderer.hop_seconds)
        self.scope = Scope(output.sample_rate)
        self.sound = SoundFeed()
        self.rows: dict[str, Address] = expand(performance.point.dim)
        self.load = LoadMeter()
        self.flight = FlightRecorder(Meters(elapsed=clock.elapsed))
        self.failed = False
        self.stopping = threading.Event()
        self.stopped = threading.Event()
        self._timeline = timeline
        self._recorder = recorder
        self._publisher = publisher
        self._clock = clock
        self._effort = Effort()
        self._synthesis, self._buffer = Recent(), Recent()
        self._failing_seconds = 0.0
        self._past_underruns = 0
        self._handled = (0, 0.0)
        self._hop_began: float | None = None
        self._threads: list[threading.Thread] = []

    @classmethod
    def playing(
        cls,
        release: Release,
        output: Output,
        options: EngineOptions,
        timeline: Timeline,
        recorder: Recorder,
        publisher: Publisher,
        clock: Clock,
    ) -> Self:
        """Create the thread that plays a release as the options say."""
        renderer = ReleaseRenderer(release, output.sample_rate, options.iterations, options.lookahead)
        performance = Performance.of(release.card, options.iterations, options.lookahead)
        return cls(output, renderer, performance, timeline, recorder, publisher, clock)

    @property
    def card(self) -> ReleaseCard:
        """Return the playing release's card."""
        return self.synth.renderer.release.card

    @property
    def underruns(self) -> int:
        """Count the interruptions since the start, on all outputs."""
        return self._past_underruns + self.output.underruns + self.output.device_underruns

    @property
    def iterations(self) -> int:
        """Return the iterations of the phase reconstruction that are in use."""
        return self._effort.iterations(self.performance.iterations)

    @property
    def synthesis_seconds(self) -> float:
        """Return the latency of the synthesis, a median."""
        return self._synthesis.median + self.synth.renderer.latency_seconds

    @property
    def buffer_seconds(self) -> float:
        """Return the latency of the buffer, a median."""
        return self._buffer.median

    @property
    def measured_sample_rate(self) -> float:
        """Return the rate at which the output really plays, Hz."""
        return self.output.sample_rate / self.stream_clock.scale

    def warm_up(self) -> None:
        """Load compiled code and touch memory now, not between two hops."""
        renderer = self.synth.renderer
        renderer.prepare(self.performance.advance(0.0), self.performance)
        for _ in range(_WARM_UP_HOPS):
            y = renderer.render(self.performance.advance(0.0), self.performance)
            OutputStage(self.output.sample_rate).process(y, 0.0, playing=True)
        renderer.reset()

    def start(self, handler: HopHandler) -> None:
        """Begin to play on the output, which has been started."""
        thread = threading.Thread(target=self.run, args=(handler,), name="synth", daemon=True)
        self._threads.append(thread)  # before it runs, because the last one is the one that plays
        thread.start()

    def join(self, seconds: float) -> None:
        """Wait for the thread to end."""
        if self._threads:
            self._threads[-1].join(seconds)

    @property
    def hanging(self) -> bool:
        """Return whether a thread is still rendering a hop, also one that has been replaced."""
        return any(thread.is_alive() for thread in self._threads)

    @property
    def hop_lasts(self) -> float:
        """Return for how long the present hop has been rendered, seconds; 0 between two hops."""
        began = self._hop_began
        return 0.0 if began is None else self._clock.elapsed() - began

    def interrupt(self) -> None:
        """Make the present hop fail, if its decoder can be interrupted; from any thread."""
        self.synth.stop()

    def replace(self, handler: HopHandler) -> None:
        """Give up a hop that does not end: another thread plays on, in silence, and this one ends with its hop."""
        renderer = self.synth.renderer
        self._hop_began = None
        self.synth = Synth(renderer, self.performance, self.output.sample_rate)
        self.synth.abandon_renderer()
        handler.lose_release(renderer.release.card.name)
        self.start(handler)

    def at_next_hop(self, function: Callable[[], None]) -> None:
        """Run a function on the synth's thread and return when it has run; from any other thread.

        Raises:
            MessageError: the engine is ending, and it will never run.
            Exception: what the function raised; the sound goes on.
        """
        self._timeline.run(function, self.stopped)

    def take_renderer(self, renderer: ReleaseRenderer) -> None:
        """Cross-fade to another renderer; on the synth's thread."""
        card = renderer.release.card
        if renderer.hop_seconds != self.synth.hop_seconds:
            self.stream_clock = StreamClock(renderer.hop_seconds)
        self.synth.change_renderer(renderer)
        drone = self.performance.allocator.drone
        if self.performance.take_over(card):
            if self.performance.allocator.drone != drone:
                self._publisher.notify(None, DRONE, (not drone,))
            self.rows = expand(card.latent_dim)

    def take_output(self, output: Output, renderer: ReleaseRenderer) -> None:
        """Change to another output, with a renderer for its rate; on the synth's thread."""
        self._switch_to(output)
        self.synth = Synth(renderer, self.performance, output.sample_rate)
        self.stream_clock = StreamClock(renderer.hop_seconds)
        self._recorder.sample_rate = output.sample_rate
        self.scope = Scope(output.sample_rate)

    def run(self, handler: HopHandler) -> None:
        """Play until `stopping` is set and the sound has faded out, or the synthesis has failed for good."""
        try:
            with raised_priority(SYNTH_PRIORITY):
                self._play(handler)
        except Exception as error:  # noqa: BLE001  whatever it is, the player is told, and the recording is saved
            self.failed = True
            self._publisher.warn(f"The synthesis has ended: {error!r}")
        finally:
            if not self._replaced:
                self.stopped.set()

    @property
    def _replaced(self) -> bool:
        return threading.current_thread() in self._threads[:-1]

    def _play(self, handler: HopHandler) -> None:
        silent_since: float | None = None
        self.flight.begin()
        while silent_since is None or self._clock.elapsed() < silent_since:
            waited = self._clock.elapsed()
            buffered = self.wait_for_output(handler)
            begin = self._clock.elapsed()
            hop_seconds = self.synth.hop_seconds
            heard = self.stream_clock.observe(self._clock.wall() + buffered + self.output.latency_seconds)
            self._hop_began = begin
            y = self.hop(handler, heard + self.synth.change_seconds)
            if self._replaced:
                return
            self._hop_began = None
            rendered = self._clock.elapsed() - begin
            self.output.write(y)
            self._recorder.push(y)
            self.scope.push(y)
            self.sound.push(y, self.output.sample_rate)
            self.stream_clock.advance(len(y) / self.output.sample_rate)
            self._buffer.add(buffered)
            work = self._clock.elapsed() - begin
            self._synthesis.add(work)
            self.load.add(work, hop_seconds)
            self.limit_effort(work)
            decoded, underruns = self.synth.renderer.decode_seconds, self.output.underruns
            overslept = self.output.overslept_seconds
            self.flight.add(
                waited, begin, rendered, decoded, self._handled, buffered, underruns, hop_seconds, overslept
            )
            if self.stopping.is_set():
                self.performance.playing = False
                if self.synth.output.silent and silent_since is None:
                    silent_since = self._clock.elapsed() + buffered + self.output.latency_seconds

    def hop(self, handler: HopHandler, heard: float) -> FloatArray:
        """Render one hop, or silence if the synthesis fails.

        Args:
            handler: takes the events that are due.
            heard: when the changes of this hop will be heard, seconds of the time tags.

        A release that fails for a quarter of a second is given up.

        Raises:
            Exception: hops have failed for a second, also without a release.
        """
        hop_seconds = self.synth.hop_seconds
        try:
            handler.begin_hop(hop_seconds)
            began, items = self._clock.elapsed(), self._timeline.due(heard, hop_seconds, self.synth.note_lead_seconds)
            for item in items:
                if isinstance(item, Call):
                    item.function()
                else:
                    handler.apply(item)
            self._timeline.end_hop()
            self._handled = len(items), self._clock.elapsed() - began
            y = self.synth.render()
        except Exception as error:
            if self._replaced:
                return np.zeros((0, 2), np.float32)
            if self._failing_seconds == 0.0:
                self._publisher.warn(f"The synthesis failed: {error!r}")
            self._failing_seconds += hop_seconds
            if self._failing_seconds > _BROKEN_SECONDS:
                raise
            if self._failing_seconds > _FAILING_SECONDS and not self.synth.abandoned:
                self.synth.abandon_renderer()
                handler.lose_release(self.card.name)
            return np.zeros((round(hop_seconds * self.output.sample_rate), 2), np.float32)
        self._failing_seconds = 0.0
        return y

    def limit_effort(self, work_seconds: float) -> None:
        """Adapt the iterations of the next hop to the time that this one took; a hop that rested does not count."""
        if self.synth.resting:
            return
        asked = self.performance.iterations
        self.synth.max_iterations = self._effort.count(work_seconds, self.synth.hop_seconds, asked)
        warning = self._effort.take_warning(asked)
        if warning is not None:
            self._publisher.notify_error(warning)

    def wait_for_output(self, handler: HopHandler) -> float:
        """Wait until the output wants a block, and change to silence if it has gone; return what is buffered, s."""
        try:
            return self.output.wait()
        except Exception as error:  # noqa: BLE001  PortAudio's own, too, must not end the instrument
            lost = self.output
            sentence = str(error) if isinstance(error, OutputError) else f"The output {lost.name} failed: {error}."
            self._switch_to(NullOutput(lost.sample_rate))
            self.output.start()
            handler.lose_output(lost, sentence)
            return self.output.wait()

    def _switch_to(self, output: Output) -> None:
        left, self.output = self.output, output
        self._past_underruns += left.underruns + left.device_underruns
