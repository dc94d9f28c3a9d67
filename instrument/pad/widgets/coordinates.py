"""Shows a fader and a lock for every latent coordinate, the choice of the pad's axes, and wandering."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QGridLayout, QScrollArea, QToolButton, QWidget
from typing_extensions import override

from aitunes.release.card import LATENT_LIMIT
from instrument.pad import theme
from instrument.pad.model import EngineModel
from instrument.pad.point import Point
from instrument.pad.widgets.buttons import button
from instrument.pad.widgets.choice import Choice
from instrument.pad.widgets.fader import Fader
from instrument.pad.widgets.label import label
from instrument.pad.widgets.learnable import learnable

_AXES = ("Across", "Up", "Wheel")


class Lock(QToolButton):
    """Draws a padlock on a button, open or closed."""

    def __init__(self, n: int) -> None:
        super().__init__()
        self.setCheckable(True)
        self.setProperty("role", "small")
        self.setAccessibleName(f"Lock PC {n + 1}")
        self.setToolTip("Reset, Randomize, Home and anchors leave this one as it is")

    @override
    def sizeHint(self) -> QSize:
        letter = self.fontMetrics().height()
        return QSize(round(1.8 * letter), round(1.75 * letter))

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        unit = 0.09 * self.fontMetrics().height()
        centre = self.rect().center()
        painter.translate(centre.x() + 0.5, centre.y() + 0.5)
        colour = QColor(theme.ON_ACCENT if self.isChecked() else theme.QUIET)
        painter.fillRect(QRectF(-4 * unit, -0.5 * unit, 8 * unit, 5.5 * unit), colour)
        painter.setPen(QPen(colour, 1.4 * unit))
        lift = 0.0 if self.isChecked() else 2.0 * unit
        painter.drawArc(QRectF(-2.6 * unit, -5 * unit - lift / 2, 5.2 * unit, 8 * unit), 0, 180 * 16)


class Coordinates(QWidget):
    """Shows the page for the latent space."""

    def __init__(self, model: EngineModel, point: Point) -> None:
        super().__init__()
        self._model, self._point = model, point
        self._faders: list[Fader] = []
        self.locks: list[Lock] = []
        self.axes = [Choice(f"Axis of the pad: {name}") for name in _AXES]
        self._rows = QWidget()
        self._grid = QGridLayout(self._rows)
        self._grid.setProperty("gap", 0.3)
        self._grid.setProperty("margin", 0.0)
        self._lay_out()
        model.moved.connect(self._show)
        model.release_changed.connect(self._rebuild)
        model.changed.connect(lambda name: self._show_axes() if name == "/pad/axes" else None)
        point.wandering_changed.connect(self.wander.setChecked)

    def _lay_out(self) -> None:
        whole = theme.column(self, 0.45)
        whole.addLayout(self._axis_row())
        scroll = QScrollArea(widgetResizable=True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setWidget(self._rows)
        whole.addWidget(scroll, 1)
        buttons = theme.row(gap=0.35)
        self.reset = button("Reset", "Reset all coordinates")
        self.reset.clicked.connect(self._point.home)
        self.randomize = button("Randomize", "Set all coordinates at random (C)")
        self.randomize.clicked.connect(self._point.randomize)
        self.wander = button("Wander", "Wander around the point (W)", toggles=True)
        self.wander.clicked.connect(self._point.set_wandering)
        for control in (self.reset, self.randomize, self.wander):
            buttons.addWidget(control)
        whole.addLayout(buttons)
        self.rate = Fader("Wander rate", 0.01, 2.0, 0.1, lambda hz: f"{hz:.2f} Hz", 2.5)
        self.rate.moved_to.connect(lambda hz: setattr(self._point.wander, "rate_hz", hz))
        self.radius = Fader("Wander radius", 0.0, 0.5, 0.15, lambda share: f"{100 * share:.0f} %")
        self.radius.moved_to.connect(lambda share: setattr(self._point.wander, "radius", share))
        whole.addWidget(self.rate)
        whole.addWidget(self.radius)

    def _axis_row(self) -> QGridLayout:
        grid = QGridLayout()
        grid.setProperty("gap", 0.25)
        grid.setProperty("margin", 0.0)
        for column, (name, box) in enumerate(zip(_AXES, self.axes, strict=True)):
            box.activated.connect(lambda _index, column=column: self._choose_axis(column))
            grid.addWidget(label(name, "heading"), 0, column)
            grid.addWidget(box, 1, column)
        return grid

    def _rebuild(self) -> None:
        for widget in (*self._faders, *self.locks):
            self._grid.removeWidget(widget)
            widget.deleteLater()
        self._faders, self.locks = [], []
        for n in range(self._model.latent_dim):
            fader = Fader(f"{n + 1}", -LATENT_LIMIT, LATENT_LIMIT, 0.0, lambda v: f"{v:+.2f}".replace("-", "−"))
            fader.setAccessibleName(f"PC {n + 1}, standard deviations")
            fader.moved_to.connect(lambda value, n=n: self._model.move_coordinate(n, value))
            learnable(fader, f"/latent/{n}")
            lock = Lock(n)
            lock.toggled.connect(lambda on, n=n: (self._model.locked.add if on else self._model.locked.discard)(n))
            self._grid.addWidget(fader, n, 0)
            self._grid.addWidget(lock, n, 1)
            self._faders.append(fader)
            self.locks.append(lock)
        self._grid.setRowStretch(self._model.latent_dim, 1)
        self._fill_axes()
        self._show()

    def _fill_axes(self) -> None:
        for box in self.axes:
            box.clear()
            box.addItems([f"{n + 1}" for n in range(self._model.latent_dim)])
        self._show_axes()

    def _show_axes(self) -> None:
        first, second = self._model.axes
        free = [n for n in range(self._model.latent_dim) if n not in (first, second)]
        if self._point.third_axis not in free:
            self._point.third_axis = free[0] if free else self._model.latent_dim
        for box, n in zip(self.axes, (first, second, self._point.third_axis), strict=True):
            box.setCurrentIndex(n)
            box.setEnabled(self._model.latent_dim > 1)
        self.axes[2].setEnabled(bool(free))

    def _choose_axis(self, column: int) -> None:
        # An axis that is in use already is exchanged for the present one.
        before = [*self._model.axes, self._point.third_axis]
        selected = self.axes[column].currentIndex()
        after = [before[column] if n == selected else n for n in before]
        after[column] = selected
        self._point.third_axis = after[2]
        if tuple(after[:2]) != self._model.axes:
            self._model.choose_axes(after[0], after[1])
        self._show_axes()

    def _show(self) -> None:
        for fader, value in zip(self._faders, self._model.latent.target.tolist(), strict=False):
            if not fader.isSliderDown() and fader.number != value:
                fader.show_value(value)
