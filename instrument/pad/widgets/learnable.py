"""Marks controls that a MIDI controller can be bound to, and opens their context menu."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QPoint
from PySide6.QtWidgets import QMenu, QWidget

from instrument.midi.setup import Setup
from instrument.namespace import ROOT
from instrument.pad.model import EngineModel
from instrument.pad.widgets.label import literal_caption

_ADDRESS, _ARGUMENT = "midiAddress", "midiArgument"


def learnable(widget: QWidget, name: str, argument: int = 1) -> None:
    """Mark a control.

    Args:
        widget: the control.
        name: the address that it moves, below the root.
        argument: which of the address's values, from 1.
    """
    widget.setProperty(_ADDRESS, ROOT + name)
    widget.setProperty(_ARGUMENT, argument)


def learn(model: EngineModel, address: str, argument: int = 1) -> None:
    """Have MIDI bind the next controller that moves."""
    model.send("/midi/learn", address, argument)


def add_actions(menu: QMenu, model: EngineModel, address: str, argument: int = 1, what: str = "") -> None:
    """Add to a menu what can be done about the controllers of an address."""
    menu.addAction(f"Learn a controller{what}", partial(learn, model, address, argument))
    mapped = [mapping for mapping in Setup(str(model.value("/midi/list"))).mappings if mapping.address == address]
    if mapped:
        names = ", ".join(mapping.source.title for mapping in mapped)
        menu.addAction(literal_caption(f"Forget {names}"), partial(model.send, "/midi/forget", address))


def open_menu(window: QWidget, pixel: QPoint, model: EngineModel) -> QMenu | None:
    """Open the menu of the control at a pixel of the window; None where there is none."""
    widget = window.childAt(pixel)
    while widget is not None and widget.property(_ADDRESS) is None:
        widget = widget.parentWidget()
    if widget is None:
        return None
    menu = QMenu(window)
    add_actions(menu, model, str(widget.property(_ADDRESS)), int(widget.property(_ARGUMENT)))
    menu.popup(window.mapToGlobal(pixel))
    return menu
