"""docs/threads.md names every thread of a playing engine; none is left behind, nor any setting of the process."""

import gc
import os
import re
import sys
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from instrument.engine.engine import Engine
from instrument.engine.options import EngineOptions
from instrument.outputs.null import NullOutput
from instrument.storage.library import Library

pytestmark = pytest.mark.training

PAGE = Path(__file__).parents[3] / "docs" / "threads.md"


@pytest.fixture
def engine(releases, tmp_path):
    options = EngineOptions("segment", osc_port=0, osc_tcp=True, osc_token=tmp_path / "token", recordings=tmp_path)
    options = replace(options, snapshots=tmp_path / "s.json", gestures=tmp_path / "gestures", iterations=0)
    engine = Engine(NullOutput(48_000.0), Library([releases]), options, log=lambda line: None)
    yield engine
    engine.close()


def test_the_page_names_every_thread_and_none_is_left_behind(engine):
    before = set(threading.enumerate())
    engine.start()
    engine.recorder.start("take.wav")
    engine.changes.devices.move_to(NullOutput(48_000.0))
    living = {thread.name for thread in set(threading.enumerate()) - before} | {"segment-decoder"}
    named = set(re.findall(r"^\| `([\w-]+)` \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE))
    assert {"synth", "worker", "watchdog", "recorder", "osc-receive", "osc-publish", "osc-tcp"} <= living
    assert living <= named
    engine.close()
    left = {thread for thread in set(threading.enumerate()) - before if thread.name != "device-scan-timeout"}
    assert left == set()


def test_what_is_set_for_the_whole_process_is_put_back(engine):
    def settings():
        scheduling = (os.sched_getscheduler(0), os.sched_getparam(0)) if hasattr(os, "sched_getscheduler") else None
        return sys.getswitchinterval(), gc.isenabled(), scheduling

    before = settings()
    engine.start()
    assert settings() != before
    engine.close()
    assert settings() == before
