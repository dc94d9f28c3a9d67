"""The pad's code for a phone, from the real server."""

import json
import re
import sys

import httpx
import psutil
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor

from instrument.pad.phone_codes import PhoneCode, PhoneCodes
from instrument.pad.widgets.phone_sheet import CodePicture, PhoneSheet

segno = pytest.importorskip("segno", reason="pip install aitunes[web]")

CODE = {"url": "http://192.168.1.7:7422/#pair=00", "seconds": 600, "modules": ["101", "010", "111"]}


def make_sheet(qtbot, window, codes):
    sheet = PhoneSheet(window, codes)
    sheet.open()
    return sheet


def read_modules(picture, count):
    """Read the middle of each module, as a camera does."""
    image = picture.grab().toImage()
    side = min(picture.width(), picture.height()) // (count + 8)
    left, top = ((length - side * (count + 8)) // 2 for length in (picture.width(), picture.height()))
    place = [round((n + 4.5) * side) for n in range(count)]
    return tuple(tuple(image.pixelColor(left + x, top + y) == QColor("black") for x in place) for y in place)


@pytest.fixture
def server_port(silent_engine, start):
    _engine, client = silent_engine()
    server = start("web", "--http-port", 0, "--no-discovery", "--connect", f"127.0.0.1:{client.engine[1]}")
    return int(server.says(r"OSCQuery at http://127\.0\.0\.1:(\d+)/").group(1))


def test_the_button_shows_a_code_that_pairs_and_another_button_forgets(window, qtbot, server_port):
    codes = PhoneCodes(server_port, window)
    sheet = make_sheet(qtbot, window, codes)
    qtbot.waitUntil(lambda: "#pair=" in sheet.text.text(), timeout=240_000)
    (url,) = re.findall(r"http://\S+", sheet.text.text())
    shown = tuple(tuple(map(bool, row)) for row in segno.make(url, error="m").matrix)
    assert read_modules(sheet.picture, len(shown)) == shown
    place = f"http://127.0.0.1:{server_port}/api/v1/phones"
    assert httpx.get(place, timeout=60.0).json()["on"]
    qtbot.mouseClick(sheet.forget, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: "forgotten" in sheet.text.text(), timeout=240_000)
    assert not httpx.get(place, timeout=60.0).json()["on"]
    assert not any(map(any, read_modules(sheet.picture, len(shown))))


def test_the_key_opens_the_sheet_and_escape_closes_it(window, qtbot):
    qtbot.keyClick(window, Qt.Key.Key_P)
    assert window.phone.isVisible()
    qtbot.keyClick(window.phone, Qt.Key.Key_Escape)
    assert not window.phone.isVisible()


def test_without_a_page_a_sentence_says_what_to_start(window, qtbot):
    sheet = make_sheet(qtbot, window, PhoneCodes(1, window))
    qtbot.waitUntil(lambda: "No page is served at port 1" in sheet.text.text(), timeout=240_000)
    assert "aitunes web" in sheet.text.text()


@pytest.mark.parametrize(
    "said",
    [
        "",
        "[]",
        "[" * 100_000,
        json.dumps(CODE | {"seconds": "600"}),
        json.dumps(CODE | {"modules": []}),
        json.dumps(CODE | {"modules": ["101", "010", "11"]}),
        json.dumps(CODE | {"modules": ["102", "010", "111"]}),
        json.dumps(CODE | {"modules": ["1" * 178] * 178}),
    ],
)
def test_what_is_no_code_is_not_shown(qtbot, window, said, tmp_path):
    answer = tmp_path / "answer"
    answer.write_text(said)
    program = [sys.executable, "-c", f"print(open({str(answer)!r}).read())"]
    sheet = make_sheet(qtbot, window, PhoneCodes(command=program, parent=window))
    qtbot.waitUntil(lambda: sheet.text.text() == "There is no code.", timeout=60_000)


def test_closing_ends_a_process_that_waits(qtbot, tmp_path):
    place = tmp_path / "pid"
    program = f"import os, time; open({str(place)!r}, 'w').write(str(os.getpid())); time.sleep(600)"
    codes = PhoneCodes(command=[sys.executable, "-c", program])
    said = []
    codes.failed.connect(said.append)
    codes.ask()
    qtbot.waitUntil(lambda: place.exists() and place.read_text() != "", timeout=60_000)
    assert psutil.pid_exists(int(place.read_text()))
    codes.close()
    assert not psutil.pid_exists(int(place.read_text()))
    assert said == []


@pytest.mark.parametrize("size", [(60, 60), (300, 300), (301, 477)])
def test_every_module_is_of_whole_pixels_with_white_around(qtbot, size):
    code = PhoneCode.parse(json.dumps(CODE))
    picture = CodePicture()
    qtbot.addWidget(picture)
    picture.resize(*size)
    picture.show_code(code)
    assert read_modules(picture, 3) == ((True, False, True), (False, True, False), (True, True, True))
