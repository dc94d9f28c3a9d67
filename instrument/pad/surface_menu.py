"""What a right-click on the pad offers."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, QPointF
from PySide6.QtWidgets import QMenu

if TYPE_CHECKING:
    from instrument.pad.window import Window


def open_menu(window: Window, place: QPoint) -> None:
    """Open the menu for a place of the pad."""
    menu = QMenu(window)
    surface, anchors = window.surface, window.anchors
    x, y = surface.place_of(place)
    landmark = surface.landmark_at(QPointF(place), reach=1.0)
    number = surface.anchor_at(QPointF(place))
    if number is not None:
        menu.addAction(f"Remove the anchor “{anchors.anchors[number].name}”", partial(anchors.remove, number))
    if landmark is not None and surface.release_map is not None:
        name, sound = surface.release_map.names[landmark], surface.release_map.coordinates[landmark]
        menu.addAction(f"Play “{name}”", partial(surface.play_landmark, QPointF(place)))
        menu.addAction(f"Anchor “{name}” here", partial(anchors.add, name, sound, x, y))
    menu.addAction("Anchor the present sound", window.anchor_panel.add_here)
    if anchors.last_removed:
        menu.addAction(f"Bring back “{anchors.last_removed}”", anchors.bring_back)
    blend = menu.addAction("Blend the anchors")
    blend.setCheckable(True)
    blend.setChecked(anchors.active)
    blend.setEnabled(bool(anchors.anchors))
    blend.toggled.connect(anchors.activate)
    menu.addSeparator()
    menu.addAction("Back to the middle", window.point.home)
    wander = menu.addAction("Wander")
    wander.setCheckable(True)
    wander.setChecked(window.point.wandering)
    wander.toggled.connect(window.point.set_wandering)
    menu.popup(surface.mapToGlobal(place))
