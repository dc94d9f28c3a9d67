"""Ordinary buttons."""

from __future__ import annotations

from PySide6.QtWidgets import QPushButton


def button(text: str, name: str, tip: str = "", toggles: bool = False, role: str = "") -> QPushButton:
    """A button.

    Args:
        text: what stands on it.
        name: what a screen reader says.
        tip: what hovering over it shows.
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
