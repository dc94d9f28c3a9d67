"""The engine: everything between the OSC port and the output, in one process that does nothing else."""

from __future__ import annotations

import gc
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path

from aitunes.audio_processing.griffin_lim import DEFAULT_ITERATIONS
from aitunes.release.reader import Release
from instrument import namespace, paths
from instrument.library import DEFAULT_RELEASE, Library
from instrument.measures import LoadMeter, Recent, Status, StreamClock
from instrument.namespace import ROOT, Kind, MessageError
from instrument.osc.server import DEFAULT_PORT, OscServer
from instrument.outputs import Output, OutputError
from instrument.outputs.null import NullOutput
from instrument.publisher import Publisher
from instrument.recorder import Recorder
from instrument.scheduling import CONTROL_PRIORITY, DEVICE_PRIORITY, SYNTH_PRIORITY, raise_priority
from instrument.snapshots import SnapshotStore
from instrument.synthesis.dynamics import OutputStage
from instrument.synthesis.performance import Performance
from instrument.synthesis.synth import Synth
from instrument.synthesis.timeline import Event, Timeline
from instrument.synthesis.voice import Voice
from instrument.worker import Worker

_SWITCH_SECONDS = 2e-4
_LOADING_SECONDS = 0.15
_SWAP_DEADLINE_SECONDS = 3.0
_POLL_SECONDS = 0.02
_HOP_DEADLINE_SECONDS = 2.0


@dataclass(frozen=True)
class EngineOptions:
    """How an engine starts."""

    release: str = DEFAULT_RELEASE
    osc_host: str = "127.0.0.1"
    osc_port: int = DEFAULT_PORT
    iterations: int = DEFAULT_ITERATIONS
    lookahead: int = 0
    recordings: Path = field(default_factory=paths.recordings)
    snapshots: Path = field(default_factory=paths.snapshots)


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
        self.timeline = Timeline()
        self._library = library
        self._report = report
        release = library.open(options.release)
        voice = Voice(release, output.sample_rate, options.iterations, options.lookahead)
        self.performance = Performance(release.card.latent, release.card.name, options.iterations, options.lookahead)
        self.synth = Synth(voice, self.performance, output.sample_rate)
        self._rows = namespace.expand(self.performance.latent_dim)
        self._load = LoadMeter()
        self._control, self._synthesis, self._buffer = Recent(), Recent(), Recent()
        self._stream_clock = StreamClock(voice.hop_seconds)
        self._stopping = threading.Event()
        self._stopped = threading.Event()
        self._synth_thread = threading.Thread(target=self._run, name="synth", daemon=True)
        self.recorder = Recorder(options.recordings, output.sample_rate)
        self.publisher = Publisher()
        self.worker = Worker(self, library, self.recorder, SnapshotStore(options.snapshots), self.publisher.reply)
        self.osc = OscServer(self, self._publish, options.osc_host, options.osc_port)

    @property
    def rows(self) -> dict[str, namespace.Address]:
        """The namespace by concrete path, for the playing release."""
        return self._rows

    def start(self) -> None:
        """Warm up, then sound."""
        self._warm_up()
        gc.collect()
        gc.freeze()
        gc.disable()
        sys.setswitchinterval(_SWITCH_SECONDS)
        # Threads inherit the priority of the one that starts them: PortAudio's callback first, then our own.
        raise_priority(DEVICE_PRIORITY)
        self.output.start()
        self.scheduling = raise_priority(CONTROL_PRIORITY)
        self._synth_thread.start()
        self.worker.start()
        self.osc.start()

    def wait(self) -> None:
        """Return when the engine has ended, by `quit`."""
        # A bounded wait keeps Ctrl-C alive on Windows.
        while not self._stopped.wait(0.5):
            pass

    def quit(self) -> None:
        """Fade out and end; returns at once."""
        self._stopping.set()

    def close(self) -> None:
        """Fade out, finish the recording, free port and device; returns when all is done."""
        self._stopping.set()
        self._stopped.wait(timeout=3.0)
        if self.recorder.recording:
            self.recorder.stop()
        self.osc.close()
        self.worker.close()
        self.output.close()
        self.synth.voice.close()
        gc.unfreeze()
        gc.enable()

    def status(self) -> Status:
        """The engine's measures."""
        mean, peak = self._load.percent
        return Status(
            underruns=self.output.underruns + self.output.device_underruns,
            late_events=self.timeline.late_events,
            malformed_packets=self.osc.dispatcher.malformed_packets,
            subscribers=len(self.osc.subscribers),
            mean_load=mean,
            peak_load=peak,
            nominal_sample_rate=self.output.sample_rate,
            measured_sample_rate=self.output.sample_rate / self._stream_clock.scale,
            control_ms=1e3 * self._control.median,
            synthesis_ms=1e3 * (self._synthesis.median + self.synth.voice.latency_seconds),
            buffer_ms=1e3 * self._buffer.median,
            device_ms=1e3 * self.output.latency_seconds,
            release=self.performance.release,
            playing=self.performance.playing,
        )

    def load_release(self, name: str) -> None:
        """Change to another release, cross-faded; called by the worker.

        Raises:
            ReleaseError: it cannot be used; the present one plays on.
        """
        self._change_voice(lambda: self._library.open(name))

    def set_device(self, name: str) -> None:
        """Move the stream to another sound device; called by the worker.

        Raises:
            OutputError: it cannot be opened; the present one plays on.
        """
        from instrument.outputs.device import DeviceOutput

        self._move_to(DeviceOutput(name))

    def on_synth_thread(self, call: Callable[[], None]) -> None:
        """Run something at the next hop, and return when it has run.

        Raises:
            Exception: what `call` raised; the sound goes on.
        """
        ran: Future[None] = Future()

        def run() -> None:
            try:
                call()
            except Exception as error:  # noqa: BLE001  it is the caller's to deal with; the sound goes on
                ran.set_exception(error)
            else:
                ran.set_result(None)

        self.timeline.post([Event("", Kind.ACTION, call=run)])
        ran.result(timeout=_HOP_DEADLINE_SECONDS)

    def _warm_up(self) -> None:
        # Compiled code is loaded and first touched here, not between two hops.
        voice = self.synth.voice
        for _ in range(8):
            y = voice.render(self.performance.advance(0.0), self.performance)
            OutputStage(self.output.sample_rate).process(y, 0.0, playing=True)
        voice.reset()

    def _change_voice(self, open_release: Callable[[], Release]) -> None:
        # Making a session and freeing one hold the interpreter for milliseconds, so the engine plays from a
        # deeper buffer until the new voice sounds alone and the old one is gone.
        self.output.deepen(_LOADING_SECONDS)
        time.sleep(_LOADING_SECONDS)
        try:
            voice = self._voice(open_release(), self.output.sample_rate)
            self.on_synth_thread(lambda: self._take_voice(voice))
            deadline = time.monotonic() + _SWAP_DEADLINE_SECONDS
            while not (retired := self.synth.take_retired()) and time.monotonic() < deadline:
                time.sleep(_POLL_SECONDS)
            for old in retired:
                old.close()
            del retired
        finally:
            self.output.deepen(0.0)

    def _voice(self, release: Release, sample_rate: float) -> Voice:
        return Voice(release, sample_rate, self.performance.iterations, self.performance.lookahead)

    def _take_voice(self, voice: Voice) -> None:
        card = voice.release.card
        self.synth.change_voice(voice)
        if card.name != self.performance.release:
            self.performance.change_release(card.latent, card.name)
            self._rows = namespace.expand(card.latent_dim)
            self.publisher.announce(None, f"{ROOT}/model/load", (card.name,))

    def _move_to(self, output: Output) -> None:
        if self.recorder.recording and output.sample_rate != self.output.sample_rate:
            output.close()
            raise OutputError("the device runs at another sample rate; stop the recording first")
        voice = self._voice(self.synth.voice.release, output.sample_rate)
        output.start()
        retired = self.output

        def move() -> None:
            self.output = output
            self.synth = Synth(voice, self.performance, output.sample_rate)
            self._stream_clock = StreamClock(voice.hop_seconds)

        self.on_synth_thread(move)
        self.recorder.sample_rate = output.sample_rate
        retired.close()

    def _run(self) -> None:
        """The synth's thread; however it ends, nobody waits for it in vain."""
        raise_priority(SYNTH_PRIORITY)
        try:
            self._play()
        finally:
            self._stopped.set()

    def _play(self) -> None:
        """Wait, apply what is due, render, write, until the sound has faded out."""
        silent_since: float | None = None
        while silent_since is None or time.perf_counter() < silent_since:
            buffered = self._wait_for_output()
            begin = time.perf_counter()
            hop_seconds = self.synth.hop_seconds
            heard = self._stream_clock.observe(time.time() + buffered + self.output.latency_seconds)
            for event in self.timeline.due(heard + self.synth.voice.latency_seconds, hop_seconds):
                self._apply(event)
            y = self.synth.render()
            self.output.write(y)
            self.recorder.push(y)
            self._stream_clock.advance(len(y) / self.output.sample_rate)
            self._buffer.add(buffered)
            work = time.perf_counter() - begin
            self._synthesis.add(work)
            self._load.add(work, hop_seconds)
            if self._stopping.is_set():
                self.performance.playing = False
                if self.synth.output.silent and silent_since is None:
                    silent_since = time.perf_counter() + buffered + self.output.latency_seconds

    def _wait_for_output(self) -> float:
        try:
            return self.output.wait()
        except OutputError as error:
            lost, self.output = self.output, NullOutput(self.output.sample_rate)
            self.output.start()
            self.worker.submit(Event("", Kind.ACTION, call=lost.close))
            self.publisher.announce(None, "/error", (str(error),))
            self._report(f"{error} Playing on without sound; choose a device with {ROOT}/device/set.")
            return self.output.wait()

    def _apply(self, event: Event) -> None:
        if event.call is not None:
            event.call()
            return
        if event.arrived:
            self._control.add(max(0.0, time.time() - event.arrived))
        if event.kind not in (Kind.SETTING, Kind.ACTION):
            self.worker.submit(event)
            return
        lookahead = self.performance.lookahead
        try:
            if event.values is None:
                self.publisher.reply(event.origin, event.path, self.performance.value(event.path))
                return
            self.performance.apply(event.path, event.values)
        except MessageError as error:
            self.publisher.reply(event.origin, "/fail", (event.path, str(error)))
            return
        if self.performance.lookahead != lookahead:
            release = self.synth.voice.release
            self.worker.submit(Event("", Kind.ACTION, call=lambda: self._change_voice(lambda: release)))
        self.publisher.announce(event.origin, event.path, event.values)

    def _publish(self) -> None:
        self.publisher.publish(self.osc, self.synth.output, self.output.underruns + self.output.device_underruns)
