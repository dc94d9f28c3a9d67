"""Makes ordinary buttons."""

from __future__ import annotations

from PySide6.QtWidgets import QPushButton


def button(text: str, name: str, tip: str = "", toggles: bool = False, role: str = "") -> QPushButton:
    """Make a button.

    Args:
        text: its caption.
        name: its name for screen readers.
        tip: its tooltip.
        toggles: whether it stays down.
        role: its style, for the style sheet.
    """
    made = QPushButton(text)
    made.setAccessibleName(name)
    made.setToolTip(tip)
    made.setCheckable(toggles)
    if role:
        made.setProperty("role", role)
    return made
