"""Plots losses over epochs."""

from __future__ import annotations

from dataclasses import dataclass

import pyqtgraph
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QVBoxLayout, QWidget
from typing_extensions import override

from training.window.look import named

_WIDTH = 1.6
_MARKED = 30
_DECADE = 10.0
_VEIL = 190  # what lies behind the legend shows through


@dataclass(frozen=True)
class Curve:
    """Describes one line of a plot.

    Args:
        name: for the legend.
        x, y: epochs and values.
        colour: "#rrggbb".
        dashed: validation is, training is not.
    """

    name: str
    x: list[float]
    y: list[float]
    colour: str
    dashed: bool = False


class _WholeNumbers(pyqtgraph.AxisItem):  # type: ignore[misc]  # pyqtgraph has no types
    """Labels an axis with whole numbers: there is no half epoch."""

    @override
    def tickSpacing(self, minVal: float, maxVal: float, size: float) -> list[tuple[float, float]]:
        spacings = super().tickSpacing(minVal, maxVal, size)
        return [(spacing, offset) for spacing, offset in spacings if spacing >= 1.0] or [(1.0, 0.0)]


class CurvesPlot(QWidget):
    """Plots lines over epochs; logarithmic where the values span more than a decade, all of them above 0.

    Args:
        title: over the plot.
        name: for those who do not see it.
        legend: show one.
    """

    def __init__(self, title: str, name: str, legend: bool = False, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.plot = named(pyqtgraph.PlotWidget(axisItems={"bottom": _WholeNumbers("bottom")}), name)
        self.plot.setMenuEnabled(False)
        self.plot.setMinimumHeight(110)
        self._item = self.plot.getPlotItem()
        self._item.setTitle(title or None, size="10pt")
        self._item.setLabel("bottom", "epoch")
        self._item.showGrid(x=True, y=True, alpha=0.15)
        self._item.getAxis("left").setWidth(52)
        self._item.getViewBox().setLimits(xMin=0.0)
        self._item.setClipToView(True)
        self._item.setDownsampling(auto=True, mode="peak")
        if legend:
            behind = pyqtgraph.mkColor(pyqtgraph.getConfigOption("background"))
            behind.setAlpha(_VEIL)
            self._item.addLegend(offset=(-8, 8), labelTextSize="9pt", brush=behind)
        self._lines: dict[str, pyqtgraph.PlotDataItem] = {}
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.plot)

    def show_curves(self, curves: list[Curve]) -> None:
        """Replace what is shown; lines of the same name are moved, not made again."""
        shown = [curve for curve in curves if curve.x]
        for name in self._lines.keys() - {curve.name for curve in shown}:
            self._item.removeItem(self._lines.pop(name))
        for side in ("left", "bottom"):
            self._item.showAxis(side, bool(shown))  # an empty plot has no scale to tell
        self._item.setLogMode(y=_is_wide([value for curve in shown for value in curve.y]))
        for curve in shown:
            if curve.name not in self._lines:
                self._lines[curve.name] = self._item.plot(name=curve.name)
            self._draw(self._lines[curve.name], curve)

    def _draw(self, line: pyqtgraph.PlotDataItem, curve: Curve) -> None:
        style = Qt.PenStyle.DashLine if curve.dashed else Qt.PenStyle.SolidLine
        line.setData(
            curve.x,
            curve.y,
            pen=pyqtgraph.mkPen(curve.colour, width=_WIDTH, style=style),
            symbol="o" if len(curve.x) < _MARKED else None,
            symbolSize=5,
            symbolBrush=curve.colour,
            symbolPen=None,
        )


def _is_wide(values: list[float]) -> bool:
    return bool(values) and 0.0 < _DECADE * min(values) < max(values)
