"""Shows the latent space of a model: the codes of the data, and the use of each dimension."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyqtgraph
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QPushButton, QSplitter, QVBoxLayout, QWidget

from training.window.look import SERIES, caption, hinted, named
from training.window.workshop import Answer, Workshop

_AXES = {"pca": ("1st principal direction", "2nd principal direction"), "umap": ("UMAP 1", "UMAP 2")}


class LatentTab(QWidget):
    """Shows a plane of codes beside the use of the dimensions."""

    def __init__(self, workshop: Workshop, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._found: Answer = {}
        self.button = hinted(QPushButton("Look"), "Encode the data with the chosen model")
        self.text = caption("Where the chosen model puts the data, and what each latent dimension does.")
        self.plane = named(QComboBox(), "Projection")
        self.colour = named(QComboBox(), "What the colours mean")
        self.colour.addItems(("label", "half"))
        self.scatter = named(pyqtgraph.PlotWidget(), "Codes of the data in two dimensions")
        self.legend = self.scatter.addLegend(offset=(-8, 8), labelTextSize="9pt")
        self.spread, self.kl = self._bars("standard deviation"), self._bars("divergence, nats")
        self._lay_out()
        self.button.clicked.connect(workshop.look_at_latent)
        self.plane.activated.connect(self._show_plane)
        self.colour.activated.connect(self._show_plane)
        workshop.looked_at_latent.connect(self._show)
        workshop.busy_changed.connect(lambda action: self.button.setEnabled(action != "latent"))

    def _bars(self, name: str) -> pyqtgraph.PlotWidget:
        plot = named(pyqtgraph.PlotWidget(), f"{name} of each latent dimension")
        plot.setLabel("left", name)
        plot.setLabel("bottom", "latent dimension, most used first")
        plot.setMenuEnabled(False)
        plot.hideButtons()
        plot.setMouseEnabled(False, False)
        return plot

    def _lay_out(self) -> None:
        bars = QSplitter(Qt.Orientation.Vertical)
        bars.addWidget(self.spread)
        bars.addWidget(self.kl)
        both = QSplitter(Qt.Orientation.Horizontal)
        both.addWidget(self.scatter)
        both.addWidget(bars)
        both.setStretchFactor(0, 3)
        both.setStretchFactor(1, 2)
        head = QHBoxLayout()
        head.addWidget(self.button)
        head.addWidget(self.text, 1)
        head.addWidget(self.plane)
        head.addWidget(self.colour)
        layout = QVBoxLayout(self)
        layout.addLayout(head)
        layout.addWidget(both, 1)
        self.scatter.setMenuEnabled(False)
        self.scatter.showGrid(x=True, y=True, alpha=0.15)

    def _show(self, found: Answer) -> None:
        self._found = found
        std = np.array(found["std"])
        self.text.setText(f"{found['model']}: {found['active']} of {len(std)} dimensions in use")
        self.plane.clear()
        self.plane.addItems(list(found["planes"]))
        order = np.argsort(-std, kind="stable")
        _show_bars(self.spread, std[order], SERIES[0])
        self.kl.setVisible(found["kl_nats"] is not None)
        if found["kl_nats"] is not None:
            _show_bars(self.kl, np.array(found["kl_nats"])[order], SERIES[1])
        self._show_plane()

    def _show_plane(self) -> None:
        if not self._found:
            return
        name = self.plane.currentText()
        points: Any = np.array(self._found["planes"][name])
        kinds = np.array(self._found[self.colour.currentText()])
        self.scatter.clear()
        self.legend.clear()
        for axis, text in zip(("bottom", "left"), _AXES.get(name, ("1", "2")), strict=True):
            self.scatter.setLabel(axis, text)
        for n, kind in enumerate(np.unique(kinds)):
            mine = points[kinds == kind]
            brush = pyqtgraph.mkBrush(f"{SERIES[n % len(SERIES)]}b0")
            item = pyqtgraph.ScatterPlotItem(mine[:, 0], mine[:, 1], size=6, pen=None, brush=brush, name=str(kind))
            self.scatter.addItem(item)


def _show_bars(plot: pyqtgraph.PlotWidget, heights: Any, colour: str) -> None:
    plot.clear()
    plot.addItem(pyqtgraph.BarGraphItem(x=np.arange(len(heights)), height=heights, width=0.8, brush=colour, pen=None))
    plot.setXRange(-0.5, len(heights) - 0.5, padding=0.02)
    plot.setYRange(0.0, max(float(heights.max()), 1e-6) * 1.05, padding=0.0)
