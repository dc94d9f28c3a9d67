"""Tests the page for the input: what it sends, what it follows, and what it shows."""

import numpy as np
import pytest

from instrument.pad.client import OscClient
from instrument.pad.model import EngineModel
from instrument.pad.widgets.input_panel import InputPanel
from instrument.storage.library import Library


@pytest.fixture
def model(qtbot, peer):
    client = OscClient("127.0.0.1", peer.port)
    model = EngineModel(client, Library().card)
    model.send("/status")
    yield model
    client.close()


@pytest.fixture
def panel(qtbot, model):
    panel = InputPanel(model)
    qtbot.addWidget(panel)
    panel.show()
    return panel


def test_listen_asks_the_engine_and_stays_up_until_it_has_done_it(panel, peer):
    panel.listen.click()
    assert ("/aitunes/input/on", True) in peer.arrived
    assert not panel.listen.isChecked()
    peer.say("/done", "/aitunes/input/on", True)
    assert panel.listen.isChecked()
    peer.say("/aitunes/input/on", False)
    assert not panel.listen.isChecked()
    assert panel.heard.text() == "Off"


def test_inputs_are_asked_for_when_the_page_is_seen_and_can_be_chosen(panel, peer):
    assert ("/aitunes/input/device/list",) in peer.arrived
    peer.say("/aitunes/input/device", "Scarlett", "ALSA", 48_000.0)
    peer.say("/done", "/aitunes/input/device/list", 1)
    assert [panel.device.itemText(n) for n in range(panel.device.count())] == ["Default input", "Scarlett"]
    panel.device.setCurrentIndex(1)
    panel.device.activated.emit(1)
    assert ("/aitunes/input/device/set", "Scarlett") in peer.arrived


@pytest.mark.parametrize(
    ("name", "value"),
    [("gain", 6), ("gate", -30), ("follow/timbre", 0.5), ("follow/pitch", 0.5), ("follow/level", 0.5), ("mix", 0.5)],
)
def test_every_fader_sends_its_address_and_follows_the_engine(panel, peer, name, value):
    fader = panel.faders[f"/input/{name}"]
    fader.moved_to.emit(value)
    assert peer.sent_to(f"/aitunes/input/{name}")[0][1:] == (value,)
    peer.say(f"/aitunes/input/{name}", 0.5 * value)
    assert fader.number == pytest.approx(0.5 * value, abs=0.01)


def test_what_is_heard_is_named_and_drawn(panel, peer):
    peer.say("/aitunes/input/on", True)
    peer.say("/aitunes/input/meter", -12.0, -20.0, True, 69.1, 0.95)
    assert panel.heard.text() == "A4 +10 cents"
    assert panel.meter.peak_db == pytest.approx(-12.0)
    peer.say("/aitunes/input/meter", -12.0, -20.0, True, 69.1, 0.2)
    assert panel.heard.text() == "No pitch"
    peer.say("/aitunes/input/meter", -80.0, -90.0, False, 69.1, 0.2)
    assert panel.heard.text() == "Silence"
    before = panel.picture.grab().toImage()
    for _ in range(60):
        peer.say("/aitunes/input/scope", np.full(64, -10.0, ">f4").tobytes())
    panel.picture.tick(10.0)
    assert panel.picture.grab().toImage() != before


def test_hold_is_sent_and_followed(panel, peer):
    panel.hold.click()
    assert ("/aitunes/input/hold", True) in peer.arrived
    peer.say("/aitunes/input/hold", False)
    assert not panel.hold.isChecked()
