"""Processes audio, live and offline. Importing this package loads nothing; its two offline names load when used."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from aitunes.audio_processing.preprocessing_collection import PreprocessingCollection
    from aitunes.audio_processing.processing_interface import AudioProcessingInterface

__all__ = ["AudioProcessingInterface", "PreprocessingCollection"]

_MODULES = {
    "AudioProcessingInterface": "processing_interface",
    "PreprocessingCollection": "preprocessing_collection",
}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
