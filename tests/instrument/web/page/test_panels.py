"""Tests the panels beside the pad in Chromium: anchors, MIDI, the input and the sound device."""

import json
import re

from instrument.namespace import ROOT, TABLE, Kind
from tests.instrument.web.page.stage import PAD, STATIC, at, near, until

MAPPING = '[[mapping]]\naddress = "/aitunes/width"\ncontroller = 21\nchannel = 3\ndevice = "Launchkey"\n'


def show(page, panel):
    page.locator(f"#tab-{panel}").click()
    page.locator(f"#panel-{panel}").wait_for()


def press(page, x, y):
    page.mouse.move(*at(page, PAD, x, y))
    page.mouse.down()
    page.mouse.up()


def anchor_here(page, count):
    page.get_by_role("button", name="Anchor here").click()
    until(page, "count => aitunes.play.surface.anchors.all.length === count", count)


def is_between(page, stage, shares):
    """Tell what the engine hears of a press between two anchors: their coordinates in these shares."""
    sounds = page.evaluate("aitunes.play.surface.anchors.all.map(({coordinates}) => coordinates)")
    blend = [sum(share * sound[axis] for share, sound in zip(shares, sounds, strict=True)) for axis in range(4)]

    def matches(coordinates):
        return all(abs(a - b) < 1e-3 for a, b in zip(coordinates, blend, strict=False))

    assert stage.hears("/aitunes/latent", matches)


def test_anchors_are_placed_blended_moved_and_kept(stage, page):
    show(page, "anchors")
    assert page.get_by_role("button", name="Blend the anchors").is_disabled()
    for count, place in enumerate([(0.2, 0.5), (0.8, 0.5)], 1):
        press(page, *place)
        stage.hears("/aitunes/pad/xy", near(*place))
        anchor_here(page, count)
    page.get_by_role("button", name="Blend the anchors").click()
    press(page, 0.4, 0.5)  # at a third of the way: the nearer one has four times the weight
    is_between(page, stage, (0.8, 0.2))
    page.mouse.move(*at(page, PAD, 0.8, 0.5))
    page.mouse.down()
    page.mouse.move(*at(page, PAD, 0.6, 0.5), steps=4)  # which is as far from the point as the other one now
    page.mouse.up()
    is_between(page, stage, (0.5, 0.5))
    page.get_by_role("button", name="Move anchor 2 with the arrow keys").focus()
    for _ in range(10):
        page.keyboard.press("ArrowRight")
    is_between(page, stage, (0.8, 0.2))
    page.get_by_label("Name of anchor 2").fill("Bell")
    page.get_by_label("Name of anchor 2").press("Tab")
    page.get_by_role("button", name="Remove anchor 1").click()
    page.get_by_role("button", name="Restore").click()
    page.reload()
    until(page, "document.title.startsWith('First Light')")
    until(page, "aitunes.play.surface.anchors.all.map(({name}) => name).join() === 'anchor 1,Bell'")
    assert not page.evaluate("aitunes.play.surface.anchors.active")
    assert page.complaints == []


def test_what_is_kept_and_damaged_is_no_anchor(stage):
    kept = [
        {"name": "bad", "x": 0.5, "y": 0.5, "coordinates": [1]},
        {"name": "far", "x": 0.5, "y": 0.5, "coordinates": [9] * 8},
    ]
    for text in (json.dumps(kept), "{", "null", "[null]"):
        script = f"localStorage.setItem('aitunes anchors first-light', {json.dumps(text)})"
        page = stage.open(script=script)
        assert page.evaluate("aitunes.play.surface.anchors.all.length") == 0
        assert page.complaints == []
        page.context.close()


def test_a_fader_learns_a_controller_and_does_not_move(stage, page):
    stage.client.send("/aitunes/midi/inputs", "Launchkey")  # the test is MIDI
    show(page, "midi")
    page.get_by_role("button", name="Learn a controller").click()
    show(page, "sound")
    before = page.evaluate("aitunes.engine.value('/width')")
    page.mouse.click(*at(page, ".fader[data-address='/width']", 0.9, 0.5))
    assert stage.hears("/aitunes/midi/learn") == ["/aitunes/width", 1]
    assert page.evaluate("aitunes.engine.value('/width')") == before
    stage.client.send("/aitunes/midi/learn", "/aitunes/width")
    show(page, "midi")
    page.get_by_text("Move a controller for width …").wait_for()
    page.get_by_role("button", name="Cancel").click()
    assert stage.hears("/aitunes/midi/learn") == [""]
    show(page, "sound")
    page.locator(".fader[data-address='/quality'][data-argument='2']").click(button="right")
    assert stage.hears("/aitunes/midi/learn") == ["/aitunes/quality", 2]
    page.locator(".fader[data-address='/width'] input").focus()
    page.keyboard.press("ArrowRight")
    assert stage.hears("/aitunes/width")
    stage.client.send("/aitunes/midi/learn", "")


def test_controllers_are_listed_and_forgotten(stage, page):
    show(page, "midi")
    stage.client.send("/aitunes/midi/inputs", "Launchkey\n<b>Box</b>")
    stage.client.send("/aitunes/midi/list", MAPPING)
    page.get_by_text("Inputs: Launchkey, <b>Box</b>").wait_for()
    page.get_by_text("CC 21, channel 3 → /width").wait_for()
    page.get_by_role("button", name="Forget CC 21, channel 3 for /width").click()
    assert stage.hears("/aitunes/midi/forget") == ["/aitunes/width"]
    stage.client.send("/aitunes/midi/list", "")
    until(page, "document.querySelectorAll('#panel-midi li').length === 0")
    assert page.complaints == []


def test_the_buffer_of_the_device_is_chosen_and_shown_once_it_is_so(stage, page):
    show(page, "more")
    until(page, "document.querySelector('#device select').options.length > 0")
    page.get_by_label("Buffer size").select_option("256")
    assert stage.hears("/aitunes/device/block") == [256]
    until(page, "[...document.querySelectorAll('#device select')][1].value === '256'")
    stage.client.command("/aitunes/device/block", 0)
    until(page, "[...document.querySelectorAll('#device select')][1].value === '0'")


def test_the_input_streams_while_its_panel_is_seen_and_its_settings_are_there(stage):
    page = stage.open()
    sent = []
    page.on("websocket", lambda socket: socket.on("framesent", lambda frame: sent.append(frame)))
    page.reload()
    until(page, "document.body.dataset.link === 'here'")
    show(page, "input")
    until(page, "document.querySelector('#panel-input select').value === ''")
    page.wait_for_timeout(300)
    assert any("input-meter" in str(frame) for frame in sent)
    sent.clear()
    show(page, "sound")
    page.wait_for_timeout(300)
    assert any("streams" in str(frame) and "input-meter" not in str(frame) for frame in sent)
    show(page, "input")
    page.locator(".fader[data-address='/input/gate'] input").focus()
    page.keyboard.press("ArrowRight")
    assert stage.hears("/aitunes/input/gate")
    page.context.close()


def test_every_address_is_within_the_page_or_the_guide_says_that_it_is_not():
    source = "\n".join(path.read_text(encoding="utf-8") for path in STATIC.rglob("*.js"))
    guide = (STATIC.parents[2] / "docs" / "page.md").read_text(encoding="utf-8")
    missing = []
    for address in TABLE:
        name = address.path.removeprefix(ROOT)
        is_fader = address.kind is Kind.SETTING and {a.type for a in address.arguments} <= set("fiT")
        named = re.search(rf"[\"'`]{re.escape(name.split('/N')[0])}[\"'`/$]", source)
        listed = name.endswith("/list") and f'"{name[1:].removesuffix("/list")}"' in source
        if not (is_fader or named or listed or f"`{address.path}`" in guide):
            missing.append(address.path)
    assert missing == []
