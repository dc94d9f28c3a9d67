"""The measurements: start-up, cost of a hop, latency from message to output, underruns."""

from __future__ import annotations

import contextlib
import random
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from aitunes.errors import AiTunesError
from aitunes.features import FloatArray
from aitunes.osc.client import Client
from aitunes.release.processes import own_process
from instrument.engine.engine import Engine
from instrument.namespace import ROOT
from instrument.outputs import Output
from instrument.outputs.device import DeviceOutput
from instrument.outputs.reserve import Reserve
from instrument.status import Status
from instrument.synthesis.performance import Performance
from instrument.synthesis.release_renderer import ReleaseRenderer
from instrument.synthesis.tones import DRONE_SLOT
from instrument.terminal import unstoppable

_HOPS = 1_500
_CHANGES = 40
_SETTLE_SECONDS = 0.15
_WINDOW = 256
_STEP = 8


class DoctorError(AiTunesError):
    """Something that cannot be measured, and why."""


@dataclass(frozen=True)
class HopCost:
    """Time that one stage takes of every hop, milliseconds, and its share of the hop at the median."""

    stage: str
    median_ms: float
    p99_ms: float
    share: float


@dataclass(frozen=True)
class Report:
    """Everything the doctor found; times in ms, shares in 0..1, sizes as named."""

    machine: dict[str, str]
    import_seconds: float
    start_seconds: float
    iterations: int
    hop_ms: float
    costs: list[HopCost]
    output: str
    sample_rate: float
    device_ms: float
    reserve_ms: float
    stall_ms: float
    stages_ms: dict[str, float]
    latency_median_ms: float
    latency_low_ms: float
    latency_high_ms: float
    played_seconds: float
    underruns: int
    device_underruns: int
    mean_load: float
    peak_load: float
    causes: list[str]
    advice: list[str]

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for `--json`."""
        return asdict(self)


class Tap:
    """An output that remembers what passes and when it will be heard, around the real one.

    Args:
        output: the real output.
        seconds: how much to remember.
    """

    def __init__(self, output: Output, seconds: float) -> None:
        self._output = output
        self.name, self.sample_rate, self.feels_scans = output.name, output.sample_rate, output.feels_scans
        self._samples = np.zeros(int(seconds * output.sample_rate), np.float32)
        self._count = 0
        self._heard: list[tuple[int, float]] = []
        self._buffered = 0.0

    @property
    def underruns(self) -> int:
        """Return the real output's."""
        return self._output.underruns

    @property
    def overslept_seconds(self) -> float:
        """Return that of the output."""
        return self._output.overslept_seconds

    @property
    def device_underruns(self) -> int:
        """Return the real output's."""
        return self._output.device_underruns

    @property
    def reserve(self) -> Reserve:
        """Return what the real output keeps for stalls; nothing where there is no device."""
        kept = self._output.reserve if isinstance(self._output, DeviceOutput) else None
        return kept or Reserve(0.0)

    @property
    def latency_seconds(self) -> float:
        """Return the real output's."""
        return self._output.latency_seconds

    @property
    def reserve_seconds(self) -> float:
        """Return the real output's."""
        return self._output.reserve_seconds

    def start(self) -> None:
        """Begin to consume."""
        self._output.start()

    def wait(self) -> float:
        """Wait as the real output does."""
        self._buffered = self._output.wait()
        return self._buffered

    def write(self, y: FloatArray) -> None:
        """Pass a block on; its first sample will be heard when all that is buffered has passed."""
        now = time.time()
        end = self._count + len(y)
        if end <= len(self._samples):
            self._heard.append((self._count, now + self._buffered + self._output.latency_seconds))
            self._samples[self._count : end] = y.mean(axis=1)
            self._count = end
        self._output.write(y)

    def deepen(self, seconds: float) -> None:
        """Pass on."""
        self._output.deepen(seconds)

    def close(self) -> None:
        """Pass on."""
        self._output.close()

    def latencies(self, sent: list[float]) -> FloatArray:
        """Seconds from each sending to the moment the sound has half changed; [those that were seen]."""
        heard_at = np.array(self._heard)
        found = []
        settle = int(_SETTLE_SECONDS * self.sample_rate)
        for moment in sent:
            start = int(np.interp(moment, heard_at[:, 1], heard_at[:, 0]))
            if settle <= start < self._count - 2 * settle:
                middle = half_way(self._samples[start - settle : start + 2 * settle], settle)
                if middle is not None:
                    found.append(np.interp(start + middle, heard_at[:, 0], heard_at[:, 1]) - moment)
        return np.array(found, np.float32)


def half_way(y: FloatArray, change: int) -> int | None:
    """Samples after `change` at which the spectrum has come half of the way from its old to its new shape.

    Args:
        y: [3 · change]: a third before the change, two thirds after it.
    """
    windows = np.lib.stride_tricks.sliding_window_view(y, _WINDOW)[::_STEP] * np.hanning(_WINDOW)
    S = np.abs(np.fft.rfft(windows))
    third = change // _STEP
    old, new = S[: third - _WINDOW // _STEP].mean(axis=0), S[-third // 2 :].mean(axis=0)
    direction = new - old
    norm = direction @ direction
    if norm < 1e-6:
        return None
    # The window is symmetric, so its blur does not move the middle.
    share = (S[third - _WINDOW // _STEP // 2 :] - old) @ direction / norm
    # The step that fits best: of noise, single windows look like the new shape long before the change.
    beyond = int(np.argmin(np.cumsum(np.concatenate([[0.0], share - 0.5]))))
    return beyond * _STEP if beyond < len(share) else None


def import_seconds() -> float:
    """Measure `import instrument` in a fresh interpreter, the best of three.

    Raises:
        DoctorError: no process can be started, or it is ended from outside.
    """
    code = "import time; t = time.perf_counter(); import instrument; print(time.perf_counter() - t)"
    (python, isolated, *_), environment = own_process("instrument")
    command = [python, isolated, "-c", code]
    try:
        runs = [subprocess.run(command, capture_output=True, env=environment, text=True, check=True) for _ in range(3)]
        return min(float(run.stdout) for run in runs)
    except (OSError, subprocess.SubprocessError, ValueError) as error:
        raise DoctorError(f"Python cannot be started to measure `import instrument`: {error}.") from error


def start_seconds(arguments: list[str], program: Sequence[str] | None = None) -> float:
    """Measure from the start of `aitunes play` in a fresh process to its first sound.

    Args:
        arguments: further words of the command line.
        program: the command to run in place of `aitunes play`.

    Raises:
        DoctorError: it does not play; with what it said last.
    """
    words = ["play", "--no-pad", "--no-oscquery", "--osc-port", "0", *arguments]
    command, environment = own_process("instrument", *words, one_thread=False)
    command = command if program is None else [*program]
    begin = time.perf_counter()
    with contextlib.ExitStack() as ending:
        with unstoppable():
            process = ending.enter_context(
                subprocess.Popen(command, stderr=subprocess.PIPE, env=environment, text=True)
            )
            assert process.stderr is not None
            ending.callback(process.stderr.read)
            ending.callback(process.terminate)  # or it would play on for ever, should the doctor be stopped
        last = "it said nothing."
        for line in process.stderr:
            if line.startswith("Playing"):
                return time.perf_counter() - begin
            last = line.strip().removeprefix("aitunes: ") or last
        raise DoctorError(f"`aitunes play` does not start: {last}")


def hop_costs(renderer: ReleaseRenderer) -> tuple[float, list[HopCost]]:
    """Hop length in ms, and what decoding, mel inversion and phase reconstruction take of it."""
    rng = np.random.default_rng(0)
    performance = Performance.of(renderer.release.card, renderer.iterations)
    points = rng.uniform(-2.0, 2.0, (_HOPS, performance.point.dim)).astype(np.float32)
    stages = {stage: np.zeros(_HOPS) for stage in ("decode", "mel inversion", "phase", "resample")}
    voices = renderer.voices
    for hop, coordinates in enumerate(points):
        moments = [time.perf_counter()]
        frame = renderer.source.frames(renderer.code(coordinates), performance)[DRONE_SLOT]  # every point is a new one
        moments.append(time.perf_counter())
        voices.set_frame(DRONE_SLOT, frame)
        moments.append(time.perf_counter())
        y = voices.render(renderer.iterations, [1.0])
        moments.append(time.perf_counter())
        renderer.resampler.process(y)
        moments.append(time.perf_counter())
        for stage, seconds in zip(stages, np.diff(moments), strict=True):
            stages[stage][hop] = seconds
    stages["total"] = np.sum(list(stages.values()), axis=0)
    hop_ms = 1e3 * renderer.hop_seconds
    costs = []
    for stage, times in stages.items():
        median, p99 = (1e3 * float(value) for value in np.percentile(times, [50, 99]))
        costs.append(HopCost(stage, median, p99, median / hop_ms))
    return hop_ms, costs


def play(engine: Engine, tap: Tap, seconds: float, say: Callable[[str], None]) -> tuple[FloatArray, Status]:
    """Move the pad by OSC while the engine plays; latencies in seconds and the final status."""
    sent = []
    with Client(engine.osc.host, engine.osc.port) as client:
        begin = time.perf_counter()
        time.sleep(0.5)
        pause = max(0.25, seconds / (_CHANGES + 2))
        while time.perf_counter() - begin < seconds - 0.5:
            sent.append(time.time())
            client.send(f"{ROOT}/pad/xy", (0.1, 0.9)[len(sent) % 2], 0.5)
            time.sleep(pause + random.random() * 0.01)
        time.sleep(0.5)
    say(f"{len(sent)} pad moves over OSC in {seconds:g} s")
    return tap.latencies(sent), engine.status()
