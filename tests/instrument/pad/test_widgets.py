"""The widgets one by one, as hands and eyes use them."""

import numpy as np
import pytest

pytest.importorskip("PySide6.QtWidgets", exc_type=ImportError)

from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QImage

from instrument.pad.widgets import meter as meters
from instrument.pad.widgets.fader import Fader
from instrument.pad.widgets.gesture_panel import GesturePanel
from instrument.pad.widgets.keyboard import Keyboard
from instrument.pad.widgets.meter import Ballistics
from instrument.pad.widgets.record_button import RecordButton
from instrument.pad.widgets.snapshot_bar import SnapshotBar
from instrument.pad.widgets.sound_panel import SoundPanel
from instrument.pad.widgets.spectrogram import Spectrogram, colour_table
from instrument.pad.widgets.status_line import StatusLine
from instrument.pad.widgets.transport import Transport


@pytest.fixture
def gain(qtbot):
    fader = Fader("Gain", -60.0, 6.0, 0.0, lambda value: f"{value:.1f} dB", 0.5)
    qtbot.addWidget(fader)
    fader.resize(300, 30)
    fader.show()
    return fader


def test_a_fader_reaches_both_ends_and_rest(gain, qtbot):
    with qtbot.waitSignals([gain.moved_to] * 2):
        qtbot.mouseClick(gain, Qt.MouseButton.LeftButton, pos=QPoint(1, 15))
        low = gain.number
        qtbot.mouseClick(gain, Qt.MouseButton.LeftButton, pos=QPoint(298, 15))
    assert (low, gain.number) == (-60.0, 6.0)
    qtbot.mouseDClick(gain, Qt.MouseButton.LeftButton)
    assert gain.number == 0.0


def test_a_fader_shows_a_value_without_sending_it(gain):
    sent = []
    gain.moved_to.connect(sent.append)
    gain.show_value(-12.3)
    assert gain.number == -12.3
    assert gain.accessibleDescription() == "-12.3 dB"
    assert sent == []


def test_a_fader_moves_by_keys(gain, qtbot):
    gain.show_value(-20.0)
    qtbot.keyClick(gain, Qt.Key.Key_Right)
    assert gain.number > -20.0


def test_a_fader_of_whole_numbers_sends_each_once(qtbot):
    fader = Fader("Voices", 1, 8, 1, lambda value: f"{value:.0f}", whole=True)
    qtbot.addWidget(fader)
    sent = []
    fader.moved_to.connect(sent.append)
    for step in range(0, 1001, 10):
        fader.setValue(step)
    assert sent == [2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]


def test_a_peak_is_held_and_then_falls(clock):
    ballistics = Ballistics(clock)
    ballistics.add(-3.0, -12.0)
    ballistics.fall(1.0)
    clock.now += 1.0
    assert ballistics.peak_db == -3.0
    assert ballistics.level_db == -3.0 - meters.FALL_DB_A_SECOND
    clock.now += meters.HOLD_SECONDS
    ballistics.fall(0.5)
    assert ballistics.peak_db == -3.0 - 0.5 * meters.FALL_DB_A_SECOND
    ballistics.fall(60.0)
    assert ballistics.peak_db == ballistics.level_db == meters.FLOOR_DB


def picture_of(widget):
    image = widget.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
    pixels = np.frombuffer(image.constBits(), np.uint32).reshape(image.height(), -1)
    return pixels[:, : image.width()].copy()


@pytest.fixture
def spectrogram(qtbot):
    spectrogram = Spectrogram()
    qtbot.addWidget(spectrogram)
    spectrogram.resize(200, 64)
    spectrogram.show()
    return spectrogram


def loud(band):
    levels = np.full(64, -120.0, np.float32)
    levels[band] = 0.0
    return levels


def test_low_bands_lie_below_and_the_newest_on_the_right(spectrogram):
    spectrogram.add(loud(0))
    spectrogram.add(loud(63))
    spectrogram.tick(10.0)
    bright = picture_of(spectrogram) == colour_table()[-1]
    rows, columns = np.nonzero(bright)
    assert set(zip(rows.tolist(), columns.tolist(), strict=True)) == {(63, 196), (63, 197), (0, 198), (0, 199)}


def test_the_spectrogram_scrolls_around_its_ring_and_forgets_nothing_in_sight(spectrogram):
    for n in range(500):
        spectrogram.add(loud(n % 64))
        spectrogram.tick(10.0)
    bright = picture_of(spectrogram) == colour_table()[-1]
    found = 63 - bright.argmax(axis=0)
    np.testing.assert_array_equal(found[::2], [n % 64 for n in range(400, 500)])


def test_a_spectrogram_of_another_size_shows_the_same_sound(spectrogram):
    for n in range(50):
        spectrogram.add(loud(n))
    spectrogram.tick(10.0)
    spectrogram.resize(120, 64)
    bright = picture_of(spectrogram) == colour_table()[-1]
    np.testing.assert_array_equal((63 - bright.argmax(axis=0))[20::2], np.arange(0, 50))


def test_an_empty_slot_is_filled_and_a_full_one_recalled(playing, peer, qtbot):
    bar = SnapshotBar(playing)
    qtbot.addWidget(bar)
    bar.morph.show_value(2.5)
    bar.recall(2)
    peer.say("/done", "/aitunes/snapshot/save", "tiny 3")
    peer.say("/aitunes/snapshot", "tiny 3")
    peer.say("/aitunes/snapshot", "wide 1")
    peer.say("/done", "/aitunes/snapshot/list", 2)
    bar.recall(2)
    assert [message for message in peer.arrived if len(message) > 1] == [
        ("/aitunes/snapshot/save", "tiny 3"),
        ("/aitunes/snapshot/recall", "tiny 3", 2.5),
    ]
    assert [button.accessibleName() for button in bar.buttons][:3] == [
        "Snapshot 1, empty",
        "Snapshot 2, empty",
        "Snapshot 3, filled",
    ]


def test_the_recording_clock_starts_with_the_engines_confirmation(playing, peer, clock, qtbot):
    record = RecordButton(playing, clock)
    qtbot.addWidget(record)
    record.format = "flac"
    record.click()
    (message,) = peer.arrived
    assert message[0] == "/aitunes/record/start"
    assert message[1].endswith(".flac")
    assert not record.isChecked()
    peer.say("/done", *message)
    clock.now += 75.0
    qtbot.waitUntil(lambda: record.text() == "● 1:15", timeout=60_000)
    assert record.isChecked()
    record.click()
    peer.say("/done", "/aitunes/record/stop")
    assert (record.text(), record.isChecked()) == ("Record", False)


def test_a_recording_that_cannot_start_leaves_the_button_up(playing, peer, qtbot):
    record = RecordButton(playing)
    qtbot.addWidget(record)
    record.click()
    peer.say("/fail", "/aitunes/record/start", "the disk is full")
    assert not record.isChecked()


def test_a_recording_of_another_program_is_shown(playing, peer, qtbot):
    record = RecordButton(playing)
    qtbot.addWidget(record)
    peer.say("/aitunes/record/start", "take.wav")
    assert record.recording


def test_the_transport_follows_the_engine(playing, peer, releases, qtbot):
    from aitunes.release.reader import read_card

    transport = Transport(playing)
    qtbot.addWidget(transport)
    transport.show()
    peer.say("/aitunes/gain", -6.0)
    peer.say("/aitunes/stop")
    assert transport.faders["/gain"].number == -6.0
    assert (transport.play.text(), transport.play.isChecked()) == ("Stopped", False)
    assert not transport.freeze.isVisible()
    peer.say("/aitunes/release/info", read_card(releases / "segment").to_json())
    assert transport.freeze.isVisible()
    peer.forget()
    qtbot.mouseClick(transport.freeze, Qt.MouseButton.LeftButton)
    qtbot.mouseClick(transport.play, Qt.MouseButton.LeftButton)
    assert peer.arrived == [("/aitunes/freeze", True), ("/aitunes/play",)]


@pytest.fixture
def keyboard(playing, qtbot):
    keyboard = Keyboard(playing)
    qtbot.addWidget(keyboard)
    keyboard.resize(600, 80)
    keyboard.show()
    qtbot.waitExposed(keyboard)
    return keyboard


def test_every_key_of_the_piano_can_be_hit(keyboard):
    found = {keyboard.note_at(QPointF(x + 0.5, y)) for x in range(600) for y in (10.0, 70.0)}
    assert found == set(range(48, 73))


def test_a_finger_that_slides_never_leaves_a_note_hanging(keyboard, peer, qtbot):
    qtbot.mousePress(keyboard, Qt.MouseButton.LeftButton, pos=QPointF(10, 70).toPoint())
    for x in range(10, 300, 10):
        qtbot.mouseMove(keyboard, QPointF(x, 70).toPoint())
    qtbot.mouseRelease(keyboard, Qt.MouseButton.LeftButton, pos=QPointF(300, 70).toPoint())
    notes = [message[1:] for message in peer.sent_to("/aitunes/note")]
    held = {note for note, velocity in notes if velocity} - {note for note, velocity in notes if not velocity}
    assert notes
    assert held == set()


def test_typed_keys_play_when_they_are_to(keyboard, peer, qtbot):
    qtbot.keyPress(keyboard, Qt.Key.Key_Z)
    assert peer.arrived == []
    keyboard.typing = True
    for key in (Qt.Key.Key_Z, Qt.Key.Key_Q):
        qtbot.keyPress(keyboard, key)
    keyboard.shift(1)
    qtbot.keyRelease(keyboard, Qt.Key.Key_Z)
    assert peer.arrived == [
        ("/aitunes/note", 48, 100),
        ("/aitunes/note", 60, 100),
        *sorted((("/aitunes/note", 48, 0), ("/aitunes/note", 60, 0))),
    ]


def test_the_figures_are_as_long_as_the_words_leave_room(playing, peer, qtbot):
    line = StatusLine(playing)
    qtbot.addWidget(line)
    line.show()
    line.resize(1400, 20)
    peer.say("/status.reply", 0, 0, 0, 1, 20.0, 30.0, 48e3, 48e3, 1.0, 12.0, 6.0, 1.0, "tiny", True)
    assert "(control 1, synthesis 12, buffer 6, device 1)" in line.figures.text()
    line.resize(500, 20)
    assert line.figures.text() == "load 20 % (peak 30 %)   latency 20 ms   interruptions 0   late 0"
    line.show_message("A sentence that is so long that nothing else has room beside it in such a narrow window.")
    assert line.figures.text() == ""


def test_a_warning_stays_until_it_is_over_and_a_word_does_not(playing, peer, clock, qtbot):
    line = StatusLine(playing, clock)
    qtbot.addWidget(line)
    line.show()
    line.resize(1400, 20)
    high = (0, 0, 0, 1, 95.0, 99.0, 48e3, 48e3, 1.0, 12.0, 6.0, 1.0, "tiny", True)
    peer.say("/status.reply", *high)
    assert line.sentence.text() == ""
    assert line.figures.text() == (
        "load 95 % (peak 99 %)   latency 20 ms (control 1, synthesis 12, buffer 6, device 1)   interruptions 0   late 0"
        "   connected"
    )
    clock.now += 4.0
    peer.say("/status.reply", *high)
    assert "at its limit" in line.sentence.text()
    peer.say("/status.reply", 0, 0, 0, 1, 20.0, *high[5:])
    assert line.sentence.text() == ""


@pytest.mark.parametrize(("name", "exported"), [("wave", True), ("../secret", False), ("elsewhere", False)])
def test_only_a_gesture_of_this_machine_is_exported(playing, peer, qtbot, tmp_path, name, exported):
    folder = tmp_path / "gestures"
    folder.mkdir()
    (folder / "wave.txt").write_text("0 /aitunes/play\n")
    (tmp_path / "secret.txt").write_text("secret")
    panel = GesturePanel(playing, folder)
    qtbot.addWidget(panel)
    peer.say("/aitunes/gesture", name)
    peer.say("/done", "/aitunes/gesture/list", 1)
    with qtbot.waitSignal(playing.message) as message:
        panel.export_to(tmp_path / "out.txt")
    assert (tmp_path / "out.txt").exists() == exported
    assert message.args[0].startswith("Exported" if exported else "The gesture is not on this machine")


def test_the_grid_of_gestures_is_sent_and_follows_the_engine(model, peer, qtbot):
    panel = GesturePanel(model)
    qtbot.addWidget(panel)
    panel.grid.moved_to.emit(2.0)
    qtbot.waitUntil(lambda: peer.sent_to("/aitunes/gesture/quantise") == [("/aitunes/gesture/quantise", 2.0)])
    peer.say("/aitunes/gesture/quantise", 4.0)
    qtbot.waitUntil(lambda: panel.grid.number == 4.0)


def test_width_and_pan_are_sent_and_follow_the_engine(model, peer, qtbot):
    panel = SoundPanel(model, RecordButton(model))
    qtbot.addWidget(panel)
    panel.stereo["/pan"].moved_to.emit(-0.5)
    qtbot.waitUntil(lambda: peer.sent_to("/aitunes/pan") == [("/aitunes/pan", -0.5)])
    peer.say("/aitunes/width", 0.25)
    qtbot.waitUntil(lambda: panel.stereo["/width"].number == pytest.approx(0.25))
