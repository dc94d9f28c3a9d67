"""Calls that a system lacks are asked for first: macOS and Windows run the same code."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LACKING = {
    "os": {
        *("confstr", "eventfd", "fchmod", "fdatasync", "fork", "geteuid", "getgid", "getloadavg", "getpgid", "getuid"),
        *("killpg", "memfd_create", "mkfifo", "nice", "openpty", "pipe2", "posix_fadvise", "posix_fallocate", "pread"),
        *("pwrite", "register_at_fork", "sched_getaffinity", "sched_getparam", "sched_getscheduler", "sched_param"),
        *("sched_setaffinity", "sched_setscheduler", "setpgid", "setpriority", "setsid", "statvfs", "sync", "sysconf"),
        *("uname", "wait", "wait3", "wait4", "O_DIRECTORY", "O_NOFOLLOW", "O_NONBLOCK", "SCHED_FIFO", "SCHED_OTHER"),
    },
    "signal": {"SIGALRM", "SIGCHLD", "SIGCONT", "SIGHUP", "SIGKILL", "SIGPIPE", "SIGQUIT", "SIGSTOP", "SIGUSR1"}
    | {"alarm", "pthread_kill", "pthread_sigmask", "setitimer", "sigwait"},
    "time": {"CLOCK_MONOTONIC", "clock_gettime", "pthread_getcpuclockid", "tzset"},
    "socket": {"AF_UNIX", "MSG_DONTWAIT", "SO_REUSEPORT"},
    "select": {"epoll", "kqueue", "poll"},
}
"""Names by module that Windows or macOS do not have."""
MODULES = {"curses", "fcntl", "grp", "posix", "pty", "pwd", "readline", "resource", "syslog", "termios", "tty"}
ASKED = ("hasattr(", "AttributeError", "ImportError", "sys.platform", "os.name")


def lacking(tree):
    """Yield where a tree uses what a system lacks: the line, and what."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            if node.attr in LACKING.get(node.value.id, ()):
                yield node.lineno, f"{node.value.id}.{node.attr}"
        elif isinstance(node, ast.Import):
            yield from ((node.lineno, name.name) for name in node.names if name.name in MODULES)
        elif isinstance(node, ast.ImportFrom) and node.module in MODULES:
            yield node.lineno, node.module


def around(tree, line, source):
    """The innermost function around a line; at the top of a module, the statement."""
    within = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    within = [node for node in within if node.lineno <= line <= node.end_lineno]
    node = min(within, key=lambda node: node.end_lineno - node.lineno, default=None)
    if node is None:
        node = next(node for node in tree.body if node.lineno <= line <= node.end_lineno)
    return ast.get_source_segment(source, node)


@pytest.mark.parametrize("package", ["aitunes", "instrument", "training"])
def test_what_a_system_may_lack_is_asked_for_first(package):
    unasked = []
    for path in sorted((ROOT / package).rglob("*.py")):
        source = path.read_text(encoding="utf-8")
        tree = ast.parse(source)
        for line, what in lacking(tree):
            if not any(word in around(tree, line, source) for word in ASKED):
                unasked.append(f"{path.relative_to(ROOT)}:{line}: {what}")
    assert unasked == []


def test_an_unasked_call_would_be_found():
    tree = ast.parse("import fcntl\ndef memory():\n    return os.sysconf('SC_AVPHYS_PAGES')\n")
    assert [what for _, what in lacking(tree)] == ["fcntl", "os.sysconf"]
