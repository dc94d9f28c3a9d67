"""Starts programs in processes that have PyTorch and Lightning loaded, which takes a new process 7 s of its own."""

import multiprocessing
import os
import sys
import time
from pathlib import Path

_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload(["training.cli.actions", "training.fit.train"])


class WarmProcess:
    """A program of its own, ended with `with`; what it prints is in `said`.

    Args:
        main: importable function of the program's words that returns its exit status.
        folder: where it runs, and where what it prints is kept.
    """

    def __init__(self, main, words, folder, **environment):
        number = len(list(folder.glob(".said-*")))
        self._output = folder / f".said-{number}"
        self._process = _FORKS.Process(target=_run, args=(main, words, folder, os.environ | environment, self._output))
        self._process.start()

    def __enter__(self):
        return self

    def __exit__(self, *reason):
        self._process.kill()
        self._process.join()

    @property
    def is_running(self):
        return self._process.is_alive()

    @property
    def said(self):
        return self._output.read_text() if self._output.exists() else ""

    def signal(self, number):
        os.kill(self._process.pid, number)

    def wait_for(self, path, seconds=300):
        """Wait for a file that it writes."""
        deadline = time.monotonic() + seconds
        while not path.is_file():
            assert self.is_running, self.said
            assert time.monotonic() < deadline, self.said
            time.sleep(0.05)

    def wait(self, seconds=300):
        """Return its exit status; less than zero, the signal that ended it."""
        self._process.join(seconds)
        assert not self.is_running, self.said
        return self._process.exitcode


def _run(main, words, folder, environment, output):
    os.chdir(folder)
    os.environ.clear()
    os.environ |= environment
    with Path(output).open("w") as stream:
        os.dup2(stream.fileno(), 1)
        os.dup2(stream.fileno(), 2)
    sys.exit(main([str(word) for word in words]))
