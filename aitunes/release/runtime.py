"""Loads ONNX Runtime without its telemetry."""

from __future__ import annotations

import importlib
import os
from typing import Any

TELEMETRY_OFF = {"ORT_DISABLE_TELEMETRY": "1"}
"""Environment in which ONNX Runtime writes no device id and sends nothing; it is read once, at the import."""


def disable_telemetry() -> None:
    """Keep ONNX Runtime from reporting to its maker, whoever imports it later in this process or in its children."""
    os.environ.update(TELEMETRY_OFF)


def load_runtime() -> Any:
    """Import ONNX Runtime, which has to happen here alone, and return the module."""
    disable_telemetry()
    return importlib.import_module("onnxruntime")
