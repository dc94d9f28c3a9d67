"""The window: all the widgets, where they stand, and what connects them."""

from __future__ import annotations

import time
from pathlib import Path

from PySide6.QtCore import QEvent, Qt, QTimer
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent, QKeyEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import (
    QAbstractButton,
    QFrame,
    QListWidget,
    QMainWindow,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)
from typing_extensions import override

from aitunes.errors import AiTunesError
from instrument.pad import release_map, theme
from instrument.pad.anchor_set import AnchorSet
from instrument.pad.encoding import Encoding
from instrument.pad.full_screen import FullScreen
from instrument.pad.link import Link
from instrument.pad.model import EngineModel
from instrument.pad.point import Point
from instrument.pad.preferences import Preferences
from instrument.pad.shortcuts import install_shortcuts
from instrument.pad.surface_menu import open_menu
from instrument.pad.widgets.anchor_panel import SOUND_ENDINGS, AnchorPanel
from instrument.pad.widgets.banner import Banner
from instrument.pad.widgets.coordinates import Coordinates
from instrument.pad.widgets.gesture_panel import GesturePanel
from instrument.pad.widgets.head import Head
from instrument.pad.widgets.help_sheet import HelpSheet
from instrument.pad.widgets.meter import Meter
from instrument.pad.widgets.note_strip import NoteStrip
from instrument.pad.widgets.record_button import RecordButton
from instrument.pad.widgets.release_picker import ReleasePicker
from instrument.pad.widgets.snapshot_bar import SnapshotBar
from instrument.pad.widgets.sound_panel import SoundPanel
from instrument.pad.widgets.spectrogram import Spectrogram
from instrument.pad.widgets.status_line import StatusLine
from instrument.pad.widgets.surface import Surface
from instrument.pad.widgets.transport import Transport
from instrument.storage.library import Library

FRAME_MS = 16
_STRIP_LETTERS = 8.0
_STAGE_STRIP_LETTERS = 4.5
_NOTES_LETTERS = 8.8
_SIDE_LETTERS = 24.0
_BANNER_LETTERS = 34


class Window(QMainWindow):
    """The pad's window.

    Args:
        model, point, anchors, encoding, link: what the widgets show and move.
        library: where maps are found.
        preferences: what is remembered.
        ends_engine: whether the engine ends with the window.
    """

    def __init__(
        self,
        model: EngineModel,
        point: Point,
        anchors: AnchorSet,
        encoding: Encoding,
        link: Link,
        library: Library,
        preferences: Preferences,
        ends_engine: bool = False,
    ) -> None:
        super().__init__()
        self._model, self._library, self._preferences = model, library, preferences
        self._encoding = encoding
        self._ends_engine = ends_engine
        self._pixels = 0
        self.setMinimumSize(900, 600)
        self.setAcceptDrops(True)
        self.point, self.anchors = point, anchors
        self._make_widgets()
        self._lay_out()
        self.picker = ReleasePicker(self, model, library)
        self.help = HelpSheet(self)
        self.banner = Banner(self)
        self.performance = FullScreen(self, (self.head, self.side), self._fit)
        self._connect(link)
        install_shortcuts(self)
        self._remember()
        self._frame = QTimer(self, interval=FRAME_MS, timerType=Qt.TimerType.PreciseTimer)
        self._frame.timeout.connect(self._tick)
        self._ticked = time.monotonic()
        self._frame.start()
        self._lose()

    # How it stands.

    def _make_widgets(self) -> None:
        model, point, anchors = self._model, self.point, self.anchors
        self.head = Head()
        self.surface = Surface(model, point, anchors)
        self.spectrogram, self.meter = Spectrogram(), Meter()
        self.transport = Transport(model)
        self.record = RecordButton(model)
        self.coordinates = Coordinates(model, point)
        self.anchor_panel = AnchorPanel(model, point, anchors, self._encoding)
        self.gestures = GesturePanel(model)
        self.notes = NoteStrip(model)
        self.snapshots = SnapshotBar(model)
        self.status_line = StatusLine(model)
        self.tabs = self._tabs()

    def _tabs(self) -> QTabWidget:
        tabs = QTabWidget()
        tabs.setAccessibleName("Controls")
        tabs.setDocumentMode(True)
        for page, name in (
            (self.coordinates, "Space"),
            (self.anchor_panel, "Anchors"),
            (self.gestures, "Gestures"),
            (SoundPanel(self._model, self.record), "Sound"),
        ):
            holder = QWidget()
            theme.column(holder, 0.0, 0.5).addWidget(page)
            tabs.addTab(holder, name)
        tabs.setCurrentIndex(self._preferences.tab)
        return tabs

    def _lay_out(self) -> None:
        ground = QWidget()
        ground.setObjectName("ground")
        whole = theme.column(ground, 0.5, 0.6)
        whole.addWidget(self.head)
        middle = theme.row(gap=0.6)
        middle.addLayout(self._stage(), 1)
        middle.addWidget(self.meter)
        self.side = self._side()
        middle.addWidget(self.side)
        whole.addLayout(middle, 1)
        whole.addWidget(self.notes)
        memory = theme.row(gap=0.35)
        memory.addWidget(self.snapshots, 1)
        memory.addWidget(self.record)
        whole.addLayout(memory)
        whole.addWidget(self.status_line)
        self.setCentralWidget(ground)
        for each in (*self.findChildren(QAbstractButton), *self.findChildren(QListWidget)):
            # A click leaves the keys with the pad; Tab still reaches everything.
            each.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.surface.setFocus()

    def _stage(self) -> QVBoxLayout:
        stage = theme.column(gap=0.5)
        stage.addWidget(self.surface, 1)
        self.strip = QFrame()
        self.strip.setObjectName("panel")
        layout = theme.row(self.strip, 0.5, 0.4)
        layout.addWidget(self.spectrogram, 1)
        stage.addWidget(self.strip)
        return stage

    def _side(self) -> QFrame:
        side = QFrame()
        side.setObjectName("panel")
        layout = theme.column(side, 0.5, 0.6)
        layout.addWidget(self.transport)
        layout.addWidget(self.tabs, 1)
        return side

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    @override
    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._place_banner()

    def _fit(self) -> None:
        self._scale()
        self._place_banner()

    def _scale(self) -> None:
        pixels = theme.font_pixels(self.width(), self.height(), self.isFullScreen())
        if pixels == self._pixels:
            return
        self._pixels = pixels
        theme.apply(self, pixels)
        self.head.fit()
        self.strip.setFixedHeight(round((_STAGE_STRIP_LETTERS if self.isFullScreen() else _STRIP_LETTERS) * pixels))
        self.notes.setFixedHeight(round(_NOTES_LETTERS * pixels))
        self.side.setFixedWidth(round(_SIDE_LETTERS * pixels))

    def _place_banner(self) -> None:
        if self.banner.isVisible():
            width = min(_BANNER_LETTERS * self._pixels, self.surface.width())
            height = max(self.banner.heightForWidth(width), self.banner.sizeHint().height())
            corner = self.surface.mapTo(self, self.surface.rect().center())
            self.banner.setGeometry(corner.x() - width // 2, corner.y() - height // 2, width, height)

    def leave(self) -> None:
        """Close what lies on top, a sheet or the performance, and give the keys back to the pad."""
        for sheet in (self.picker, self.help):
            if sheet.isVisible():
                sheet.hide()
                return
        if self.performance.active:
            self.performance.leave()
        self.surface.setFocus()

    def ask_to_close(self) -> None:
        """Close, but not by a slip of the hand on stage."""
        if self.performance.active:
            self._model.told.emit("Esc leaves the performance; then Ctrl+Q closes the window.")
        else:
            self.close()

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        # Whatever has the keys and has no use for this one itself.
        if event.key() == Qt.Key.Key_Space and not event.isAutoRepeat():
            self._model.play(not self._model.playing)
        else:
            super().keyPressEvent(event)

    # What connects it.

    def _connect(self, link: Link) -> None:
        model = self._model
        self.head.release.clicked.connect(self.picker.open)
        self.head.stage.clicked.connect(self.performance.toggle)
        self.head.help.clicked.connect(self.help.open)
        link.up.connect(self._find)
        link.down.connect(self._lose)
        model.metered.connect(self.meter.take)
        model.scoped.connect(self.spectrogram.add)
        model.release_changed.connect(self._show_release)
        self.snapshots.recalled.connect(self._let_go)
        # After the list itself, which would keep the keys when a name has been written.
        self.anchor_panel.list.itemDelegate().closeEditor.connect(lambda *_: self.surface.setFocus())
        self.surface.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.surface.customContextMenuRequested.connect(lambda place: open_menu(self, place))

    def _tick(self) -> None:
        now = time.monotonic()
        seconds, self._ticked = now - self._ticked, now
        self.surface.tick()
        self.spectrogram.tick(seconds)
        self.meter.tick(seconds)

    def _let_go(self) -> None:
        """A morph goes where it is told to: nothing else moves the sound meanwhile."""
        self.point.set_wandering(False)
        self.anchors.activate(False)

    def _find(self, fresh: bool) -> None:
        self.banner.hide()
        self._show_title()
        self.status_line.forget()
        self._model.resume(fresh)
        self.record.ask()

    def _lose(self) -> None:
        if self._model.card is None:
            self.banner.say("Looking for the engine …", "The pad is ready as soon as it plays.")
        else:
            self.banner.say("The engine has gone", "The pad waits for it, and keeps everything as it is.")
        self.setWindowTitle("No engine – AiTunes")
        self.record.set_lost()
        self.meter.forget()
        self.status_line.show_lost()
        self._place_banner()

    def _show_title(self) -> None:
        self.setWindowTitle(f"{self._model.card.public_name} – AiTunes" if self._model.card else "AiTunes")

    def _show_release(self) -> None:
        card = self._model.card
        if card is None:
            return
        self.head.show_release(card)
        self._show_title()
        self._preferences.release = card.name
        try:
            landmarks = release_map.find(self._library, card)
        except AiTunesError as error:
            self._model.told.emit(str(error))
            landmarks = release_map.blank(card)
        self.anchor_panel.folder = landmarks.folder
        self.surface.show_map(landmarks)

    @override
    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if _sounds(event):
            event.acceptProposedAction()

    @override
    def dropEvent(self, event: QDropEvent) -> None:
        place = self.surface.mapFrom(self, event.position().toPoint())
        x, y = self.surface.place_of(place)
        self.anchor_panel.add_files(_sounds(event), min(max(x, 0.0), 1.0), min(max(y, 0.0), 1.0))

    # From one evening to the next.

    def _remember(self) -> None:
        if not self.restoreGeometry(self._preferences.geometry):
            self.resize(1280, 800)
        self.snapshots.morph.show_value(self._preferences.morph_seconds)

    @override
    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.WindowStateChange:
            self._scale()
        super().changeEvent(event)

    @override
    def closeEvent(self, event: QCloseEvent) -> None:
        if not self.isFullScreen():
            self._preferences.geometry = self.saveGeometry()
        self._preferences.tab = self.tabs.currentIndex()
        self._preferences.morph_seconds = float(self.snapshots.morph.number)
        self._encoding.close()
        self._model.leave()
        if self._ends_engine:
            self._model.quit_engine()
        super().closeEvent(event)

    def let_engine_play(self) -> None:
        """From now on closing the window ends nothing else."""
        self._ends_engine = False


def _sounds(event: QDropEvent) -> list[Path]:
    paths = [Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()]
    return [path for path in paths if path.suffix.lower() in SOUND_ENDINGS]
