"""Without a display there is a sentence, and no abort."""

import os
import subprocess
import sys

import pytest

from tests.instrument.conftest import ROOT

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere there is always a display")
NAMES = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")


@pytest.mark.parametrize(
    ("variables", "reason"),
    [
        ({}, "there is no display (neither DISPLAY nor WAYLAND_DISPLAY is set)"),
        ({"DISPLAY": ":9876"}, "the display cannot be used (DISPLAY=:9876: could not connect to display :9876)"),
        ({"WAYLAND_DISPLAY": "none-such"}, "the display cannot be used (WAYLAND_DISPLAY=none-such: "),
        ({"QT_QPA_PLATFORM": "none-such"}, "the display cannot be used (QT_QPA_PLATFORM=none-such: "),
    ],
)
def test_a_pad_without_a_display_says_so(tmp_path, variables, reason):
    environment = {name: value for name, value in os.environ.items() if name not in NAMES}
    environment |= {"AITUNES_HOME": str(tmp_path), "XDG_RUNTIME_DIR": str(tmp_path), **variables}
    command = [sys.executable, "-m", "instrument", "pad", "--connect", "127.0.0.1:9"]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=280)
    assert done.returncode == 1
    assert done.stderr.startswith(f"aitunes: The pad cannot open a window: {reason}")
    assert done.stderr.count("\n") == 1
