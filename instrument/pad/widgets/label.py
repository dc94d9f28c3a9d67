"""Makes labels and tooltips that show any text literally, which Qt would take for HTML and open the files it names."""

from __future__ import annotations

import html

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel


def label(text: str = "", role: str = "", wraps: bool = False) -> QLabel:
    """Make a label of plain text.

    Args:
        text: what it shows.
        role: its style, for the style sheet.
        wraps: long text continues on the next line.
    """
    made = QLabel()
    make_plain(made, role)
    made.setWordWrap(wraps)
    made.setText(text)
    return made


def make_plain(widget: QLabel, role: str = "") -> None:
    """Make a label show its text literally, in the style of a role."""
    widget.setTextFormat(Qt.TextFormat.PlainText)
    if role:
        widget.setProperty("role", role)


def literal_tip(text: str) -> str:
    """Encode a text for `setToolTip`, so that it is shown literally."""
    return f"<span>{html.escape(text, quote=False).replace(chr(10), '<br>')}</span>" if text else ""


def literal_caption(text: str) -> str:
    """Encode a text for a button or a menu, where a single ampersand marks a key."""
    return text.replace("&", "&&")
