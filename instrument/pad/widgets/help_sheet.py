"""Everything that keys, mouse and fingers do, on one sheet."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QLabel, QWidget

from instrument.pad import theme
from instrument.pad.widgets.buttons import button
from instrument.pad.widgets.sheet import Sheet

HELP: tuple[tuple[str, tuple[tuple[str, str], ...]], ...] = (
    (
        "On the pad",
        (
            ("drag, touch, pen", "move the sound"),
            ("arrows, Page ↑ ↓", "move a little; with Shift, less"),
            ("wheel, second finger", "a third direction"),
            ("double-click, Home", "back to the middle"),
            ("Ctrl and click", "play a training sound"),
            ("right-click", "anchors, and more"),
            ("drop sound files", "make them anchors"),
            ("Ctrl Z", "bring an anchor back"),
        ),
    ),
    (
        "Playing",
        (
            ("space", "play, or fade out"),
            ("1 … 8", "morph to a snapshot, or fill it"),
            ("Ctrl 1 … 8", "fill a snapshot anew"),
            ("W", "wander by itself"),
            ("B", "blend the anchors"),
            ("F", "freeze the playhead"),
            ("C", "go anywhere, by chance"),
            ("R", "record, end the recording"),
            ("K", "Z … M and Q … U play notes"),
            ("G", "record a gesture, keep it"),
        ),
    ),
    (
        "The window",
        (
            ("L", "choose a release"),
            ("F11", "the pad fills the screen"),
            ("Esc", "close, leave that; back to the pad"),
            ("? or H", "this sheet"),
            ("Ctrl Q", "close the window"),
            ("double-click a fader", "put it back"),
        ),
    ),
)


class HelpSheet(Sheet):
    """The shortcuts."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent, 56, 27)
        head = theme.row(gap=0.5)
        title = QLabel("What does what")
        title.setProperty("role", "title")
        close = button("Close", "Close the help sheet")
        close.clicked.connect(self.hide)
        head.addWidget(title, 1)
        head.addWidget(close)
        self.content.addLayout(head)
        columns = theme.row(gap=1.6)
        left, right = theme.column(gap=0.9), theme.column(gap=0.9)
        for n, (heading, lines) in enumerate(HELP):
            side = right if n == 1 else left
            side.addLayout(self._part(heading, lines))
        for side in (left, right):
            side.addStretch(1)
            columns.addLayout(side, 1)
        self.content.addLayout(columns, 1)

    def _part(self, heading: str, lines: tuple[tuple[str, str], ...]) -> QGridLayout:
        grid = QGridLayout()
        grid.setProperty("gap", 0.4)
        grid.setProperty("margin", 0.0)
        title = QLabel(heading)
        title.setProperty("role", "heading")
        grid.addWidget(title, 0, 0, 1, 2)
        for n, (keys, deed) in enumerate(lines, 1):
            key = QLabel(keys)
            key.setProperty("role", "key")
            what = QLabel(deed)
            grid.addWidget(key, n, 0, Qt.AlignmentFlag.AlignTop)
            grid.addWidget(what, n, 1, Qt.AlignmentFlag.AlignTop)
        grid.setColumnStretch(0, 3)
        grid.setColumnStretch(1, 4)
        return grid
