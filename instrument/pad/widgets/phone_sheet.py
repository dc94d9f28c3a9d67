"""Shows the code that makes a phone a pad."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget
from typing_extensions import override

from instrument.pad import theme
from instrument.pad.phone_codes import PhoneCode, PhoneCodes
from instrument.pad.widgets.buttons import button
from instrument.pad.widgets.label import label
from instrument.pad.widgets.sheet import Sheet

_QUIET = 4
"""Modules of white that a code needs around it (ISO/IEC 18004)."""


class CodePicture(QWidget):
    """Paints a code, dark on white whatever the theme, in whole pixels."""

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName("Code for a phone")
        self._code: PhoneCode | None = None

    def show_code(self, code: PhoneCode | None) -> None:
        """Show a code, or nothing."""
        self._code = code
        self.setAccessibleDescription(code.url if code else "")
        self.update()

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        if self._code is None:
            return
        rows = self._code.modules
        pixels = self.devicePixelRatioF()
        size = max(1, int(min(self.width(), self.height()) * pixels) // (len(rows) + 2 * _QUIET)) / pixels
        side = size * (len(rows) + 2 * _QUIET)
        painter = QPainter(self)
        painter.translate((self.width() - side) // 2, (self.height() - side) // 2)
        painter.fillRect(QRectF(0, 0, side, side), Qt.GlobalColor.white)
        for y, row in enumerate(rows, _QUIET):
            for x, dark in enumerate(row, _QUIET):
                if dark:
                    painter.fillRect(QRectF(x * size, y * size, size, size), Qt.GlobalColor.black)


class PhoneSheet(Sheet):
    """Asks for a code when it opens, and shows it over the window.

    Args:
        parent: the window.
        codes: where they come from.
    """

    def __init__(self, parent: QWidget, codes: PhoneCodes) -> None:
        super().__init__(parent, 30, 36)
        self._codes = codes
        self.picture = CodePicture()
        self.text = label("", "quiet", wraps=True)
        self.text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.another = button("Another code", "Show a code for another phone")
        self.forget = button("Forget phones", "Forget all phones that are paired")
        close = button("Close", "Close the sheet of the phone")
        head, row = theme.row(gap=0.5), theme.row(gap=0.5)
        head.addWidget(label("Play with a phone", "title"), 1)
        head.addWidget(close)
        row.addWidget(self.another)
        row.addWidget(self.forget)
        row.addStretch(1)
        self.content.addLayout(head)
        self.content.addWidget(self.picture, 1)
        self.content.addWidget(self.text)
        self.content.addLayout(row)
        close.clicked.connect(self.hide)
        self.another.clicked.connect(self._ask)
        self.forget.clicked.connect(codes.forget)
        codes.came.connect(self._show_code)
        codes.failed.connect(self._show_sentence)
        codes.forgotten.connect(
            lambda: self._show_sentence("All phones are forgotten, and the port to the network is closed.")
        )

    @override
    def open(self) -> None:
        super().open()
        self._ask()

    def _ask(self) -> None:
        self._show_sentence("Asking the page for a code …")
        self._codes.ask()

    def _show_code(self, code: PhoneCode) -> None:
        self.picture.show_code(code)
        self.text.setText(f"Scan it with one phone, in the same network, within {code.minutes} minutes.\n{code.url}")

    def _show_sentence(self, sentence: str) -> None:
        self.picture.show_code(None)
        self.text.setText(sentence)
