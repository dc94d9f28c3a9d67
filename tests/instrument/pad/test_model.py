"""Tests that the mirror and the engine agree, whoever changes a setting."""

import re

import numpy as np
import pytest

from aitunes.release.reader import read_card
from aitunes.release.told_card import told_card
from instrument.pad.model import EngineModel
from instrument.storage.library import Library
from instrument.synthesis.performance import Performance


def test_a_setting_is_sent_once_and_shown_at_once(playing, peer, qtbot):
    with qtbot.waitSignal(playing.changed, check_params_cb=lambda name: name == "/gain"):
        playing.set("/gain", -6.0)
    assert playing.value("/gain") == -6.0
    assert peer.arrived == [("/aitunes/gain", -6.0)]


def test_what_others_set_is_shown_and_not_sent_back(playing, peer):
    peer.say("/aitunes/gain", -12.0)
    peer.say("/aitunes/latent", 0.5, 1.5, -0.5)
    peer.say("/aitunes/latent/1", 2.0)
    peer.say("/aitunes/stop")
    assert playing.value("/gain") == -12.0
    np.testing.assert_allclose(playing.latent.target, [0.5, 2.0, -0.5])
    assert not playing.playing
    assert peer.arrived == []


def test_mirror_and_engine_agree_on_what_the_pad_means(playing, card):
    engine = Performance(card.latent, card.name, iterations=4)
    for axes, x, y in (((0, 1), 0.1, 0.9), ((2, 0), 0.7, 0.2), ((1, 2), 0.0, 1.0)):
        playing.choose_axes(*axes)
        playing.move_pad(x, y)
        engine.apply("/aitunes/pad/axes", axes)
        engine.apply("/aitunes/pad/xy", (x, y))
        np.testing.assert_allclose(playing.latent.target, engine.value("/aitunes/latent"), atol=1e-5)
        assert playing.pad_position(playing.latent.target) == pytest.approx(engine.point.pad, abs=1e-5)


def test_locked_coordinates_stay(playing, peer):
    playing.move_coordinate(1, 1.25)
    playing.locked = {1}
    peer.forget()
    playing.move_to(np.array([3.0, 3.0, 9.0]))
    assert peer.arrived == [("/aitunes/latent", 3.0, 1.25, 4.0)]
    playing.move_to(np.zeros(3), locked=False)
    assert playing.latent.target.tolist() == [0.0, 0.0, 0.0]


def test_the_point_is_smoothed_as_the_sound_is(playing, clock):
    playing.set("/smoothing", 2.0)
    playing.move_to(np.ones(3))
    clock.now += 1.0
    np.testing.assert_allclose(playing.latent.current, [0.5, 0.5, 0.5])


def test_another_release_is_asked_for_its_card(playing, peer, releases, qtbot):
    peer.say("/aitunes/release/load", "wide")
    assert ("/aitunes/release/info",) in peer.arrived
    with qtbot.waitSignal(playing.release_changed):
        peer.say("/aitunes/release/info", read_card(releases / "wide").to_json())
    assert playing.latent_dim == 5
    assert ("/aitunes/latent",) in peer.arrived


def test_a_refusal_is_a_sentence_for_the_performer(playing, peer, qtbot):
    playing.load("nowhere")
    with qtbot.waitSignal(playing.message) as message:
        peer.say("/fail", "/aitunes/release/load", "there is no release named 'nowhere'")
    assert message.args == ["There is no release named 'nowhere'."]
    assert playing.loading == ""


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: "{}",
        lambda text: "",
        lambda text: text[:-30],
        lambda text: "[" * 60_000,
        lambda text: text.replace('"latent_dim": 3', f'"latent_dim": {"9" * 400}'),
        lambda text: text.replace('"latent_dim": 3', '"latent_dim": 4096'),
        lambda text: re.sub(r'"sample_rate": \d+', f'"sample_rate": {"9" * 400}', text),
        lambda text: re.sub(r'"sample_rate": \d+', '"sample_rate": 1e400', text),
        lambda text: text.replace('"name": "tiny"', '"name": "../tiny"'),
    ],
)
def test_a_damaged_card_is_a_sentence_and_changes_nothing(playing, peer, card, qtbot, damage):
    text = damage(card.to_json())
    assert text != card.to_json()
    with qtbot.waitSignal(playing.message) as message:
        peer.say("/aitunes/release/info", text)
    assert message.args[0].startswith("The engine's release cannot be shown")
    assert (playing.card, playing.latent_dim) == (card, 3)


def test_a_card_without_axes_is_this_machines_own(client, peer, tiny, tmp_path):
    card = read_card(tiny.write(tmp_path, "many", latent_dim=128))
    model = EngineModel(client, Library([tmp_path]).card)
    model.request_state()
    peer.say("/aitunes/release/info", told_card(card))
    assert (model.card, model.latent_dim) == (card, 128)


def test_the_same_card_once_more_changes_nothing(playing, peer, card, qtbot):
    playing.locked.add(1)
    with qtbot.assertNotEmitted(playing.release_changed):
        peer.say("/aitunes/release/info", card.to_json())
    assert playing.locked == {1}
    assert peer.arrived == []


def test_the_scope_is_levels_in_db(playing, peer, qtbot):
    levels = np.linspace(-80.0, 0.0, 64)
    with qtbot.waitSignal(playing.scoped) as scoped:
        peer.say("/aitunes/scope", levels.astype(">f4").tobytes())
    np.testing.assert_allclose(scoped.args[0], levels, rtol=1e-6)


def test_a_restarted_engine_is_sent_the_whole_state(playing, peer, card):
    playing.set("/gain", -9.0)
    playing.choose_axes(2, 1)
    playing.move_to(np.array([1.0, -1.0, 0.5]))
    playing.play(False)
    peer.forget()
    playing.resume(restarted=True)
    peer.say("/aitunes/latent", 0.0, 0.0, 0.0)  # with which the engine starts the release
    peer.say("/aitunes/pad/axes", 0, 1)
    peer.say("/done", "/aitunes/release/load", "tiny")
    peer.say("/aitunes/release/info", card.to_json())
    wanted = [
        ("/aitunes/release/load", "tiny"),
        ("/aitunes/gain", -9.0),
        ("/aitunes/stop",),
        ("/aitunes/pad/axes", 2, 1),
        ("/aitunes/latent", 1.0, -1.0, 0.5),
    ]
    assert [message for message in peer.arrived if message in wanted] == wanted
    assert playing.latent.target.tolist() == [1.0, -1.0, 0.5]


def test_a_restarted_engine_without_the_release_is_asked_for_its_own(playing, peer):
    playing.resume(restarted=True)
    peer.forget()
    peer.say("/fail", "/aitunes/release/load", "there is no release named 'tiny'")
    assert ("/aitunes/release/info",) in peer.arrived


def test_an_engine_that_went_on_is_asked_and_sent_nothing(playing, peer):
    playing.set("/gain", -9.0)
    peer.forget()
    playing.resume(restarted=False)
    assert ("/aitunes/gain",) in peer.arrived
    assert [message for message in peer.arrived if len(message) > 1] == []


def test_lists_arrive_whole(playing, peer, qtbot):
    playing.lists.request("snapshot")
    peer.say("/aitunes/snapshot", "tiny 1")
    assert playing.lists.snapshots == []
    peer.say("/aitunes/snapshot", "tiny 2")
    peer.say("/done", "/aitunes/snapshot/list", 2)
    assert playing.lists.snapshots == ["tiny 1", "tiny 2"]


def test_what_another_program_saves_is_seen(playing, peer):
    peer.say("/aitunes/snapshot/save", "tiny 4")
    assert peer.arrived == [("/aitunes/snapshot/list",)]


def test_after_a_recall_the_settings_are_asked_for(playing, peer):
    peer.say("/done", "/aitunes/snapshot/recall", "tiny 1", 1.0)
    assert {("/aitunes/latent",), ("/aitunes/gain",)} <= set(peer.arrived)


def test_gestures_are_followed_whoever_plays_them(playing, peer):
    peer.say("/aitunes/gesture/play", "wave", 1, 2.0)
    assert playing.values["/gesture/play"] == ("wave", 1, 2.0)
    peer.say("/done", "/aitunes/gesture/stop")
    assert playing.value("/gesture/play") == ""
