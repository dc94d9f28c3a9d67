"""The examples of docs/pad.md, with a real engine and a window without a screen."""

import re
import shlex

import pytest

pytest.importorskip("PySide6.QtWidgets", exc_type=ImportError)

from PySide6.QtCore import Qt

from instrument.cli import parser
from instrument.storage.library import Library
from tests.instrument.conftest import ROOT

PAGE = (ROOT / "docs" / "pad.md").read_text()
COMMAND = re.search(r"```sh\naitunes (.*)\n```", PAGE)[1]
LINES = [line for block in re.findall(r"```osc\n(.*?)```", PAGE, re.DOTALL) for line in block.splitlines()]


@pytest.fixture
def engine(start):
    return start("play", "--output", "none", "--osc-port", 0, "--no-pad", "--release", "first-light").client()


@pytest.fixture
def window(qtbot, engine):
    """A window that is connected as the page's command connects one."""
    from instrument.pad.app import build_window

    host, _port = parser.build().parse_args(shlex.split(COMMAND)).connect
    window = build_window(host, engine.engine[1], Library(), ends_engine=False)
    qtbot.addWidget(window)
    window.show()
    qtbot.waitUntil(lambda: window.session.model.card is not None, timeout=60_000)
    return window


def test_the_window_follows_the_messages_of_the_page_and_sends_what_it_says(window, engine, qtbot):
    engine.ask("/notify", 1, reply="/done")
    sent = [shlex.split(line[2:]) for line in LINES if line.startswith("> ")]
    received = [shlex.split(line[2:]) for line in LINES if line.startswith("< ")]
    assert (len(sent), len(received)) == (2, 1)
    for address, *numbers in sent:
        engine.send(address, *map(float, numbers))
    gain = window.side.transport.faders["/gain"]
    qtbot.waitUntil(lambda: gain.number == float(sent[1][1]), timeout=60_000)
    assert window.session.point.target == pytest.approx([float(number) for number in sent[0][1:]], abs=1e-5)
    qtbot.keyClick(window.surface, Qt.Key.Key_Right)
    ((address, *position),) = received
    expected = pytest.approx([float(number) for number in position], abs=1e-5)
    engine.expect(address, where=lambda numbers: numbers == expected)
