"""The documentation site builds, without network, and no link in it is broken."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The folder of the built site."""
    pytest.importorskip("mkdocs", reason="mkdocs is not installed; pip install aitunes[dev]")
    folder = tmp_path_factory.mktemp("site")
    result = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(folder)],
        cwd=ROOT,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1", "no_proxy": "*"},
        capture_output=True,
        text=True,
        timeout=280,
    )
    assert result.returncode == 0, result.stderr
    return folder


def test_the_site_has_the_reference_of_python_and_of_osc(site):
    assert "AudioProcessingInterface" in (site / "api/audio_processing.html").read_text()
    assert "/aitunes/pad/xy" in (site / "osc.html").read_text()


def test_pages_of_the_site_load_nothing_from_elsewhere(site):
    loads = re.compile(r"""<(?:script|link|img|audio|iframe)[^>]*\b(?:src|href)="(https?:)?//""")
    pages = [*site.rglob("*.html")]
    assert len(pages) > 20
    assert [page.name for page in pages if loads.search(page.read_text())] == []
