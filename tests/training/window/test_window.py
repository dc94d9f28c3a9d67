"""The window from a choice to curves, pictures and code, with its real worker and real runs of 5D vectors."""

import os
import signal

import pytest
from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QAbstractButton, QAbstractSpinBox, QComboBox, QLineEdit, QMessageBox

from training.window.runs import find_runs

pytestmark = [pytest.mark.training, pytest.mark.timeout(1200)]
PATIENCE_MS = 300_000


def click(qtbot, button):
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def followed(window):
    return window.workshop.watcher.run


def train(qtbot, window):
    """Press Train and wait for the end."""
    before = followed(window)
    click(qtbot, window.panel.train_button)
    qtbot.waitUntil(lambda: followed(window) != before and not followed(window).is_live, timeout=PATIENCE_MS)
    return followed(window)


def test_a_scenario_is_trained_looked_at_and_repeated_in_code(open_window, qtbot):
    window = open_window(experiment="vectors5d", scenario="variational", limit_items=300, epochs=3, save_every=1)
    run = train(qtbot, window)
    assert (run.state, run.record.epoch, run.checkpoints) == ("done", 3, 4)
    assert window.training.figures.text("Epoch") == "3 of 3"
    qtbot.waitUntil(lambda: "epoch 3" in window.training.newest.text.text(), timeout=PATIENCE_MS)
    losses = window.training.losses.table
    assert [losses.item(row, 0).text() for row in range(losses.rowCount())] == ["loss", "kl", "squared"]
    assert all(float(losses.item(row, column).text()) > 0.0 for row in range(3) for column in (1, 2))

    qtbot.waitUntil(lambda: window.panel.model.count() == 5, timeout=PATIENCE_MS)
    window.panel.model.setCurrentIndex(4)
    window.panel.model.activated.emit(4)
    assert window.workshop.choice.model.endswith("epoch-0000.ckpt")
    window.tabs.setCurrentWidget(window.interactive)
    qtbot.waitUntil(lambda: "mean squared error" in window.interactive.text.text(), timeout=PATIENCE_MS)
    qtbot.waitUntil(lambda: window.workshop.studio.busy == "", timeout=PATIENCE_MS)
    assert "epoch-0000" in window.interactive.text.text()

    click(qtbot, window.panel.copy_button)
    qtbot.waitUntil(lambda: "select_model" in QGuiApplication.clipboard().text(), timeout=PATIENCE_MS)
    code = QGuiApplication.clipboard().text()
    compile(code, "clipboard", "exec")
    assert "limit_items=300" in code
    assert code.endswith("actions.train(3, 1)")


def test_two_runs_are_laid_over_each_other_and_the_chosen_one_is_evaluated_and_its_latent_space_shown(
    open_window, qtbot, trained
):
    trained("vanilla")
    trained("variational")
    window = open_window(experiment="vectors5d", scenario="variational", limit_items=300)
    window.tabs.setCurrentWidget(window.runs)
    qtbot.waitUntil(lambda: window.runs.table.rowCount() == 2, timeout=PATIENCE_MS)
    window.runs.select(0, 1)
    assert [run.scenario for run in window.runs.selected] == ["variational", "vanilla"]
    assert len(window.runs.plot.plot.listDataItems()) == 4  # training and validation of both
    assert [window.runs.part.itemText(n) for n in range(window.runs.part.count())] == ["loss", "kl", "squared"]
    window.runs.select(1)
    click(qtbot, window.runs.choose_button)
    assert window.workshop.choice.scenario == "vanilla"
    assert window.workshop.choice.model.endswith("last.ckpt")
    assert followed(window).scenario == "vanilla"

    click(qtbot, window.panel.evaluate_button)
    qtbot.waitUntil(lambda: window.evaluation.table.rowCount() > 0, timeout=PATIENCE_MS)
    names = [window.evaluation.table.item(row, 0).text() for row in range(window.evaluation.table.rowCount())]
    assert {"mean squared error", "active units"} <= set(names)
    assert window.evaluation.pictures.count() == 4  # three pictures and the room below
    click(qtbot, window.panel.latent_button)
    qtbot.waitUntil(lambda: "dimensions in use" in window.latent.text.text(), timeout=PATIENCE_MS)
    assert window.latent.plane.itemText(0) == "pca"
    assert len(window.latent.scatter.listDataItems()) == 4  # a kind of vectors each
    assert not window.latent.kl.isVisible()  # a vanilla autoencoder has no distribution
    check_that_everything_has_a_name_and_fits_its_smallest_size(window)


def check_that_everything_has_a_name_and_fits_its_smallest_size(window):
    window.resize(window.minimumSize())
    assert (window.width(), window.height()) == (880, 560)
    for kind in (QAbstractButton, QComboBox, QLineEdit, QAbstractSpinBox):
        for widget in window.findChildren(kind):
            own = not widget.objectName().startswith("qt_") and widget.parent() is not None
            inside = isinstance(widget.parent(), QAbstractSpinBox | QComboBox) or "Scroll" in type(widget).__name__
            if own and not inside and widget.isVisible():
                text = widget.text() if isinstance(widget, QAbstractButton) else ""
                assert widget.accessibleName() or text, widget
    letters = [text[text.index("&") + 1].lower() for text in mnemonics(window)]
    assert len(letters) == len(set(letters)), letters


def answer(qtbot, text):
    """Press a button of the question that is about to be asked."""

    def press():
        box = next(widget for widget in QGuiApplication.instance().topLevelWidgets() if isinstance(widget, QMessageBox))
        next(button for button in box.buttons() if text in button.text().replace("&", "")).click()

    QTimer.singleShot(300, press)


def test_closing_asks_and_a_run_that_goes_on_is_found_again(open_window, qtbot, here):
    window = open_window(experiment="vectors5d", scenario="vanilla", limit_items=300, epochs=100_000)
    click(qtbot, window.panel.train_button)
    qtbot.waitUntil(lambda: followed(window) is not None and followed(window).checkpoints > 0, timeout=PATIENCE_MS)
    answer(qtbot, "Cancel")
    assert not window.close()
    answer(qtbot, "Go on")
    assert window.close()
    (run,) = find_runs(here / "runs")
    assert run.is_live
    again = open_window()
    assert followed(again).folder.name == run.folder.name
    assert again.panel.stop_button.isEnabled()
    answer(qtbot, "Stop it")
    assert again.close()
    qtbot.waitUntil(lambda: find_runs(here / "runs")[0].state == "stopped", timeout=PATIENCE_MS)
    assert (run.folder / "last.ckpt").is_file()


def test_what_goes_wrong_is_a_sentence_and_a_worker_that_dies_is_replaced(open_window, qtbot):
    window = open_window(experiment="gtzan", data_dir="nowhere")
    said = []
    window.workshop.message.connect(said.append)
    click(qtbot, window.panel.evaluate_button)
    qtbot.waitUntil(lambda: any("There is no model of gtzan" in sentence for sentence in said), timeout=PATIENCE_MS)
    run = train(qtbot, window)
    assert run.state == "failed"
    assert "There is no folder nowhere" in window.training.sentence.text()
    window.training.engine.setText("nonsense")
    click(qtbot, window.training.play_along)
    assert "HOST:PORT" in window.training.live_message.text()
    assert not window.training.play_along.isChecked()

    os.kill(window.workshop.lists.process_id, signal.SIGKILL)
    window.workshop.refresh_models()
    qtbot.waitUntil(lambda: any("ended before" in sentence for sentence in said), timeout=PATIENCE_MS)
    window.workshop.refresh_models()
    with qtbot.waitSignal(window.workshop.models_changed, timeout=PATIENCE_MS):
        pass


def mnemonics(window):
    from PySide6.QtWidgets import QLabel

    widgets = [*window.findChildren(QAbstractButton), *window.findChildren(QLabel)]
    return [widget.text() for widget in widgets if "&" in widget.text().replace("&nbsp;", "")]
