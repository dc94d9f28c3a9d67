"""Asks whether runs go on when the window is closed."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMessageBox, QWidget

from training.fit import run_record
from training.window.runs import Run


def may_close(runs: list[Run], parent: QWidget) -> bool:
    """Ask whether runs go on; stop them on request; return True if the window may close."""
    live = [run for run in runs if run.is_live]
    if not live:
        return True
    names = "\n".join(run.title for run in live)
    box = QMessageBox(QMessageBox.Icon.Question, "Training goes on", f"Still training:\n{names}", parent=parent)
    box.setTextFormat(Qt.TextFormat.PlainText)
    box.setInformativeText("Shall it go on without the window? The next window finds it again.")
    go_on = box.addButton("&Go on", QMessageBox.ButtonRole.AcceptRole)
    stop = box.addButton("&Stop it", QMessageBox.ButtonRole.DestructiveRole)
    box.addButton(QMessageBox.StandardButton.Cancel)
    box.setDefaultButton(go_on)
    box.exec()
    if box.clickedButton() is stop:
        for run in live:
            if run.record is not None:
                run_record.stop(run.record)
    return box.clickedButton() in (go_on, stop)
