"""Shows the latent space of a model: the codes of the data, and the use of each dimension."""

from __future__ import annotations

from html import escape
from typing import Any

import numpy as np
import pyqtgraph
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QPushButton, QSplitter, QVBoxLayout, QWidget

from training.window.look import SERIES, caption, hinted, named
from training.window.workshop import Answer, Workshop

_AXES = {"pca": "PC", "umap": "UMAP"}


class LatentTab(QWidget):
    """Shows a plane of codes beside the use of the dimensions."""

    def __init__(self, workshop: Workshop, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._answer: Answer = {}
        self.button = hinted(QPushButton("Encode"), "Encode the data with the chosen model")
        self.text = caption("Where the chosen model puts the data, and what each latent dimension does.")
        self.plane = named(QComboBox(), "Projection")
        self.colour = named(QComboBox(), "Colour by")
        self.colour.addItems(("label", "half"))
        self.scatter = named(pyqtgraph.PlotWidget(), "Codes of the data in two dimensions")
        self.legend = self.scatter.addLegend(offset=(-8, 8), labelTextSize="9pt")
        self.spread, self.kl = self._bars("standard deviation"), self._bars("divergence, nats")
        self._lay_out()
        self.button.clicked.connect(workshop.encode)
        self.plane.activated.connect(self._show_plane)
        self.colour.activated.connect(self._show_plane)
        workshop.encoded.connect(self._show)
        workshop.busy_changed.connect(lambda action: self.button.setEnabled(action != "latent"))

    @staticmethod
    def _axis_label(plane: str, n: int) -> str:
        return f"{_AXES.get(plane, plane)} {n + 1}"

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
        columns = QSplitter(Qt.Orientation.Horizontal)
        columns.addWidget(self.scatter)
        columns.addWidget(bars)
        columns.setStretchFactor(0, 3)
        columns.setStretchFactor(1, 2)
        head = QHBoxLayout()
        head.addWidget(self.button)
        head.addWidget(self.text, 1)
        head.addWidget(self.plane)
        head.addWidget(self.colour)
        layout = QVBoxLayout(self)
        layout.addLayout(head)
        layout.addWidget(columns, 1)
        self.scatter.setMenuEnabled(False)
        self.scatter.showGrid(x=True, y=True, alpha=0.15)

    def _show(self, answer: Answer) -> None:
        self._answer = answer
        std = np.array(answer["std"])
        self.text.setText(f"{answer['model']}: {answer['active']} of {len(std)} dimensions in use")
        self.plane.clear()
        self.plane.addItems(list(answer["planes"]))
        order = np.argsort(-std, kind="stable")
        _show_bars(self.spread, std[order], SERIES[0])
        self.kl.setVisible(answer["kl_nats"] is not None)
        if answer["kl_nats"] is not None:
            _show_bars(self.kl, np.array(answer["kl_nats"])[order], SERIES[1])
        self._show_plane()

    def _show_plane(self) -> None:
        if not self._answer:
            return
        name = self.plane.currentText()
        points: Any = np.array(self._answer["planes"][name])
        kinds = np.array(self._answer[self.colour.currentText()])
        self.scatter.clear()
        self.legend.clear()
        for n, axis in enumerate(("bottom", "left")):
            self.scatter.setLabel(axis, self._axis_label(name, n))
        for n, kind in enumerate(np.unique(kinds)):
            members = points[kinds == kind]
            brush = pyqtgraph.mkBrush(f"{SERIES[n % len(SERIES)]}b0")
            item = pyqtgraph.ScatterPlotItem(
                members[:, 0], members[:, 1], size=6, pen=None, brush=brush, name=escape(str(kind))
            )
            self.scatter.addItem(item)


def _show_bars(plot: pyqtgraph.PlotWidget, heights: Any, colour: str) -> None:
    plot.clear()
    plot.addItem(pyqtgraph.BarGraphItem(x=np.arange(len(heights)), height=heights, width=0.8, brush=colour, pen=None))
    plot.setXRange(-0.5, len(heights) - 0.5, padding=0.02)
    plot.setYRange(0.0, max(float(heights.max()), 1e-6) * 1.05, padding=0.0)
