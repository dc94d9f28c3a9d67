"""Binds keys to actions, and opens the pad's context menu."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QAction, QKeySequence, QShortcut
from PySide6.QtWidgets import QMenu, QWidget

from instrument.namespace import ROOT
from instrument.pad.anchors import AnchorSet
from instrument.pad.model import EngineModel
from instrument.pad.point import Point
from instrument.pad.widgets.label import literal_caption
from instrument.pad.widgets.learnable import add_actions
from instrument.pad.widgets.surface import Surface


def bind_keys(window: QWidget, actions: Mapping[str, Callable[[], object]]) -> None:
    """Make each key run its action wherever the focus is, except while text is edited."""
    for keys, action in actions.items():
        # A key that is held down runs its action once.
        QShortcut(QKeySequence(keys), window, autoRepeat=False).activated.connect(action)


class SurfaceMenu:
    """Opens the context menu of the pad.

    Args:
        surface: opens the menu on a right-click.
        point, anchors: what the menu changes.
        add_anchor: makes the present sound an anchor.
        model: has MIDI learn controllers for both axes.
    """

    def __init__(
        self,
        surface: Surface,
        point: Point,
        anchors: AnchorSet,
        add_anchor: Callable[[], object],
        model: EngineModel,
    ) -> None:
        self._surface, self._point, self._anchors, self._add_anchor = surface, point, anchors, add_anchor
        self._model = model
        surface.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        surface.customContextMenuRequested.connect(self.open)

    def open(self, pixel: QPoint) -> QMenu:
        """Open the menu for a pixel of the surface."""
        menu = QMenu(self._surface)
        self._add_sounds(menu, QPointF(pixel))
        menu.addAction("Anchor the present sound", self._add_anchor)
        if self._anchors.last_removed:
            menu.addAction(literal_caption(f"Restore “{self._anchors.last_removed}”"), self._anchors.restore)
        self._add_check(menu, "Blend the anchors", self._anchors.active, self._anchors.activate).setEnabled(
            bool(self._anchors.anchors)
        )
        menu.addSeparator()
        menu.addAction("Reset to the middle", self._point.home)
        self._add_check(menu, "Wander", self._point.wandering, self._point.set_wandering)
        menu.addSeparator()
        for name, title in (("x", "across"), ("y", "up")):
            add_actions(menu, self._model, f"{ROOT}/pad/{name}", what=f" to move {title}")
        menu.popup(self._surface.mapToGlobal(pixel))
        return menu

    def _add_sounds(self, menu: QMenu, pixel: QPointF) -> None:
        """Add the actions for an anchor and a landmark at this pixel."""
        surface, anchors = self._surface, self._anchors
        x, y = surface.pad_position_of(pixel)
        number = surface.anchor_at(pixel)
        if number is not None:
            name = anchors.anchors[number].name
            menu.addAction(literal_caption(f"Remove the anchor “{name}”"), partial(anchors.remove, number))
        landmark = surface.landmark_at(pixel, reach=1.0)
        if landmark is not None and surface.release_map is not None:
            name, sound = surface.release_map.names[landmark], surface.release_map.coordinates[landmark]
            menu.addAction(literal_caption(f"Play “{name}”"), partial(surface.play_landmark, pixel))
            menu.addAction(literal_caption(f"Anchor “{name}” here"), partial(anchors.add, name, sound, x, y))

    @staticmethod
    def _add_check(menu: QMenu, text: str, checked: bool, toggled: Callable[[bool], object]) -> QAction:
        action = menu.addAction(text)
        action.setCheckable(True)
        action.setChecked(checked)
        action.toggled.connect(toggled)
        return action
