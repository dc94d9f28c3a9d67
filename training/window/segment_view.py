"""Shows and plays a segment: a spectrogram, an image, or a vector's bars."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyqtgraph
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from aitunes.features import FloatArray
from training.window.look import GAP, SERIES


class SegmentView(QWidget):
    """Shows one segment under its title.

    Args:
        title: what it is.

    Signals:
        play_requested: a sound file.
    """

    play_requested = Signal(Path)

    def __init__(self, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._sound: Path | None = None
        self._plot = pyqtgraph.PlotWidget()
        self._plot.setMenuEnabled(False)
        self._plot.hideButtons()
        self._plot.setMouseEnabled(False, False)
        self._plot.setMinimumHeight(70)
        self._axes("", "", square=True)
        self._plot.setAccessibleName(f"Picture of the {title.lower()}")
        self.play_button = QPushButton("▶ Play")
        self.play_button.setAccessibleName(f"Play the {title.lower()}")
        self._keep_room_for(self.play_button)
        self.play_button.setVisible(False)
        self.play_button.clicked.connect(self._play)
        head = QHBoxLayout()
        head.addWidget(QLabel(f"<b>{title}</b>"), 1)
        head.addWidget(self.play_button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GAP // 2)
        layout.addLayout(head)
        layout.addWidget(self._plot, 1)

    @staticmethod
    def _keep_room_for(button: QPushButton) -> None:
        # Pictures side by side stay at one height, whether there is something to hear yet or not.
        policy = button.sizePolicy()
        policy.setRetainSizeWhenHidden(True)
        button.setSizePolicy(policy)

    def show_exhibit(self, exhibit: dict[str, Any]) -> None:
        """Show what the worker has written: `values`, `sound`, `seconds`."""
        values = np.load(exhibit["values"], allow_pickle=False)
        self._sound = Path(exhibit["sound"]) if exhibit["sound"] else None
        self.play_button.setVisible(self._sound is not None)
        self._plot.clear()
        if values.ndim == 1:
            self._show_bars(values)
        elif self._sound is not None:
            self._show_spectrogram(values, float(exhibit["seconds"]))
        else:
            self._show_image(values)

    def clear(self) -> None:
        """Show nothing."""
        self._sound = None
        self.play_button.setVisible(False)
        self._plot.clear()
        self._axes("", "", square=True)

    def _play(self) -> None:
        if self._sound is not None:
            self.play_requested.emit(self._sound)

    def _show_bars(self, values: FloatArray) -> None:
        self._axes("value", "dimension", square=False)
        self._plot.addItem(
            pyqtgraph.BarGraphItem(x=np.arange(len(values)), height=values, width=0.8, brush=SERIES[0], pen=None)
        )
        self._plot.setXRange(-0.5, len(values) - 0.5)
        self._plot.setYRange(0.0, max(1.0, float(values.max())))

    def _show_spectrogram(self, S: FloatArray, seconds: float) -> None:
        self._axes("band", "seconds", square=False)
        picture = pyqtgraph.ImageItem(S, axisOrder="row-major", levels=(0.0, 1.0))
        picture.setColorMap(pyqtgraph.colormap.get("magma"))
        picture.setRect(0.0, 0.0, seconds, float(len(S)))
        self._plot.addItem(picture)
        self._plot.setRange(xRange=(0.0, seconds), yRange=(0.0, len(S)), padding=0.0)

    def _show_image(self, values: FloatArray) -> None:
        self._axes("", "", square=True)
        pixels = np.moveaxis(values, 0, -1).squeeze() if values.ndim == 3 else values
        picture = pyqtgraph.ImageItem(np.clip(pixels, 0.0, 1.0), axisOrder="row-major", levels=(0.0, 1.0))
        self._plot.addItem(picture)
        self._plot.setRange(xRange=(0.0, pixels.shape[1]), yRange=(0.0, pixels.shape[0]), padding=0.02)

    def _axes(self, vertical: str, horizontal: str, square: bool) -> None:
        item = self._plot.getPlotItem()
        item.setAspectLocked(square)
        item.invertY(square)
        for side, text in (("left", vertical), ("bottom", horizontal)):
            item.setLabel(side, text)
            item.showAxis(side, not square)
