"""Runs an engine without a device whose hops another program reads: what they cost, and why the sound was interrupted.

`benchmarks.page` starts it. For every line on its input it writes its newest hops and all causes, as JSON in one line;
that holds the interpreter for milliseconds, so it is to be asked only between two measurements.
"""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import astuple, dataclass, fields, replace
from pathlib import Path

import numpy as np
import psutil

from benchmarks.live import SAMPLE_RATE, Client
from instrument.cli.common import load_compiled_code
from instrument.engine.engine import Engine
from instrument.engine.interruptions import Hop
from instrument.engine.options import EngineOptions
from instrument.outputs.null import NullOutput
from instrument.scheduling import SYNTH_PRIORITY, raise_priority
from instrument.storage.library import DEFAULT_RELEASE, Library

MAX_SECONDS = 5.0
"""Of one measurement: the flight recorder keeps no more."""
_HELD_SECONDS = 0.0005
_FIELDS = [field.name for field in fields(Hop)]


def main() -> None:
    """Play, print the port, and answer until the input ends."""
    load_compiled_code()
    raise_priority(SYNTH_PRIORITY)
    with tempfile.TemporaryDirectory() as scratch:
        options = EngineOptions(
            DEFAULT_RELEASE, osc_port=0, recordings=Path(scratch), snapshots=Path(scratch) / "snapshots.json"
        )
        engine = Engine(NullOutput(SAMPLE_RATE), Library(), options)
        engine.start()
        try:
            print(engine.osc.port, flush=True)
            flight = engine.synth_thread.flight
            for _ in sys.stdin:
                hops = [astuple(hop) for hop in flight.hops()]
                causes = [(cause.moment, cause.kind, cause.sentence) for cause in flight.causes]
                print(json.dumps({"hops": hops, "causes": causes}), flush=True)
        finally:
            engine.close()


@dataclass(frozen=True)
class Watched:
    """Holds what an engine did during some measurements.

    Args:
        seconds: of all together.
        underruns: of the buffer.
        processor: seconds of the engine's process.
        hops: [hops, fields of `Hop`].
        causes: sentences by kind.
    """

    seconds: float
    underruns: int
    processor: float
    hops: np.ndarray
    causes: tuple[tuple[str, str], ...]

    def __add__(self, other: Watched) -> Watched:
        return Watched(
            self.seconds + other.seconds,
            self.underruns + other.underruns,
            self.processor + other.processor,
            np.concatenate([self.hops, other.hops]),
            self.causes + other.causes,
        )

    def lines(self) -> Iterator[str]:
        """Describe it in two lines, and the causes in one more each."""
        own, others, rendered, overslept = (
            self.hops[:, _FIELDS.index(name)] for name in ("processor", "others", "rendered", "overslept")
        )
        hop_seconds = self.seconds / len(self.hops)
        lost = np.maximum(rendered - own, 0.0) + np.where(overslept > _HELD_SECONDS, overslept, 0.0)
        held = (lost > _HELD_SECONDS) & (others > lost / 2.0)
        share, rare = 100.0 * self.processor / self.seconds, 1e3 * np.percentile(own, 99)
        yield (
            f"{self.underruns} underruns in {self.seconds:.0f} s; engine {share:.1f} % of a core; "
            f"hops {1e3 * own.mean():.3f} ms of their own, 99 of 100 within {rare:.2f}, "
            f"{int((own > hop_seconds).sum())} of {len(own)} over {1e3 * hop_seconds:.2f}"
        )
        yield f"other threads {1e3 * others.mean():.3f} ms a hop; the interpreter was held in {int(held.sum())} hops"
        for kind, count in Counter(kind for kind, _ in self.causes).most_common():
            sentence = next(sentence for other, sentence in reversed(self.causes) if other == kind)
            yield f"cause, {count} × {kind}: {sentence}"


class WatchedEngine:
    """Asks an engine in a process of its own.

    Args:
        process: of `main`.
        client: talks OSC to it.
    """

    def __init__(self, process: subprocess.Popen[str], client: Client) -> None:
        self._process, self.client = process, client

    def watch(self, seconds: float, work: Callable[[float], None]) -> Watched:
        """Return what the engine did while `work` ran for so many seconds, at most `MAX_SECONDS`."""
        process = psutil.Process(self._process.pid)
        underruns, before = int(self.client.status()[0]), sum(process.cpu_times()[:2])
        begin = time.perf_counter()
        work(seconds)
        end = time.perf_counter()
        watched = Watched(
            end - begin,
            int(self.client.status()[0]) - underruns,
            sum(process.cpu_times()[:2]) - before,
            np.empty((0, len(_FIELDS))),
            (),
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(file=self._process.stdin, flush=True)
        answer = json.loads(self._process.stdout.readline())
        hops = np.array(answer["hops"])
        ended = hops[:, _FIELDS.index("ended")]
        causes = tuple((kind, sentence) for moment, kind, sentence in answer["causes"] if begin < moment <= end)
        return replace(watched, hops=hops[(begin < ended) & (ended <= end)], causes=causes)


@contextlib.contextmanager
def watched_engine() -> Iterator[WatchedEngine]:
    """Run one for as long as the context lasts."""
    command = [sys.executable, "-m", "benchmarks.watched_engine"]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        client = Client(int(process.stdout.readline()), process.pid)
        client.sync()
        yield WatchedEngine(process, client)
    finally:
        process.stdin.close()
        process.wait(timeout=20)


if __name__ == "__main__":
    main()
