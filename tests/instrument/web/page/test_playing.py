"""Tests playing the page by mouse, fingers and keys, and what a hand that is lost leaves behind."""

import pytest

from tests.instrument.web.page.stage import COLOURED, KEYS, PAD, Touch, at, near, note, until

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
    page.get_by_label("Gain", exact=True).focus()
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


LOCKS = """
window.locks = [];
Object.defineProperty(navigator, "wakeLock", {value: {request: async (kind) => {
  const lock = new EventTarget();
  lock.release = async () => { window.locks.push("released"); lock.dispatchEvent(new Event("release")); };
  window.locks.push(kind);
  return lock;
}}});
"""


def test_the_screen_stays_on_while_it_sounds(stage):
    page = stage.open(script=LOCKS)
    stage.client.send("/aitunes/drone", True)
    stage.client.send("/aitunes/play")
    until(page, "window.locks.join() === 'screen'")
    page.get_by_role("button", name="Stop the sound").click()
    until(page, "window.locks.join() === 'screen,released'")
    page.get_by_role("button", name="Play", exact=True).click()
    until(page, "window.locks.join() === 'screen,released,screen'")
    assert page.complaints == []
    page.context.close()


def test_without_a_wake_lock_the_page_plays_and_says_nothing(stage):
    page = stage.open(script="Object.defineProperty(navigator, 'wakeLock', {value: undefined});")
    until(page, "aitunes.pictures.rate > 5")
    assert page.complaints == []
    page.context.close()


WITHOUT = {
    "worker": "",
    "page": "delete window.OffscreenCanvas; delete HTMLCanvasElement.prototype.transferControlToOffscreen;",
    # As of browsers whose workers know no modules.
    "classic": "window.Worker = class { constructor() { setTimeout(() => this.onerror(new Event('error')), 50); } };",
}
"""What a browser lacks."""


COUNTS = "[aitunes.pictures.frames, aitunes.pictures.aside]"


def share_of_pictures(page):
    """Return in how many of the next 60 frames a level or a spectrogram is painted, as a share of all of them."""
    before = page.evaluate(COUNTS)
    until(page, "before => aitunes.pictures.frames >= before + 60", before[0])
    frames, aside = (b - a for a, b in zip(before, page.evaluate(COUNTS), strict=True))
    return aside / frames / page.locator("canvas.meter, canvas.scope").count()


@pytest.mark.parametrize("painter", ["worker", "page"])
def test_level_and_spectrogram_give_every_other_frame_to_a_hand_that_plays(stage, painter):
    page = stage.open(script=WITHOUT[painter])
    assert share_of_pictures(page) == 1.0
    page.mouse.move(*at(page, PAD, 0.5, 0.5))
    page.mouse.down()
    share_of_pictures(page)
    assert share_of_pictures(page) == pytest.approx(0.5, abs=0.1)
    page.mouse.up()
    page.context.close()


@pytest.mark.parametrize("painter", ["worker", "page", "classic"])
def test_what_moves_is_painted_in_a_worker_and_in_the_page_where_none_can(stage, painter):
    page = stage.open(script=WITHOUT[painter])
    stage.client.send("/aitunes/drone", True)
    page.locator("#stage .moving").evaluate("one => (one.id = 'point')")
    page.mouse.move(*at(page, PAD, 0.2, 0.8))
    page.mouse.down()
    page.mouse.move(*at(page, PAD, 0.6, 0.4), steps=20)
    for canvas in ("point", "meter", "scope"):
        until(page, COLOURED, canvas)
    page.mouse.up()
    taken = page.locator("#scope").evaluate("one => { try { return !one.getContext('2d') } catch { return true } }")
    assert taken == (painter == "worker")
    assert page.complaints == []
    page.context.close()


CARDLESS = """async () => {
  const { Engine } = await import("/page/engine.js");
  const hear = {};
  let asked = 0, statuses = 0;
  const page = window.fetch;
  window.fetch = async () => (asked++, new Response("{}", { status: 503 }));
  const connection = {
    on: (event, act) => (hear[event] = act),
    send(address) {
      if (address !== "/status" || ++statuses > 500) return;
      setTimeout(() => hear.message({ address: "/status.reply", values: Array(18).fill(0).with(12, "missing") }));
    },
  };
  new Engine(connection);
  hear.message({ address: "/aitunes/release/info", values: ['{"name": "here", "latent_dim": 0}'] });
  await new Promise((resolve) => setTimeout(resolve, 50));
  asked = statuses = 0;
  for (let n = 0; n < 300; n++) hear.message({ address: "/done", values: ["/aitunes/snapshot/recall"] });
  connection.send("/status");
  await new Promise((resolve) => setTimeout(resolve, 1000));
  window.fetch = page;
  return { asked, statuses };
}"""


def test_a_page_whose_releases_card_does_not_come_asks_no_oftener_for_it(page):
    """A server that is busy is not asked all the more: a page asked thousands of times a minute."""
    found = page.evaluate(CARDLESS)
    assert 1 <= found["asked"] <= 8
    assert found["statuses"] <= 8
