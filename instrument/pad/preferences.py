"""Stores what the pad remembers from one start to the next."""

from __future__ import annotations

from PySide6.QtCore import QByteArray, QSettings

from instrument.storage import paths


class Preferences:
    """An INI file in AiTunes' data folder."""

    def __init__(self) -> None:
        self._settings = QSettings(str(paths.home() / "pad.ini"), QSettings.Format.IniFormat)

    @property
    def geometry(self) -> QByteArray:
        """Where the window stood; empty at first."""
        value = self._settings.value("window/geometry")
        return value if isinstance(value, QByteArray) else QByteArray()

    @geometry.setter
    def geometry(self, value: QByteArray) -> None:
        self._settings.setValue("window/geometry", value)

    @property
    def release(self) -> str:
        """The release that played last; empty at first."""
        return str(self._settings.value("release", ""))

    @release.setter
    def release(self, name: str) -> None:
        self._settings.setValue("release", name)

    @property
    def tab(self) -> int:
        """The page of controls that was open."""
        return self._whole("window/tab")

    @tab.setter
    def tab(self, number: int) -> None:
        self._settings.setValue("window/tab", number)

    @property
    def morph_seconds(self) -> float:
        """The time a morph takes."""
        try:
            return float(str(self._settings.value("morph_seconds", 1.0)))
        except ValueError:
            return 1.0

    @morph_seconds.setter
    def morph_seconds(self, seconds: float) -> None:
        self._settings.setValue("morph_seconds", seconds)

    def _whole(self, name: str) -> int:
        try:
            return int(str(self._settings.value(name, 0)))
        except ValueError:
            return 0
