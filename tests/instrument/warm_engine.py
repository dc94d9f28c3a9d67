"""Forks engines and web servers from a process that has loaded their code, which costs a new process 2 s of its own."""

import importlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
from functools import cache
from pathlib import Path

from aitunes.release.runtime import load_runtime

ROOT = Path(__file__).parents[2]
_NETWORK = Path("/proc/thread-self/ns/net")


def network():
    """Return the name of the network that this thread is in."""
    return str(_NETWORK.readlink()) if _NETWORK.exists() else ""


HOME_NETWORK = network()
"""Where warm engines are, also when a test has entered another network."""


class WarmEngine:
    """`aitunes play` or `aitunes web` in a process of its own, with what the tests use of `subprocess.Popen`.

    It reads its environment as it starts; what libraries read of theirs as they are imported is that of the tests.
    """

    def __init__(self, words, environment):
        self._link, theirs = socket.socketpair()
        reading, writing = os.pipe()
        socket.send_fds(_fork_server(words[0]), [b"1"], [theirs.fileno(), writing])
        theirs.close()
        os.close(writing)
        self.stderr = os.fdopen(reading)
        self.returncode = None
        self._link.sendall(json.dumps([words, environment]).encode() + b"\n")
        self.pid = int(self._link.recv(16))

    def poll(self):
        """Return its exit status, or None while it runs."""
        try:
            return self.wait(0.0)
        except subprocess.TimeoutExpired:
            return None

    def wait(self, timeout=None):
        """Return its exit status; less than zero, the signal that ended it."""
        if self.returncode is None:
            if not select.select([self._link], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired("aitunes", timeout)
            self.returncode = int(self._link.recv(16))
            self._link.close()
        return self.returncode

    def send_signal(self, number):
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self):
        self.send_signal(signal.SIGTERM)

    def kill(self):
        self.send_signal(signal.SIGKILL)


@cache
def _fork_server(command):
    """Return the control socket of a process that has loaded a command; it ends with this process."""
    ours, theirs = socket.socketpair()
    words = [sys.executable, "-m", "tests.instrument.warm_engine", str(theirs.fileno()), command]
    quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL}
    subprocess.Popen(words, cwd=ROOT, pass_fds=[theirs.fileno()], **quiet)
    theirs.close()
    return ours


def _load(command):
    if command == "web":
        importlib.import_module("instrument.web.serve")
        return
    importlib.import_module("instrument.cli.play")
    load_runtime()
    for module in ("instrument.synthesis.release_renderer", "instrument.listening.analysis"):
        importlib.import_module(module).load_compiled_code()


def _serve(control):
    """Fork for every request; return in the new process its words and its connection to who watches it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    while True:
        message, descriptors, _, _ = socket.recv_fds(control, 1, 2)
        if not message:
            sys.exit()
        if os.fork() == 0:
            break
        for descriptor in descriptors:
            os.close(descriptor)
    control.close()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    return descriptors


def _watch(link, pid):
    """Tell the test which process it is, and in the end its status."""
    link.sendall(str(pid).encode())
    _, status = os.waitpid(pid, 0)
    link.sendall(str(os.waitstatus_to_exitcode(status)).encode())
    os._exit(0)


def _main(control, command):
    _load(command)
    descriptor, errors = _serve(socket.socket(fileno=int(control)))
    link = socket.socket(fileno=descriptor)
    with link.makefile() as request:
        words, environment = json.loads(request.readline())
    if pid := os.fork():
        os.close(errors)
        _watch(link, pid)
    link.close()
    os.dup2(errors, 2)
    os.close(errors)
    sys.stderr = os.fdopen(2, "w", 1, errors="backslashreplace", closefd=False)
    os.environ.clear()
    os.environ.update(environment)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    sys.argv[1:] = words

    from instrument.__main__ import run

    sys.exit(run())


if __name__ == "__main__":
    _main(*sys.argv[1:])
