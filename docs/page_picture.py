"""The picture of the page in docs/page.md: `python -m docs.page_picture` plays for some seconds and writes it."""

from __future__ import annotations

import time
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from benchmarks.live import engine
from benchmarks.page import CHROMIUM, open_page, web_server

PICTURE = Path(__file__).with_name("page.png")
WAY = ((0.30, 0.62), (0.42, 0.48), (0.52, 0.66), (0.60, 0.58), (0.70, 0.38), (0.76, 0.28))
NOTES = (0.02, 0.16, 0.30, 0.50, 0.36, 0.20, 0.07, 0.30)


def play(page: Page) -> None:
    """Play notes, keep snapshots, and leave the point on its way over the map."""
    pad, keys = page.locator("#stage .pad").bounding_box(), page.locator("#piano").bounding_box()
    assert pad is not None
    assert keys is not None

    def press(x: float, y: float) -> None:
        page.mouse.move(x, y)
        page.mouse.down()

    page.get_by_role("tab", name="Latent").click()
    for n, x in enumerate(NOTES):
        press(keys["x"] + x * keys["width"], keys["y"] + 0.9 * keys["height"])
        page.evaluate(f"aitunes.engine.movePad({WAY[n % 6][0]}, {WAY[n % 6][1]})")
        time.sleep(1.0)
        page.mouse.up()
        if n in (1, 2, 4):
            page.keyboard.press(f"Control+{n}")
    page.evaluate("aitunes.play.notes.start(57, 100)")
    press(pad["x"] + WAY[0][0] * pad["width"], pad["y"] + (1 - WAY[0][1]) * pad["height"])
    for x, y in WAY[1:]:
        page.mouse.move(pad["x"] + x * pad["width"], pad["y"] + (1 - y) * pad["height"], steps=10)
        time.sleep(0.05)


def main() -> None:
    """Take the picture of a page that plays First Light."""
    with (
        engine("--output", "none", "--release", "first-light") as client,
        sync_playwright() as driver,
        web_server(client.port) as url,
    ):
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = open_page(browser, url)
        play(page)
        page.screenshot(path=PICTURE)
        browser.close()


if __name__ == "__main__":
    main()
