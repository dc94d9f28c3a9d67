"""The doctor's findings as a table and as advice."""

from __future__ import annotations

from collections.abc import Iterator

from instrument.doctor.measure import Report

_COMFORTABLE_LOAD = 0.25
_TOO_MUCH = 0.6
_LATE_MS = 30.0


def advise(report: Report) -> list[str]:
    """Sentences on what this machine carries, the most urgent first."""
    advice = []
    total = report.costs[-1]
    if report.output.startswith("none"):
        advice.append("There is no sound device: plug one in, or start JACK or PipeWire, and run the doctor again.")
    if total.share > _COMFORTABLE_LOAD or total.p99_ms > _TOO_MUCH * report.hop_ms:
        remedy = (
            f"choose --iterations {_affordable_iterations(report)}."
            if report.iterations
            else "--iterations 0 is the least, so close busy programs, or choose a release with a smaller model."
        )
        advice.append(
            f"Sound takes {total.share:.0%} of one core, and one hop in a hundred {total.p99_ms / report.hop_ms:.0%} "
            f"of its time: {remedy}"
        )
    else:
        advice.append(
            f"Sound takes {total.share:.0%} of one core: this machine carries --iterations {report.iterations}."
        )
    if report.underruns or report.device_underruns:
        advice.append(
            f"The sound was interrupted {report.underruns + report.device_underruns} times: close busy programs, or "
            "give the device more time with --blocksize 256 or 512."
        )
    elif report.latency_median_ms > _LATE_MS:
        advice.append(
            f"Nothing was interrupted, so a smaller block may lower the {report.latency_median_ms:.0f} ms: "
            "try --blocksize 128."
        )
    else:
        advice.append("Nothing was interrupted at this block size.")
    if report.machine["scheduling"] != "real-time":
        advice.append(
            "Real-time scheduling is not granted; on Linux, join the group “audio” and allow it rtprio 95 in "
            "/etc/security/limits.d."
        )
    return advice


def _affordable_iterations(report: Report) -> int:
    """Refinements that keep a hop within the comfortable load, if each costs what it did here."""
    medians = {cost.stage: cost.median_ms for cost in report.costs}
    each = medians["phase"] / max(1, report.iterations)
    spare = _COMFORTABLE_LOAD * report.hop_ms - (medians["total"] - medians["phase"])
    return max(0, min(report.iterations - 1, int(spare / each)))


def table(report: Report) -> Iterator[str]:
    """Yields the report, a line at a time."""
    yield "machine              " + ", ".join(report.machine.values())
    yield f"import instrument    {report.import_seconds:.2f} s"
    yield f"start to first sound {report.start_seconds:.2f} s"
    yield f"output               {report.output}, {report.sample_rate:.0f} Hz"
    yield ""
    yield f"cost of a hop ({report.hop_ms:.2f} ms)   median      p99   share of a core"
    for cost in report.costs:
        yield f"  {cost.stage:18} {cost.median_ms:10.3f} {cost.p99_ms:8.3f} ms {cost.share:9.1%}"
    yield ""
    yield "OSC → output, by stage           median"
    for stage, milliseconds in report.stages_ms.items():
        yield f"  {stage:24} {milliseconds:10.1f} ms"
    if report.reserve_ms:
        yield (
            f"  of the buffer, {report.reserve_ms:.1f} ms outlast stalls: the longest that this machine is expected to "
            f"show, from the last minute, is {report.stall_ms:.1f} ms"
        )
    yield (
        f"OSC → output, measured   {report.latency_median_ms:10.1f} ms   "
        f"(1st – 99th percentile {report.latency_low_ms:.1f} – {report.latency_high_ms:.1f} ms, "
        f"jitter {report.latency_high_ms - report.latency_low_ms:.1f} ms)"
    )
    yield ""
    yield (
        f"{report.played_seconds:.0f} s of playing: {report.underruns} underruns of the buffer, "
        f"{report.device_underruns} interruptions by the device, load {report.mean_load:.0f} % "
        f"(peak {report.peak_load:.0f} %)"
    )
    yield from (f"  interrupted because {cause}" for cause in report.causes)
    yield ""
    yield from (f"→ {sentence}" for sentence in report.advice)
