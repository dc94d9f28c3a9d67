"""Runs the synth on its own thread: waits for the output, applies what is due, renders a hop, writes it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Protocol

import numpy as np

from aitunes.features import FloatArray
from aitunes.release.card import ReleaseCard
from instrument.engine.publisher import Publisher
from instrument.engine.scope import Scope
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

_FAILING_SECONDS = 1.0
_WARM_UP_HOPS = 8


class HopHandler(Protocol):
    """Handles what happens at a hop."""

    def begin_hop(self, hop_seconds: float) -> None:
        """Prepare for a hop."""

    def apply(self, event: Event) -> None:
        """Handle an event that is due; raises nothing."""

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
        self.rows: dict[str, Address] = expand(performance.latent_dim)
        self.load = LoadMeter()
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
        self._thread: threading.Thread | None = None

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
        self._thread = threading.Thread(target=self.run, args=(handler,), name="synth", daemon=True)
        self._thread.start()

    def join(self, seconds: float) -> bool:
        """Wait for the thread to end; return whether it has."""
        if self._thread is not None:
            self._thread.join(seconds)
        return self._thread is None or not self._thread.is_alive()

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
            self.stopped.set()

    def _play(self, handler: HopHandler) -> None:
        silent_since: float | None = None
        while silent_since is None or self._clock.elapsed() < silent_since:
            buffered = self.wait_for_output(handler)
            begin = self._clock.elapsed()
            hop_seconds = self.synth.hop_seconds
            heard = self.stream_clock.observe(self._clock.wall() + buffered + self.output.latency_seconds)
            y = self.hop(handler, heard + self.synth.change_seconds)
            self.output.write(y)
            self._recorder.push(y)
            self.scope.push(y)
            self.stream_clock.advance(len(y) / self.output.sample_rate)
            self._buffer.add(buffered)
            work = self._clock.elapsed() - begin
            self._synthesis.add(work)
            self.load.add(work, hop_seconds)
            self.limit_effort(work)
            if self.stopping.is_set():
                self.performance.playing = False
                if self.synth.output.silent and silent_since is None:
                    silent_since = self._clock.elapsed() + buffered + self.output.latency_seconds

    def hop(self, handler: HopHandler, heard: float) -> FloatArray:
        """Render one hop, or silence if the synthesis fails.

        Args:
            handler: takes the events that are due.
            heard: when the changes of this hop will be heard, seconds of the time tags.

        Raises:
            Exception: the synthesis has failed for a second.
        """
        hop_seconds = self.synth.hop_seconds
        try:
            handler.begin_hop(hop_seconds)
            for item in self._timeline.due(heard, hop_seconds):
                if isinstance(item, Call):
                    item.function()
                else:
                    handler.apply(item)
            y = self.synth.render()
        except Exception as error:
            if self._failing_seconds == 0.0:
                self._publisher.warn(f"The synthesis failed: {error!r}")
            self._failing_seconds += hop_seconds
            if self._failing_seconds > _FAILING_SECONDS:
                raise
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
