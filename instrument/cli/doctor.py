"""`aitunes doctor`: measure this machine and advise."""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import platform
import tempfile
from pathlib import Path

import numpy as np

from aitunes.atomic import check_replaceable, unfinished_path
from aitunes.errors import reason
from aitunes.features import FloatArray
from aitunes.printable import printable
from instrument.cli.common import iterations, library, load_compiled_code
from instrument.cli.play import open_output
from instrument.doctor.measure import Report, Tap, hop_costs, import_seconds, play, start_seconds
from instrument.doctor.report import advise, table
from instrument.doctor.trace import write_trace
from instrument.engine.engine import Engine
from instrument.engine.options import EngineOptions
from instrument.outputs import OutputError
from instrument.scheduling import SYNTH_PRIORITY, raise_priority
from instrument.status import Status
from instrument.storage.library import Library
from instrument.synthesis.release_renderer import ReleaseRenderer
from instrument.terminal import say

_MAX_SECONDS = 600.0
_MIN_CHANGES = 4
_TRIAL_BYTES = 1 << 16


def run(options: argparse.Namespace) -> int:
    """Measure, then print a table or JSON."""
    seconds, releases = min(options.seconds, _MAX_SECONDS), library(options)
    if options.trace is not None:
        _check_trace(options.trace)
    say(f"Measuring; this takes about {seconds + 6:.0f} seconds and makes sound.")
    load_compiled_code()
    found, is_traced = _examine(options, releases, seconds)
    report = dataclasses.replace(found, advice=advise(found))
    print(json.dumps(report.as_dict(), indent=1) if options.json else "\n".join(map(printable, table(report))))
    return 0 if is_traced else 1


def _examine(options: argparse.Namespace, releases: Library, seconds: float) -> tuple[Report, bool]:
    """Measure; return the report, and whether the trace is written where one is wanted."""
    imported, started = import_seconds(), start_seconds(["--release", options.release, *_output_arguments(options)])
    raise_priority(SYNTH_PRIORITY)
    renderer = ReleaseRenderer(
        releases.open(options.release), 48_000.0, iterations(options), options.lookahead, background=False
    )
    hop_ms, costs = hop_costs(renderer)
    tap = Tap(open_output(options), seconds + 2.0)
    engine, latencies, status = _play(tap, releases, options, seconds)
    flight = engine.synth_thread.flight
    is_traced = options.trace is None or write_trace(options.trace, flight, say)
    if len(latencies) < _MIN_CHANGES:
        raise OutputError(f"Only {len(latencies)} pad moves were heard in {seconds:g} s; try --seconds 10 or more.")
    low, median, high = 1e3 * np.percentile(latencies, [1, 50, 99])
    report = Report(
        machine=_machine(engine.scheduling),
        import_seconds=imported,
        start_seconds=started,
        iterations=iterations(options),
        hop_ms=hop_ms,
        costs=costs,
        output=tap.name,
        sample_rate=tap.sample_rate,
        device_ms=1e3 * tap.latency_seconds,
        reserve_ms=1e3 * tap.reserve.seconds,
        stall_ms=1e3 * tap.reserve.stall_seconds,
        stages_ms={
            "message → hop": status.control_ms,
            "synthesis": status.synthesis_ms,
            "buffer": status.buffer_ms,
            "device (PortAudio)": status.device_ms,
        },
        latency_median_ms=float(median),
        latency_low_ms=float(low),
        latency_high_ms=float(high),
        played_seconds=seconds,
        underruns=tap.underruns,
        device_underruns=tap.device_underruns,
        mean_load=status.mean_load,
        peak_load=status.peak_load,
        causes=[cause.sentence for cause in flight.causes],
        advice=[],
    )
    return report, is_traced


def _play(
    tap: Tap, releases: Library, options: argparse.Namespace, seconds: float
) -> tuple[Engine, FloatArray, Status]:
    """Play for so long; return the engine, which has ended, the latencies of pad moves in seconds, and its measures."""
    with tempfile.TemporaryDirectory() as scratch:
        settings = EngineOptions(
            release=options.release,
            osc_port=0,
            iterations=iterations(options),
            lookahead=options.lookahead,
            recordings=Path(scratch),
            snapshots=Path(scratch) / "snapshots.json",
        )
        engine = Engine(tap, releases, settings, log=say)
        engine.start()
        try:
            return engine, *play(engine, tap, seconds, say)
        finally:
            engine.close()


def _check_trace(path: Path) -> None:
    """Refuse, before anything is measured, a file that cannot be written.

    Raises:
        OutputError: it has no folder, or something that is no file has its name.
    """
    try:
        check_replaceable(path)
        if not path.parent.is_dir():
            raise OutputError(f"The trace cannot be written to {path}: there is no folder {path.parent}.")
        # Only a try tells of a folder that takes no files, a name that is too long or a disk that is full.
        trial = unfinished_path(path)
        try:
            trial.write_bytes(bytes(_TRIAL_BYTES))
        finally:
            trial.unlink(missing_ok=True)
    except OSError as error:
        raise OutputError(f"The trace cannot be written to {path}: {reason(error)}.") from error


def _output_arguments(options: argparse.Namespace) -> list[str]:
    words = ["--output", options.output, "--blocksize", str(options.blocksize)]
    if options.channels:
        words += ["--channels", ",".join(map(str, options.channels))]
    words += [] if options.device is None else ["--device", options.device]
    return words + ([] if options.releases is None else ["--releases", str(options.releases)])


def _machine(scheduling: str) -> dict[str, str]:
    return {
        "system": f"{platform.system()} {platform.machine()}",
        "python": f"Python {platform.python_version()}",
        "cores": f"{os.cpu_count()} cores",
        "scheduling": scheduling,
    }
