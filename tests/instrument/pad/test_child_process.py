"""The pad's child processes send no telemetry, and end when they are told to."""

import json
import sys

import pytest
from PySide6.QtCore import QObject, QProcess

from instrument.pad.child_process import child_process, end_child

_TELLS_ITS_ENVIRONMENT = "import json, os; print(json.dumps(dict(os.environ)))"
_WAITS = "import sys, time; print('up', flush=True); time.sleep(600)"
_WILL_NOT_END = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); " + _WAITS


@pytest.fixture
def owner(qapp):
    return QObject()


def python(owner, program):
    return child_process(owner, "instrument", [program], [sys.executable, "-c"])


def test_its_environment_has_telemetry_off_and_all_of_ours(owner, monkeypatch):
    monkeypatch.setenv("AITUNES_TOLD_TO_A_CHILD", "Größe")
    monkeypatch.delenv("ORT_DISABLE_TELEMETRY", raising=False)
    process = python(owner, _TELLS_ITS_ENVIRONMENT)
    process.start()
    assert process.waitForFinished(60_000)
    environment = json.loads(process.readAllStandardOutput().data())
    assert environment["ORT_DISABLE_TELEMETRY"] == "1"
    assert environment["AITUNES_TOLD_TO_A_CHILD"] == "Größe"


def test_it_runs_a_module_of_this_package(owner):
    process = child_process(owner, "instrument", ["--version"])
    process.start()
    assert process.waitForFinished(60_000)
    assert process.readAllStandardOutput().data().startswith(b"AiTunes ")


@pytest.mark.parametrize("program", [_WAITS, _WILL_NOT_END], ids=["obeys", "does not obey"])
def test_ending_ends_it_and_its_end_is_not_signalled(owner, program):
    process = python(owner, program)
    ends = []
    process.finished.connect(ends.append)
    process.start()
    assert process.waitForReadyRead(60_000)
    end_child(process, patience_ms=2_000)
    assert process.state() is QProcess.ProcessState.NotRunning
    assert ends == []
