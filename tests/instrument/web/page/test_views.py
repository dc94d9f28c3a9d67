"""Tests what the page shows, generates and loads, and a phone that is paired."""

import re
from pathlib import Path

import pytest

from tests.instrument.web.page.stage import (
    COLOURED,
    CONTRASTS,
    DEAF_SPOTS,
    DESKTOP,
    MAX_PAGE_BYTES,
    MISNAMED,
    PAD,
    PHONE,
    READABLE,
    SECONDS,
    STATIC,
    Touch,
    at,
    near,
    note,
    until,
)

# The other views, and a phone.


def test_a_sound_is_generated_along_a_drawn_way_heard_and_seen(stage):
    page = stage.open(view="generate")
    page.mouse.move(*at(page, "#path-pad", 0.2, 0.3))
    page.mouse.down()
    page.mouse.move(*at(page, "#path-pad", 0.8, 0.7), steps=6)
    page.mouse.up()
    page.fill("[name=seconds]", "1.5")
    page.get_by_role("button", name="Generate", exact=True).click()
    page.locator("#result").wait_for(timeout=1e3 * 5 * SECONDS)
    until(page, "Math.abs(document.getElementById('result-audio').duration - 1.5) < 0.1")
    until(page, COLOURED, "result-picture")
    with page.expect_download() as download:
        page.get_by_role("link", name="Download").click()
    assert download.value.suggested_filename.endswith(".wav")
    assert Path(download.value.path()).read_bytes()[:4] == b"RIFF"
    assert page.complaints == []
    page.context.close()


def test_another_release_is_loaded_with_a_click(stage):
    page = stage.open(view="releases")
    page.get_by_role("button", name="Play Chamber").click()
    until(page, "document.title.startsWith('Chamber') && document.body.dataset.view === 'play'")
    for name in ("Carousel", "First Light"):  # Carousel's card of 128 coordinates is told without its axes
        page.evaluate("location.hash = 'releases'")
        page.get_by_role("button", name=f"Play {name}").click()
        until(page, f"document.title.startsWith('{name}')")
    assert page.complaints == []
    page.context.close()


def test_a_phone_that_has_scanned_the_code_plays_and_keeps_no_token(stage, page):
    page.get_by_role("button", name="Phone", exact=True).click()
    until(
        page, "document.getElementById('phone-url').textContent || document.getElementById('phone-error').textContent"
    )
    address = page.locator("#phone-url").inner_text()
    if not address:
        pytest.skip(f"no network for a phone: {page.locator('#phone-error').inner_text()}")
    phone = stage.open(PHONE, touch=True, url=address)
    assert "pair" not in phone.url
    assert phone.evaluate("document.body.dataset.role") == "phone"
    assert not phone.locator("#record").is_visible()
    touch = Touch(phone)
    touch.press(1, at(phone, PAD, 0.4, 0.9))
    stage.hears("/aitunes/pad/xy", near(0.4, 0.9))
    touch.press(2, at(phone, PAD, 0.5, 0.5))
    held = stage.hears("/aitunes/note", note(True))
    phone.context.close()
    assert stage.hears("/aitunes/note", note(False))[2] == held[2]


# What is seen.


def test_level_spectrum_and_round_trip_are_alive(stage, page):
    until(page, "/^[0-9.]+ ms$/.test(document.getElementById('link-text').textContent)")
    until(page, "aitunes.pictures.rate > 10")
    stage.client.send("/aitunes/drone", True)
    until(page, COLOURED, "scope")
    until(page, COLOURED, "meter")


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
    panels = page.evaluate(
        "[...document.querySelectorAll('[role=tab]')].filter((tab) => !tab.hidden).map(({id}) => id)"
    )
    for view in ("generate", "releases", "train", "play", *panels):
        if view in panels:
            page.evaluate("id => document.getElementById(id).click()", view)
        else:
            page.evaluate("view => (location.hash = view)", view)
            until(page, "view => document.body.dataset.view === view", view)
        weak = page.evaluate(CONTRASTS)
        assert [text for text, ratio in weak if ratio < READABLE] == [], view
        assert page.evaluate("document.documentElement.scrollWidth") == size["width"]
    assert page.complaints == []
    assert all(url.startswith((stage.url, "data:", "blob:")) for url in page.requests)
    page.context.close()


@pytest.mark.parametrize("panel", ["keys", "latent", "anchors", "input", "midi", "more", "train"])
def test_everything_that_is_pressed_has_a_name_and_room_for_a_finger(phone, panel):
    phone.evaluate(
        "panel => panel === 'train' ? location.hash = panel : document.getElementById(`tab-${panel}`).click()", panel
    )
    phone.wait_for_timeout(100)
    for control in phone.locator("button:visible, a:visible, select:visible, [role=slider]:visible").all():
        name = control.evaluate("one => one.ariaLabel || one.textContent.trim() || one.labels?.[0]?.textContent")
        assert name, control.evaluate("one => one.outerHTML")
        if not control.evaluate("one => Boolean(one.closest('.piano, .notice'))"):
            assert control.bounding_box()["height"] >= 40, name


def names(page):
    """Return what a screen reader says of everything that takes the keyboard: [role, name]."""
    session = page.context.new_cdp_session(page)
    nodes = session.send("Accessibility.getFullAXTree")["nodes"]
    session.detach()
    found = []
    for node in nodes:
        takes_keys = any(each["name"] == "focusable" for each in node.get("properties", []))
        if takes_keys and not node["ignored"] and node["role"]["value"] != "RootWebArea":
            found.append([node["role"]["value"], node.get("name", {}).get("value", "").strip()])
    return found


@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_a_screen_reader_says_what_everything_is_and_keys_reach_what_scrolls(stage, size):
    page = stage.open(size)
    tabs = page.evaluate("[...document.querySelectorAll('[role=tab]')].filter((tab) => !tab.hidden).map(({id}) => id)")
    for view in ("generate", "releases", "train", "play", *tabs):
        if view in tabs:
            page.evaluate("id => document.getElementById(id).click()", view)
        else:
            page.evaluate("view => (location.hash = view)", view)
            until(page, "view => document.body.dataset.view === view", view)
        told = names(page)
        assert len(told) > 5, view
        assert [role for role, name in told if not name] == [], view
        assert not [role for role, _ in told if role in ("generic", "none")], view
        assert page.evaluate(DEAF_SPOTS) == [], view
        # Whoever speaks to a page says what is seen.
        mismatches = page.evaluate(MISNAMED)
        assert mismatches == [], view
    page.context.close()


def test_the_page_weighs_little_and_has_nothing_inline():
    files = [path for path in STATIC.rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) <= MAX_PAGE_BYTES
    html = (STATIC / "index.html").read_text(encoding="utf-8")
    assert not re.search(r"\sstyle=|\son\w+=|<style|<script(?![^>]*\ssrc=)", html)
    assert not any(
        re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(", path.read_text()) for path in files
    )
