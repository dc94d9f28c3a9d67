"""Lists the MIDI inputs and what controllers are mapped to; edits and forgets mappings."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableWidget, QTableWidgetItem, QWidget

from aitunes.printable import printable
from instrument.midi.mapping import Mapping, Mode
from instrument.midi.setup import Setup, write_mapping
from instrument.namespace import ROOT
from instrument.pad import theme
from instrument.pad.model import EngineModel
from instrument.pad.widgets.buttons import button
from instrument.pad.widgets.choice import Choice
from instrument.pad.widgets.label import label, literal_tip

_MODES = {
    Mode.ABSOLUTE: "Absolute",
    Mode.TWOS_COMPLEMENT: "Encoder, two's complement",
    Mode.OFFSET: "Encoder, around 64",
    Mode.SIGN_BIT: "Encoder, sign bit",
    Mode.TOGGLE: "Toggle",
    Mode.MOMENTARY: "While held",
}
_HINT = "Right-click a fader or a button to learn a controller for it."


class MidiPanel(QWidget):
    """Shows the page for MIDI.

    Args:
        model: sends what is changed.
    """

    def __init__(self, model: EngineModel) -> None:
        super().__init__()
        self._model = model
        self._setup = Setup()
        self.inputs = label(role="quiet", wraps=True)
        self.table = QTableWidget(0, 2)
        self.table.setAccessibleName("Mapped controllers")
        self.table.setHorizontalHeaderLabels(["Controller", "Moves"])
        self.table.verticalHeader().hide()
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.table.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        header = self.table.horizontalHeader()
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        header.setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
        self.table.itemSelectionChanged.connect(self._show_selected)
        self.mode = Choice("Meaning of the controller's values")
        for mode, title in _MODES.items():
            self.mode.addItem(title, mode.value)
        self.mode.activated.connect(self._choose_mode)
        self.takeover = button("Soft takeover", "Soft takeover", "Wait until the value is reached", toggles=True)
        self.takeover.clicked.connect(lambda on: self._change(takeover=bool(on)))
        self.forget = button("Forget", "Forget the selected mapping")
        self.forget.clicked.connect(self._forget)
        self.learning = label(role="quiet", wraps=True)
        self.cancel = button("Cancel", "Learn no controller")
        self.cancel.clicked.connect(lambda: model.send("/midi/learn", ""))
        self._lay_out()
        model.changed.connect(self._show)
        for name in ("/midi/inputs", "/midi/list", "/midi/learn"):
            self._show(name)

    def _lay_out(self) -> None:
        whole = theme.column(self, 0.45)
        whole.addWidget(label("Inputs", "heading"))
        whole.addWidget(self.inputs)
        whole.addWidget(self.table, 1)
        whole.addWidget(self.mode)
        line = theme.row(gap=0.35)
        line.addWidget(self.takeover)
        line.addWidget(self.forget)
        whole.addLayout(line)
        line = theme.row(gap=0.35)
        line.addWidget(self.learning, 1)
        line.addWidget(self.cancel)
        whole.addLayout(line)

    @property
    def selected(self) -> Mapping | None:
        """Return the mapping whose row is selected."""
        rows = {index.row() for index in self.table.selectedIndexes()}
        row = rows.pop() if rows else -1
        return self._setup.mappings[row] if 0 <= row < len(self._setup.mappings) else None

    def _show(self, name: str) -> None:
        if name == "/midi/inputs":
            names = map(printable, str(self._model.value(name)).splitlines())
            self.inputs.setText(", ".join(names) or "Nothing is plugged in.")
        elif name == "/midi/list":
            self._show_mappings()
        elif name == "/midi/learn":
            address = str(self._model.value(name))
            self.learning.setText(f"Move a controller for {address.removeprefix(ROOT)} …" if address else _HINT)
            self.cancel.setVisible(bool(address))

    def _show_mappings(self) -> None:
        before = self.selected
        self._setup = Setup(str(self._model.value("/midi/list")))
        mappings = self._setup.mappings
        self.table.setRowCount(len(mappings))
        for row, mapping in enumerate(mappings):
            moved = mapping.address.removeprefix(ROOT) + (f" ({mapping.argument})" if mapping.argument > 1 else "")
            for column, text in enumerate((mapping.source.title, moved)):
                item = QTableWidgetItem(text)
                item.setToolTip(literal_tip(mapping.source.device))
                self.table.setItem(row, column, item)
        keys = [mapping.key for mapping in mappings]
        if before is not None and before.key in keys:
            self.table.selectRow(keys.index(before.key))
        self._show_selected()

    def _show_selected(self) -> None:
        mapping = self.selected
        for control in (self.mode, self.takeover, self.forget):
            control.setEnabled(mapping is not None)
        if mapping is not None:
            self.mode.setCurrentIndex(self.mode.findData(mapping.mode.value))
            self.takeover.setChecked(mapping.takeover)

    def _choose_mode(self) -> None:
        self._change(mode=Mode(self.mode.currentData()))

    def _change(self, **fields: object) -> None:
        if self.selected is not None:
            self._model.send("/midi/map", write_mapping(replace(self.selected, **fields)))  # type: ignore[arg-type]

    def _forget(self) -> None:
        if self.selected is not None:
            self._model.send("/midi/forget", self.selected.address)
