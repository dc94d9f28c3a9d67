"""Lays out the widgets of the main window and connects them to the session."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtCore import QByteArray, QEvent, Qt, QTimer
from PySide6.QtGui import (
    QCloseEvent,
    QContextMenuEvent,
    QDragEnterEvent,
    QDropEvent,
    QKeyEvent,
    QResizeEvent,
    QShowEvent,
)
from PySide6.QtWidgets import QAbstractButton, QListWidget, QMainWindow, QWidget
from typing_extensions import override

from aitunes.errors import AiTunesError
from aitunes.printable import printable
from instrument.pad import release_map, theme
from instrument.pad.actions import SurfaceMenu, bind_keys
from instrument.pad.full_screen import FullScreen
from instrument.pad.held_key import HeldKey
from instrument.pad.motion_trace import traces_or_none
from instrument.pad.preferences import PreferencesFile
from instrument.pad.release_install import release_source
from instrument.pad.session import PadSession
from instrument.pad.widgets.anchor_panel import SOUND_ENDINGS
from instrument.pad.widgets.banner import Banner
from instrument.pad.widgets.head import Head
from instrument.pad.widgets.help_sheet import HelpSheet
from instrument.pad.widgets.learnable import open_menu
from instrument.pad.widgets.meter import Meter
from instrument.pad.widgets.note_strip import NoteStrip
from instrument.pad.widgets.phone_sheet import PhoneSheet
from instrument.pad.widgets.play_area import PlayArea
from instrument.pad.widgets.record_button import RecordButton
from instrument.pad.widgets.release_picker import ReleasePicker
from instrument.pad.widgets.side_panel import SidePanel
from instrument.pad.widgets.snapshot_bar import SLOTS, SnapshotBar
from instrument.pad.widgets.status_line import StatusLine
from instrument.storage.library import Library

FRAME_MS = 16
_SIZE = (1280, 800)
_MIN_SIZE = (900, 600)


class Window(QMainWindow):
    """Shows the pad.

    Args:
        session: what the widgets show and move.
        library: where maps are found.
        preferences: where values are stored from one start to the next.
        ends_engine: closing the window ends the engine.
    """

    def __init__(
        self, session: PadSession, library: Library, preferences: PreferencesFile, ends_engine: bool = False
    ) -> None:
        super().__init__()
        session.setParent(self)
        self.session, self.ends_engine = session, ends_engine
        self._library, self._preferences_file = library, preferences
        self._preferences, damage = preferences.read()
        self.last_release = self._preferences.release
        self._pixels = 0
        model, clock = session.model, session.clock
        self.head = Head()
        self.record = RecordButton(model, clock)
        self.play_area = PlayArea(session)
        self.meter = Meter(clock)
        self.side = SidePanel(session, self.record, self._preferences.tab)
        self.notes = NoteStrip(model)
        self.snapshots = SnapshotBar(model)
        self.status_line = StatusLine(model, clock)
        self.setCentralWidget(self._ground())
        self.surface = self.play_area.surface
        self.menu = SurfaceMenu(self.surface, session.point, session.anchors, self.side.anchors.add_here, model)
        self.picker = ReleasePicker(self, model, library)
        self.help = HelpSheet(self)
        self.phone = PhoneSheet(self, session.phones)
        self.banner = Banner(self)
        self.full_screen = FullScreen(self, (self.head, self.side), self._fit)
        self._connect()
        bind_keys(self, self._actions())
        self.installEventFilter(HeldKey(Qt.Key.Key_Escape, model.panic, self))
        self._restore()
        self._ticked = clock()
        self._frame = QTimer(self, interval=FRAME_MS, timerType=Qt.TimerType.PreciseTimer)
        self._frame.timeout.connect(self._tick)
        self._frame.start()
        self._show_disconnected()
        if damage:
            session.model.message.emit(damage)

    # Layout.

    def _ground(self) -> QWidget:
        """Lay out all parts on the window's ground."""
        ground = QWidget()
        ground.setObjectName("ground")
        middle, bottom = theme.row(gap=0.6), theme.row(gap=0.35)
        middle.addWidget(self.play_area, 1)
        middle.addWidget(self.meter)
        middle.addWidget(self.side)
        bottom.addWidget(self.snapshots, 1)
        bottom.addWidget(self.record)
        column = theme.column(ground, 0.5, 0.6)
        column.addWidget(self.head)
        column.addLayout(middle, 1)
        column.addWidget(self.notes)
        column.addLayout(bottom)
        column.addWidget(self.status_line)
        for control in (*ground.findChildren(QAbstractButton), *ground.findChildren(QListWidget)):
            # A click leaves the keyboard focus with the surface; Tab still reaches every control.
            control.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        return ground

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
        """Fit letters, and all that is measured in them, to the window's size."""
        pixels = theme.font_pixels(self.width(), self.height(), self.isFullScreen())
        if pixels == self._pixels:
            return
        self._pixels = pixels
        theme.apply(self, pixels)
        self.head.fit()
        self.play_area.scale(pixels, self.isFullScreen())
        self.notes.scale(pixels)
        self.side.scale(pixels)

    def _place_banner(self) -> None:
        if self.banner.isVisible():
            self.banner.place_over(self.surface, self._pixels)

    # Keys.

    def _actions(self) -> dict[str, Callable[[], object]]:
        """Return the action of every key that works wherever the focus is."""
        point, anchors, side = self.session.point, self.session.anchors, self.side
        actions: dict[str, Callable[[], object]] = {
            "R": self.record.click,
            "F": side.transport.toggle_freeze,
            "W": point.toggle_wandering,
            "B": anchors.toggle,
            "C": point.randomize,
            "G": side.gestures.toggle_record,
            "K": self.notes.toggle_typing,
            "N": partial(self.session.model.send, "/set/next"),
            "Shift+N": partial(self.session.model.send, "/set/previous"),
            "L": self.picker.open,
            "P": self.phone.open,
            "H": self.help.open,
            "?": self.help.open,
            "F11": self.full_screen.toggle,
            "Ctrl+Z": anchors.restore,
            "Ctrl+Q": self.close_unless_full_screen,
            "Escape": self.leave,
        }
        for n in range(SLOTS):
            actions[f"{n + 1}"] = partial(self.snapshots.recall, n)
            actions[f"Ctrl+{n + 1}"] = partial(self.snapshots.save, n)
        return actions

    def leave(self) -> None:
        """Close the topmost sheet, or full screen, and return the keyboard focus to the surface."""
        for sheet in (self.picker, self.help, self.phone):
            if sheet.isVisible():
                sheet.hide()
                return
        if self.full_screen.active:
            self.full_screen.leave()
        self.surface.setFocus()

    def close_unless_full_screen(self) -> None:
        """Close the window; in full screen, where a slip would end a concert, show how to leave it first."""
        if self.full_screen.active:
            self.session.model.message.emit("Esc leaves full screen; then Ctrl+Q closes the window.")
        else:
            self.close()

    @override
    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        open_menu(self, event.pos(), self.session.model)

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        # Keys that the focused widget has no use for arrive here.
        if event.key() == Qt.Key.Key_Space and not event.isAutoRepeat():
            model = self.session.model
            model.play(not model.playing)
        else:
            super().keyPressEvent(event)

    # Connections.

    def _connect(self) -> None:
        model, link = self.session.model, self.session.link
        self.head.release.clicked.connect(self.picker.open)
        self.head.phone.clicked.connect(self.phone.open)
        self.head.full_screen.clicked.connect(self.full_screen.toggle)
        self.head.help.clicked.connect(self.help.open)
        link.up.connect(self._show_connected)
        link.down.connect(self._show_disconnected)
        model.metered.connect(self.meter.add)
        model.release_changed.connect(self._show_release)
        self.snapshots.recalled.connect(self._stop_moves)
        # After the list itself, which would keep the focus when a name has been edited.
        self.side.anchors.list.itemDelegate().closeEditor.connect(self._focus_surface)

    def _focus_surface(self, *_editor: object) -> None:
        self.surface.setFocus()

    def _tick(self) -> None:
        now = self.session.clock()
        seconds, self._ticked = now - self._ticked, now
        self.play_area.tick(seconds)
        self.meter.tick(seconds)

    def _stop_moves(self) -> None:
        """Stop wandering and blending, which would disturb a morph."""
        self.session.point.set_wandering(False)
        self.session.anchors.activate(False)

    def _show_connected(self, restarted: bool) -> None:
        self.banner.hide()
        self._show_title()
        self.status_line.clear_warnings()
        self.session.model.resume(restarted)
        self.record.request_state()

    def _show_disconnected(self) -> None:
        if self.session.model.card is None:
            self.banner.show_text("Looking for the engine …", "The pad connects as soon as it plays.")
        else:
            self.banner.show_text("The engine has gone", "The pad keeps everything as it is and reconnects.")
        self.setWindowTitle("No engine – AiTunes")
        self.record.set_disconnected()
        self.meter.clear()
        self.status_line.show_disconnected()
        self._place_banner()

    def _show_title(self) -> None:
        card = self.session.model.card
        self.setWindowTitle(f"{printable(card.public_name)} – AiTunes" if card else "AiTunes")

    def _show_release(self) -> None:
        card = self.session.model.card
        if card is None:
            return
        self.head.show_release(card)
        self._show_title()
        self._preferences.release = card.name
        self._write_preferences()
        try:
            landmarks = release_map.find(self._library, card)
        except AiTunesError as error:
            self.session.model.message.emit(str(error))
            landmarks = release_map.blank(card)
        self.side.anchors.folder = landmarks.folder
        self.surface.show_map(landmarks)
        self.side.motion.show_traces(traces_or_none(landmarks, card))

    @override
    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if _releases(event) or _sound_files(event) or _folder(event):
            event.acceptProposedAction()

    @override
    def dropEvent(self, event: QDropEvent) -> None:
        if releases := _releases(event):
            for source in releases:
                self.session.installing.install(source)
            return
        folder = _folder(event)
        if folder is not None:
            self.session.folders.learn(folder)
            return
        pixel = self.surface.mapFrom(self, event.position().toPoint())
        x, y = self.surface.pad_position_of(pixel)
        self.side.anchors.add_files(_sound_files(event), min(max(x, 0.0), 1.0), min(max(y, 0.0), 1.0))

    # State that is stored from one start to the next.

    def _restore(self) -> None:
        self.setMinimumSize(*_MIN_SIZE)
        self.setAcceptDrops(True)
        if not self.restoreGeometry(QByteArray(self._preferences.geometry_bytes)):
            self.resize(*_SIZE)
        self.snapshots.morph.show_value(self._preferences.morph_seconds)
        self.surface.setFocus()

    def _write_preferences(self) -> None:
        try:
            self._preferences_file.write(self._preferences)
        except AiTunesError as error:
            self.session.model.message.emit(str(error))

    @override
    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.WindowStateChange:
            self._scale()
        super().changeEvent(event)

    @override
    def closeEvent(self, event: QCloseEvent) -> None:
        if not self.isFullScreen():
            self._preferences.geometry_bytes = bytes(self.saveGeometry().data())
        self._preferences.tab = self.side.tabs.currentIndex()
        self._preferences.morph_seconds = float(self.snapshots.morph.number)
        self._write_preferences()
        self.session.close(quit_engine=self.ends_engine)
        super().closeEvent(event)


def _dropped(event: QDropEvent) -> list[Path]:
    return [Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()]


def _releases(event: QDropEvent) -> list[str]:
    sources = (release_source(url) for url in event.mimeData().urls())
    return [source for source in sources if source is not None]


def _sound_files(event: QDropEvent) -> list[Path]:
    return [path for path in _dropped(event) if path.suffix.lower() in SOUND_ENDINGS]


def _folder(event: QDropEvent) -> Path | None:
    return next((path for path in _dropped(event) if path.is_dir()), None)
