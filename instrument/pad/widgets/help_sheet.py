"""Lists all shortcuts of keyboard, mouse and touch on one sheet."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QWidget

from instrument.pad import theme
from instrument.pad.widgets.buttons import button
from instrument.pad.widgets.label import label
from instrument.pad.widgets.sheet import Sheet

HELP: tuple[tuple[str, tuple[tuple[str, str], ...]], ...] = (
    (
        "On the pad",
        (
            ("drag, touch, pen", "move the sound"),
            ("arrows, Page ↑ ↓", "nudge; with Shift, finely"),
            ("wheel, second finger", "move along the third axis"),
            ("double-click, Home", "reset to the middle"),
            ("Ctrl click", "play a training sound"),
            ("right-click", "anchors and more"),
            ("drop sound files", "make them anchors"),
            ("drop a folder", "learn an instrument from it"),
            ("drop an .aitunes file", "install it, and play it"),
            ("Ctrl Z", "restore a removed anchor"),
        ),
    ),
    (
        "Playing",
        (
            ("space", "play, or fade out"),
            ("1 … 8", "morph to a snapshot, or save in an empty slot"),
            ("Ctrl 1 … 8", "save a snapshot"),
            ("W", "wander"),
            ("B", "blend the anchors"),
            ("F", "freeze the playhead"),
            ("C", "randomize"),
            ("R", "start or stop recording"),
            ("K", "Z … M and Q … U play notes"),
            ("G", "start or stop recording a gesture"),
            ("N, Shift N", "next song of the set, the one before"),
            ("Esc held", "panic: end every sound"),
            ("right-click a fader", "learn a MIDI controller"),
        ),
    ),
    (
        "The window",
        (
            ("L", "choose a release"),
            ("P", "play with a phone"),
            ("F11", "full screen"),
            ("Esc", "close a sheet, leave full screen"),
            ("? or H", "show shortcuts"),
            ("Ctrl Q", "close the window"),
            ("double-click a fader", "reset it"),
        ),
    ),
)


class HelpSheet(Sheet):
    """Shows the shortcuts over the window."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent, 58, 30)
        head = theme.row(gap=0.5)
        title = label("Shortcuts", "title")
        close = button("Close", "Close the help sheet")
        close.clicked.connect(self.hide)
        head.addWidget(title, 1)
        head.addWidget(close)
        self.content.addLayout(head)
        columns = theme.row(gap=1.6)
        left, right = theme.column(gap=0.9), theme.column(gap=0.9)
        for n, (heading, lines) in enumerate(HELP):
            column = right if n == 1 else left
            column.addLayout(self._section(heading, lines))
        for column in (left, right):
            column.addStretch(1)
            columns.addLayout(column, 1)
        self.content.addLayout(columns, 1)

    def _section(self, heading: str, lines: tuple[tuple[str, str], ...]) -> QGridLayout:
        grid = QGridLayout()
        grid.setProperty("gap", 0.4)
        grid.setProperty("margin", 0.0)
        grid.addWidget(label(heading, "heading"), 0, 0, 1, 2)
        for n, (keys, action) in enumerate(lines, 1):
            grid.addWidget(label(keys, "key"), n, 0, Qt.AlignmentFlag.AlignTop)
            grid.addWidget(label(action), n, 1, Qt.AlignmentFlag.AlignTop)
        grid.setColumnStretch(0, 3)
        grid.setColumnStretch(1, 4)
        return grid
