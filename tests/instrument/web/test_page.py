"""Tests the page in Chromium, headless, with a real server and a real engine: by mouse, fingers, keys and screen."""

import re
import time
from pathlib import Path

import pytest

import instrument

STATIC = Path(instrument.__file__).parent / "web" / "static"
MAX_PAGE_BYTES = 300_000
READABLE = 4.5
PHONE, DESKTOP = {"width": 390, "height": 844}, {"width": 1280, "height": 800}
SECONDS = 20.0


def until(page, expression, argument=None):
    """Wait until an expression of the page is true; Playwright's own way needs eval, which the page forbids."""
    deadline = time.monotonic() + SECONDS
    while not page.evaluate(expression, argument):
        assert time.monotonic() < deadline, f"{expression} never came true; the page complains: {page.complaints}"
        page.wait_for_timeout(30)


class Stage:
    """An engine on First Light, its server, a subscriber of the engine, and pages in one browser."""

    def __init__(self, engine, server, browser):
        self.engine = engine
        self.client = engine.client()
        self.url = server.says(r"The page is at (http://\S+/)").group(1)
        self.browser = browser

    def open(self, size=DESKTOP, theme="dark", view="", touch=False):
        """Return a page that shows the playing release; what it complains about is in `page.complaints`."""
        context = self.browser.new_context(viewport=size, color_scheme=theme, has_touch=touch, is_mobile=touch)
        page = context.new_page()
        page.complaints, page.requests = [], []
        page.on(
            "console", lambda message: message.type in ("error", "warning") and page.complaints.append(message.text)
        )
        page.on("pageerror", lambda error: page.complaints.append(str(error)))
        page.on("request", lambda request: page.requests.append(request.url))
        page.goto(f"{self.url}#{view}")
        until(page, "document.body.dataset.link === 'here' && document.title.startsWith('First Light')")
        until(page, "document.querySelectorAll('.legend li').length > 0")
        self.subscribe()
        return page

    def subscribe(self):
        """Renew the subscription, and pass over whatever has arrived."""
        self.client.command("/notify", 1)

    def hears(self, address, where=lambda arguments: True):
        self.client.send("/notify", 1)
        return self.client.expect(address, SECONDS, where)


@pytest.fixture(scope="module")
def browser(need):
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as driver:
        options = ["--no-sandbox", "--autoplay-policy=no-user-gesture-required"]
        browser = driver.chromium.launch(executable_path=need("chromium", "chromium"), args=options)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def stage(engine_process, browser, tmp_path_factory):
    home = tmp_path_factory.mktemp("home")
    engine = engine_process(home, "play", "--output", "none", "--osc-port", 0, "--release", "first-light")
    port = engine.client().engine[1]
    server = engine_process(home, "web", "--http-port", 0, "--no-discovery", "--connect", f"127.0.0.1:{port}")
    yield Stage(engine, server, browser)
    server.close()
    engine.close()


@pytest.fixture
def page(stage):
    page = stage.open()
    yield page
    page.context.close()


@pytest.fixture
def phone(stage):
    page = stage.open(PHONE, touch=True)
    yield page
    page.context.close()


def box(page, selector):
    """Return left, top, width and height of an element."""
    found = page.locator(selector).bounding_box()
    return found["x"], found["y"], found["width"], found["height"]


def at(page, selector, x, y):
    """Return the pixel at a share of an element's width and, from its bottom, height."""
    left, top, width, height = box(page, selector)
    return left + x * width, top + (1 - y) * height


class Touch:
    """Fingers on a page, by the browser's own protocol."""

    def __init__(self, page):
        self.session = page.context.new_cdp_session(page)
        self.down = {}

    def _send(self, kind):
        points = [{"x": x, "y": y, "id": finger} for finger, (x, y) in self.down.items()]
        self.session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    def press(self, finger, pixel):
        self.down[finger] = pixel
        self._send("touchStart")

    def move(self, finger, pixel):
        self.down[finger] = pixel
        self._send("touchMove")

    def lift(self, finger):
        others, self.down = self.down, {finger: self.down.pop(finger)}
        self._send("touchEnd")  # which names those that are lifted
        self.down = others

    def cancel(self):
        self.down.clear()
        self._send("touchCancel")


PAD, KEYS = "#stage .pad", "#piano"


def near(x, y, tolerance=0.01):
    return lambda place: abs(place[0] - x) < tolerance and abs(place[1] - y) < tolerance


def note(velocity):
    """Match a note that begins, or one that ends."""
    return lambda arguments: bool(arguments[1]) == velocity


# What a hand does.


def test_the_mouse_on_the_map_moves_the_engine(stage, page):
    page.mouse.move(*at(page, PAD, 0.2, 0.8))
    page.mouse.down()
    stage.hears("/aitunes/pad/xy", near(0.2, 0.8))
    page.mouse.move(*at(page, PAD, 0.7, 0.3), steps=5)
    stage.hears("/aitunes/pad/xy", near(0.7, 0.3))
    page.mouse.up()


def test_one_finger_moves_the_pad_and_further_fingers_are_notes(stage, phone):
    touch = Touch(phone)
    touch.press(1, at(phone, PAD, 0.3, 0.6))
    stage.hears("/aitunes/pad/xy", near(0.3, 0.6))
    touch.press(2, at(phone, PAD, 0.5, 0.5))
    first = stage.hears("/aitunes/note", note(True))
    touch.press(3, at(phone, PAD, 0.9, 0.5))
    second = stage.hears("/aitunes/note", note(True))
    assert first[0] < second[0]
    assert first[2] != second[2]
    touch.move(1, at(phone, PAD, 0.6, 0.2))
    stage.hears("/aitunes/pad/xy", near(0.6, 0.2))
    touch.move(2, at(phone, PAD, 0.55, 0.9))
    assert stage.hears("/aitunes/voice/bend")[0] == first[2]
    touch.lift(2)
    assert stage.hears("/aitunes/note", note(False))[2] == first[2]
    touch.lift(3)
    assert stage.hears("/aitunes/note", note(False))[2] == second[2]
    touch.lift(1)


def test_a_chord_is_played_on_the_keys_by_several_fingers(stage, phone):
    touch = Touch(phone)
    for finger, x in enumerate((0.06, 0.31, 0.56)):
        touch.press(finger, at(phone, KEYS, x, 0.1))
    notes = [stage.hears("/aitunes/note", note(True)) for _ in range(3)]
    assert [key for key, *_ in notes] == [48, 52, 55]
    for finger in range(3):
        touch.lift(finger)
        assert stage.hears("/aitunes/note", note(False))[0] == notes[finger][0]


def test_keys_alone_play_everything(stage, page):
    page.mouse.move(*at(page, PAD, 0.5, 0.5))
    page.mouse.down()
    page.mouse.up()
    stage.hears("/aitunes/pad/xy", near(0.5, 0.5))
    page.keyboard.press("ArrowRight")
    stage.hears("/aitunes/pad/xy", near(0.52, 0.5, 0.004))
    page.keyboard.press("Shift+ArrowUp")
    stage.hears("/aitunes/pad/xy", near(0.52, 0.502, 0.004))
    page.keyboard.press("k")
    page.keyboard.down("z")
    assert stage.hears("/aitunes/note", note(True))[0] == 48
    page.keyboard.up("z")
    stage.hears("/aitunes/note", note(False))
    page.get_by_label("Gain").focus()
    page.keyboard.press("ArrowLeft")
    assert stage.hears("/aitunes/gain")[0] < 0.0


def test_a_fader_follows_another_program_and_moves_it(stage, page):
    stage.client.send("/aitunes/width", 0.25)
    until(page, "document.querySelector('[aria-label=Width]').ariaValueText === '25 %'")
    page.mouse.move(*at(page, ".fader:has([aria-label=Width])", 0.9, 0.5))
    page.mouse.down()
    assert stage.hears("/aitunes/width")[0] == pytest.approx(0.9, abs=0.01)
    page.mouse.up()
    page.locator(".fader:has([aria-label=Width])").dblclick()
    stage.hears("/aitunes/width", lambda width: width[0] == 0.5)


def test_panic_ends_every_sound(stage, page):
    page.get_by_role("button", name="Panic").click()
    stage.hears("/aitunes/panic")
    page.get_by_role("button", name="Play", exact=True).click()
    stage.hears("/aitunes/play")


# What a hand that is lost leaves behind: nothing.


def _hold(stage, page):
    page.mouse.move(*at(page, KEYS, 0.01, 0.1))
    page.mouse.down()
    return stage.hears("/aitunes/note", note(True))


@pytest.mark.parametrize("loss", ["blur", "hidden"])
def test_notes_end_when_the_window_is_left(stage, page, loss):
    held = _hold(stage, page)
    if loss == "hidden":
        page.evaluate("Object.defineProperty(document, 'hidden', {value: true})")
    event = {"blur": "window.dispatchEvent(new Event('blur'))"}
    page.evaluate(event.get(loss, "document.dispatchEvent(new Event('visibilitychange'))"))
    assert stage.hears("/aitunes/note", note(False))[2] == held[2]


def test_notes_end_when_the_system_takes_the_fingers_away(stage, phone):
    touch = Touch(phone)
    touch.press(1, at(phone, PAD, 0.3, 0.6))
    touch.press(2, at(phone, PAD, 0.5, 0.5))
    held = stage.hears("/aitunes/note", note(True))
    touch.cancel()
    assert stage.hears("/aitunes/note", note(False))[2] == held[2]


def test_notes_end_when_the_page_is_closed(stage):
    page = stage.open()
    held = _hold(stage, page)
    page.context.close()
    assert stage.hears("/aitunes/note", note(False))[2] == held[2]


def test_a_lost_connection_comes_back_by_itself(stage, page):
    page.evaluate("aitunes.connection.close()")
    until(page, "document.body.dataset.link === 'lost'")
    until(page, "document.body.dataset.link === 'here'")
    stage.client.send("/aitunes/pan", 0.5)
    until(page, "document.querySelector('[aria-label=Pan]').ariaValueText === '50 % right'")
    stage.client.send("/aitunes/pan", 0.0)


# What is seen.


def test_level_spectrum_and_round_trip_are_alive(stage, page):
    until(page, "/^[0-9.]+ ms$/.test(document.getElementById('link-text').textContent)")
    until(page, "aitunes.ticker.rate > 10")
    stage.client.send("/aitunes/drone", True)
    coloured = """id => {
      const canvas = document.getElementById(id);
      const {data} = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
      const seen = new Set();
      for (let n = 0; n < data.length; n += 4) seen.add(`${data[n]},${data[n + 1]},${data[n + 2]}`);
      return seen.size > 20;
    }"""
    until(page, coloured, "scope")
    until(page, coloured, "meter")


def test_foreign_text_is_text_and_never_markup(stage, page):
    sentence = "<b onclick=alert(1)>Bold</b><script>alert(1)</script>."
    stage.client.send("/aitunes/midi/notice", sentence)
    page.get_by_text(sentence).wait_for()
    assert page.locator("#notice").evaluate("one => one.children.length") == 0
    assert page.complaints == []


@pytest.mark.parametrize("theme", ["dark", "light"])
@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_every_text_is_readable_and_nothing_leaves_the_screen(stage, theme, size):
    page = stage.open(size, theme, touch=size is PHONE)
    for view in ("play", "generate", "releases"):
        page.evaluate("view => (location.hash = view)", view)
        until(page, "view => document.body.dataset.view === view", view)
        weak = page.evaluate(CONTRASTS)
        assert [text for text, ratio in weak if ratio < READABLE] == [], view
        assert page.evaluate("document.documentElement.scrollWidth") == size["width"]
    assert page.complaints == []
    assert all(url.startswith((stage.url, "data:", "blob:")) for url in page.requests)
    page.context.close()


CONTRASTS = """() => {
  const channel = (value) => (value /= 255) <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  const light = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
  const numbers = (colour) => (colour.match(/[\\d.]+/g) ?? []).map(Number);
  const behind = (element) => {
    const layers = [];
    for (; element; element = element.parentElement) {
      const [r, g, b, a = 1] = numbers(getComputedStyle(element).backgroundColor);
      if (a > 0) layers.push([r, g, b, a]);
      if (a === 1) break;
    }
    const over = (under, [r, g, b, a]) => [r, g, b].map((v, n) => v * a + under[n] * (1 - a));
    return layers.reverse().reduce(over, [0, 0, 0]);
  };
  const found = [];
  for (const element of document.querySelectorAll("body *")) {
    const text = [...element.childNodes].filter((node) => node.nodeType === 3).map((node) => node.data.trim()).join("");
    if (!text || !element.checkVisibility() || element.closest(":disabled, .unseen, .notice, option")) continue;
    const [a, b] = [numbers(getComputedStyle(element).color), behind(element)].map(light).sort((x, y) => y - x);
    found.push([`${text}: ${((a + 0.05) / (b + 0.05)).toFixed(2)}`, (a + 0.05) / (b + 0.05)]);
  }
  return found;
}"""


def test_everything_that_is_pressed_has_a_name_and_room_for_a_finger(phone):
    for control in phone.locator("button:visible, a:visible, select:visible, [role=slider]:visible").all():
        name = control.evaluate("one => one.ariaLabel || one.textContent.trim() || one.labels?.[0]?.textContent")
        assert name, control.evaluate("one => one.outerHTML")
        if not control.evaluate("one => Boolean(one.closest('.piano, .notice'))"):
            assert control.bounding_box()["height"] >= 40, name


def test_the_page_weighs_little_and_has_nothing_inline():
    files = [path for path in STATIC.rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) <= MAX_PAGE_BYTES
    html = (STATIC / "index.html").read_text(encoding="utf-8")
    assert not re.search(r"\sstyle=|\son\w+=|<style|<script(?![^>]*\ssrc=)", html)
    assert not any(
        re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(", path.read_text()) for path in files
    )
