"""Tests the demo site in Chromium, from a plain file server: it plays, and what a hand does changes the sound."""

import itertools
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest

from instrument.storage.library import DEFAULT_RELEASE, Library
from instrument.web.demo.site import build_site
from tests.instrument.web.page.stage import (
    COLOURED,
    CONTRASTS,
    DESKTOP,
    KEYS,
    PAD,
    PHONE,
    READABLE,
    Touch,
    at,
    until,
)

SPECTRUM = """() => {
  const { analyser } = aitunes.engine;
  if (!analyser) return null;
  const levels = new Float32Array(analyser.frequencyBinCount);
  analyser.getFloatFrequencyData(levels);
  return { levels: [...levels].slice(0, 400), hertz: analyser.context.sampleRate / analyser.fftSize };
}"""
SOUNDS = f"(() => {{ const seen = ({SPECTRUM})(); return Boolean(seen) && Math.max(...seen.levels) > -60; }})()"
SILENT = f"(() => {{ const seen = ({SPECTRUM})(); return Math.max(...seen.levels) < -80; }})()"


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *words):
        pass


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    folder = tmp_path_factory.mktemp("demo") / "site"
    build_site(Library(), DEFAULT_RELEASE, folder)
    yield from served(folder)


def served(folder):
    """Serve a site until the fixture ends."""
    # Below a folder, as on a web space that is shared.
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=folder.parent))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/site/"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def opened(browser, address):
    """Return a function that opens the site; what it complains about is in `page.complaints`."""
    contexts = []

    def open_page(size=DESKTOP, theme="dark", touch=False):
        context = browser.new_context(viewport=size, color_scheme=theme, has_touch=touch, is_mobile=touch)
        contexts.append(context)
        page = context.new_page()
        page.complaints, page.requests = [], []
        page.on("console", lambda said: said.type in ("error", "warning") and page.complaints.append(said.text))
        page.on("pageerror", lambda error: page.complaints.append(str(error)))
        page.on("request", lambda request: page.requests.append(request.url))
        page.goto(address)
        until(page, "document.title.startsWith('First Light') && document.querySelectorAll('.legend li').length > 0")
        return page

    yield open_page
    for context in contexts:
        context.close()


def spectrum(page):
    page.wait_for_timeout(400)
    return page.evaluate(SPECTRUM)


def loudest_hertz(page):
    seen = spectrum(page)
    return seen["levels"].index(max(seen["levels"])) * seen["hertz"]


def apart(first, second):
    """Return the mean distance of two spectra where either can be heard, dB."""
    pairs = zip(first["levels"], second["levels"], strict=True)
    heard = [abs(max(a, -90.0) - max(b, -90.0)) for a, b in pairs if max(a, b) > -70.0]
    return sum(heard) / max(len(heard), 1)


def test_play_sounds_and_the_pad_changes_the_sound(opened):
    page = opened()
    page.locator("#begin-button").click()
    until(page, SOUNDS)
    before = spectrum(page)
    still = apart(before, spectrum(page))
    page.mouse.move(*at(page, PAD, 0.15, 0.85))
    page.mouse.down()
    page.mouse.move(*at(page, PAD, 0.1, 0.9))
    page.mouse.up()
    moved = apart(before, spectrum(page))
    assert moved > 3.0 + 2.0 * still
    until(page, COLOURED, "scope")
    until(page, COLOURED, "meter")
    page.keyboard.press("p")
    until(page, "aitunes.engine.analyser.context.state === 'suspended'")
    assert page.complaints == []


def test_a_finger_plays_the_pad_and_further_fingers_and_keys_are_notes(opened):
    page = opened(PHONE, touch=True)
    page.locator("#begin-button").tap()
    until(page, SOUNDS)
    touch = Touch(page)
    touch.press(1, at(page, PAD, 0.5, 0.5))
    touch.press(2, at(page, KEYS, 0.06, 0.9))
    until(page, "!aitunes.engine.drone")
    until(page, SOUNDS)
    low = spectrum(page)
    touch.lift(2)
    until(page, SILENT)
    touch.press(2, at(page, KEYS, 0.95, 0.9))
    until(page, SOUNDS)
    assert apart(low, spectrum(page)) > 3.0
    touch.lift(2)
    touch.lift(1)
    until(page, SILENT)
    assert page.complaints == []


def test_keys_alone_play_and_move(opened):
    page = opened()
    page.locator("#begin-button").focus()
    page.keyboard.press("Enter")
    until(page, SOUNDS)
    page.keyboard.press("ArrowRight")
    until(page, "aitunes.engine.position.target[0] !== 0")
    assert "across" in page.locator(".spoken").inner_text()
    page.keyboard.down("q")
    until(page, "!aitunes.engine.drone")
    partial_number = loudest_hertz(page) / 261.6
    assert partial_number == pytest.approx(round(partial_number), abs=0.1)
    assert round(partial_number) >= 1
    page.keyboard.up("q")
    until(page, SILENT)
    page.get_by_role("button", name="Drone").click()
    until(page, SOUNDS)
    page.keyboard.press("Escape")
    until(page, SILENT)


NUMBERS = "aitunes.engine.position.target"


def test_a_snapshot_is_kept_and_reached_in_the_time_of_morph(opened):
    page = opened()
    page.locator("#begin-button").click()
    until(page, SOUNDS)
    page.mouse.click(*at(page, PAD, 0.15, 0.85))
    kept, before = page.evaluate(NUMBERS), spectrum(page)
    page.get_by_role("button", name="Snapshot 3, empty").click()
    page.mouse.click(*at(page, PAD, 0.9, 0.1))
    moved = apart(before, spectrum(page))
    page.get_by_role("button", name="Snapshot 3, filled").click()
    assert page.evaluate("aitunes.engine.position.remaining") > 0.0
    assert page.evaluate(NUMBERS) == pytest.approx(kept)
    until(page, "aitunes.engine.position.remaining === 0")
    assert apart(before, spectrum(page)) < 0.5 * moved
    page.reload()
    page.get_by_role("button", name="Snapshot 3, filled").wait_for()
    assert page.complaints == []


@pytest.mark.parametrize("damaged", ["[", "[[1, 2]]", '[["x", [1]]]', '[["x", null]]', "7", "null"])
def test_snapshots_that_are_none_are_left_out(opened, damaged):
    page = opened()
    page.evaluate("text => localStorage.setItem('aitunes snapshots first-light', text)", damaged)
    page.reload()
    until(page, "document.querySelectorAll('.slot').length === 8")
    assert page.locator(".slot.filled").count() == 0
    assert page.complaints == []


@pytest.mark.parametrize("theme", ["dark", "light"])
@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_every_text_is_readable_and_nothing_leaves_the_screen_or_the_site(opened, address, theme, size):
    page = opened(size, theme, touch=size is PHONE)
    for tab in page.locator("[role=tab]:visible").all():
        tab.click()
        assert [text for text, ratio in page.evaluate(CONTRASTS) if ratio < READABLE] == []
        assert page.evaluate("document.documentElement.scrollWidth") == size["width"]
    for control in page.locator("button:visible, [role=slider]:visible").all():
        name = control.evaluate("one => one.ariaLabel || one.textContent.trim()")
        assert name, control.evaluate("one => one.outerHTML")
        if size is PHONE and not control.evaluate("one => Boolean(one.closest('.piano'))"):
            assert control.bounding_box()["height"] >= 40, name
    assert page.complaints == []
    assert all(url.startswith((address, "data:", "blob:")) for url in page.requests)


@pytest.fixture(scope="module")
def moving_address(tmp_path_factory):
    folder = tmp_path_factory.mktemp("moving") / "site"
    build_site(Library(), "chamber", folder)
    yield from served(folder)


def test_notes_of_a_release_that_moves_move_until_motion_is_off_and_the_sound_is_wide(browser, moving_address):
    context = browser.new_context(viewport=DESKTOP)
    page = context.new_page()
    complaints = []
    page.on("console", lambda said: complaints.append(said.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(moving_address)
    until(page, "document.title.startsWith('Chamber')")
    page.locator("#begin-button").click()
    until(page, SOUNDS)
    assert page.evaluate("aitunes.engine.node.channelCount") == 2
    moving = [spectrum(page) for _ in range(4)]
    page.locator("#tab-sound").click()
    page.get_by_role("slider", name="Motion").press("Home")
    still = [spectrum(page) for _ in range(5)][1:]
    changes = [sum(apart(a, b) for a, b in itertools.pairwise(seen)) for seen in (moving, still)]
    assert changes[0] > 2.0 * changes[1]
    assert complaints == []
    context.close()
