"""Hands and eyes for tests of the page: a stage with engine and server, fingers, and scripts that look."""

import time
from pathlib import Path

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

    def open(self, size=DESKTOP, theme="dark", view="", touch=False, url=None, script=""):
        """Return a page that shows the playing release; what it complains about is in `page.complaints`."""
        context = self.browser.new_context(viewport=size, color_scheme=theme, has_touch=touch, is_mobile=touch)
        context.add_init_script(script)
        page = context.new_page()
        page.complaints, page.requests = [], []
        page.on(
            "console", lambda message: message.type in ("error", "warning") and page.complaints.append(message.text)
        )
        page.on("pageerror", lambda error: page.complaints.append(str(error)))
        page.on("request", lambda request: page.requests.append(request.url))
        page.goto(url or f"{self.url}#{view}")
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


COLOURED = """id => {
  // A worker may own what is painted; the page may still copy it.
  const [canvas, copy] = [document.getElementById(id), document.createElement("canvas")];
  Object.assign(copy, {width: canvas.width, height: canvas.height});
  const context = copy.getContext("2d");
  context.drawImage(canvas, 0, 0);
  const {data} = context.getImageData(0, 0, canvas.width, canvas.height);
  const seen = new Set();
  for (let n = 0; n < data.length; n += 4) seen.add(`${data[n]},${data[n + 1]},${data[n + 2]}`);
  return seen.size > 20;
}"""

DEAF_SPOTS = """() => {
  const found = [];
  for (const element of document.querySelectorAll("body *")) {
    if (!element.checkVisibility()) continue;
    const { overflowX, overflowY } = getComputedStyle(element);
    const scrolls = /auto|scroll/.test(overflowX) && element.scrollWidth > element.clientWidth
      || /auto|scroll/.test(overflowY) && element.scrollHeight > element.clientHeight;
    if (scrolls && element.tabIndex < 0 && !element.querySelector("button, a, input, select, [tabindex='0']")) {
      found.push(`scrolls without a key: ${element.className || element.id}`);
    }
  }
  return found;
}"""
"""Scrolling regions that no key reaches."""

MISNAMED = """() => [...document.querySelectorAll("button[aria-label], a[aria-label]")]
  .filter((one) => one.checkVisibility() && /[a-z]{2}/i.test(one.innerText))
  .filter((one) => !one.ariaLabel.toLowerCase().includes(one.innerText.trim().toLowerCase()))
  .map((one) => `${one.innerText} / ${one.ariaLabel}`)"""
"""Buttons whose name is not what they show."""

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
