"""Install size, import time, and how long an engine takes from its start to its first sound.

    python -m benchmarks.startup [--runs 5] [--skip-install]

The size is that of a fresh virtual environment's packages after `pip install .` with no extras, bytecode
included, pip itself left out. First sound on JACK is the first sample other than zero that a second JACK client
receives; with `--output none` it is the engine's own word that it plays.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).parents[1]
DEADLINE_SECONDS = 120.0


def main() -> None:
    """Measure and print rows for benchmarks/RESULTS.md."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--skip-install", action="store_true", help="do not measure the install's size")
    options = parser.parse_args()
    print("| what | figure | goal |\n| --- | --- | --- |")
    if not options.skip_install:
        report_install()
    for module, goal in (("instrument", "0.3 s"), ("instrument.engine.engine", "–")):
        seconds = [import_seconds(module) for _ in range(options.runs)]
        print(f"| `import {module}`, median of {options.runs} | {statistics.median(seconds):.3f} s | {goal} |")
    until_ready()  # fills numba's cache and the disk's
    report_start("no output, warm cache", options.runs, until_ready)
    if shutil.which("jackd"):
        report_jack(options.runs)
    with tempfile.TemporaryDirectory() as cache:
        report_start("no output, cold cache: all kernels compiled", 1, lambda: until_ready(NUMBA_CACHE_DIR=cache), "–")


def report_install() -> None:
    """Install the package without extras into a fresh environment and say how large that is."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        python = Path(folder) / "bin" / "python"
        begin = time.perf_counter()
        subprocess.run([python, "-m", "pip", "install", "--quiet", PROJECT], check=True, stderr=subprocess.DEVNULL)
        taken = time.perf_counter() - begin
        packages = next(Path(folder).glob("lib/python3*/site-packages"))
        sizes = {
            item.name: size_of(item)
            for item in packages.iterdir()
            if not item.name.startswith(("pip", "setuptools", "pkg_resources", "_distutils", "distutils"))
        }
    largest = sorted(sizes, key=sizes.__getitem__, reverse=True)[:5]
    parts = ", ".join(f"{name} {sizes[name] / 1e6:.0f}" for name in largest)
    print(f"| base install, MB (largest: {parts}) | {sum(sizes.values()) / 1e6:.0f} MB | 400 MB |")
    print(f"| `pip install .` itself, downloads as fast as they come here | {taken:.0f} s | – |")


def size_of(item: Path) -> int:
    """Bytes of a file, or of all files in a folder."""
    files = item.rglob("*") if item.is_dir() else [item]
    return sum(file.stat().st_size for file in files if file.is_file())


def import_seconds(module: str) -> float:
    """Measure how long a fresh interpreter takes to import it, the interpreter's own start left out."""
    program = f"import time; begin = time.perf_counter(); import {module}; print(time.perf_counter() - begin)"
    done = subprocess.run([sys.executable, "-c", program], cwd=PROJECT, check=True, capture_output=True, text=True)
    return float(done.stdout)


def report_start(name: str, runs: int, measure: Callable[[], float], goal: str = "2 s") -> None:
    """Print the median of several starts."""
    seconds = [measure() for _ in range(runs)]
    many = f", median of {runs} (most: {max(seconds):.2f} s)" if runs > 1 else ""
    print(f"| engine's start → plays, {name}{many} | {statistics.median(seconds):.2f} s | {goal} |")


def report_jack(runs: int) -> None:
    """Print the same, heard by a second JACK client."""
    from benchmarks.live import jack_server

    with jack_server():
        report_start("heard on JACK, warm cache", runs, until_heard)


def start_engine(*arguments: str, **environment: str) -> subprocess.Popen[str]:
    """Start `aitunes play` in a process of its own, on any free OSC port."""
    words = ["play", "--no-pad", "--no-midi", "--no-oscquery", "--osc-port", "0", *arguments]
    command = [sys.executable, "-m", "instrument", *words]
    return subprocess.Popen(command, cwd=PROJECT, stderr=subprocess.PIPE, text=True, env={**os.environ, **environment})


def end(engine: subprocess.Popen[str]) -> None:
    """Let the engine fade out."""
    engine.terminate()
    engine.communicate(timeout=DEADLINE_SECONDS)


def until_ready(**environment: str) -> float:
    """Seconds from the start of the process to its word that it plays."""
    begin = time.perf_counter()
    engine = start_engine("--output", "none", **environment)
    assert engine.stderr is not None
    try:
        for line in engine.stderr:
            if line.startswith("Playing "):
                return time.perf_counter() - begin
    finally:
        end(engine)
    sys.exit("the engine did not start")


def until_heard() -> float:
    """Seconds from the start of the process to the first sample that another JACK client hears."""
    import jack

    from benchmarks.live import SERVER

    client = jack.Client("listener", servername=SERVER)
    port = client.inports.register("in")
    heard = threading.Event()
    moments: list[float] = []

    def listen(_frames: int) -> None:
        if not moments and port.get_array().any():
            moments.append(time.perf_counter())
            heard.set()

    client.set_process_callback(listen)
    with client:
        begin = time.perf_counter()
        engine = start_engine()
        try:
            client.connect(engine_port(client), port)
            if not heard.wait(DEADLINE_SECONDS):
                sys.exit("the engine made no sound")
        finally:
            end(engine)
    return moments[0] - begin


def engine_port(client: Any) -> Any:
    """Return the engine's first output, as soon as it exists."""
    deadline = time.perf_counter() + DEADLINE_SECONDS
    while time.perf_counter() < deadline:
        for port in client.get_ports(is_audio=True, is_output=True):
            if not port.name.startswith(("system:", "listener:")):
                return port
        time.sleep(0.002)
    sys.exit("the engine did not come to JACK")


if __name__ == "__main__":
    main()
