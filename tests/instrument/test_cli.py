"""The command with whatever words, homes and terminals a person may have."""

import importlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

from instrument.cli import main, parser
from instrument.cli.common import import_with_compiled_code

ROOT = Path(__file__).parents[2]


def aitunes(*words, stdout=subprocess.PIPE, **environment):
    return subprocess.run(
        [sys.executable, "-m", "instrument", *map(str, words)],
        cwd=ROOT,
        env={**os.environ, **environment},
        stdout=stdout,
        stderr=subprocess.PIPE,
        timeout=240,
        check=False,
    )


@pytest.mark.parametrize(
    "words", [["--release", "nowhere", "--output", "none"], ["--output=none", "--release=nowhere"]]
)
def test_options_alone_are_those_of_play(words, capsys, monkeypatch):
    monkeypatch.setattr("instrument.cli.play.load_compiled_code", lambda: None)
    assert main(words) == 1
    assert "There is no release named 'nowhere'" in capsys.readouterr().err


def test_help_and_version_are_those_of_the_whole(capsys):
    assert main(["--version"]) == 0
    assert capsys.readouterr().out.startswith("AiTunes ")
    with pytest.raises(SystemExit, match="0"):
        main(["--help"])
    assert "examples:" in capsys.readouterr().out


def test_a_doctor_with_too_little_time_is_told_at_once(capsys):
    with pytest.raises(SystemExit, match="2"):
        main(["doctor", "--seconds", "1"])
    assert "1 is not at least 3 and less than a day" in capsys.readouterr().err


@pytest.mark.parametrize("place", ["file", "file/deeper", "missing"])
def test_a_home_that_is_none_hides_no_bundled_release(tmp_path, place):
    (tmp_path / "file").write_text("not a folder")
    result = aitunes("releases", AITUNES_HOME=str(tmp_path / place))
    assert (result.returncode, result.stderr) == (0, b"")
    assert b"first-light" in result.stdout


@pytest.mark.training
def test_a_terminal_without_the_letters_is_no_error(tiny, tmp_path):
    tiny.write(tmp_path)
    card = tmp_path / "tiny" / "card.json"
    card.write_text(card.read_text().replace("Made by a test.", "Größe 日本"))
    result = aitunes("releases", "--releases", tmp_path, PYTHONIOENCODING="ascii")
    assert (result.returncode, result.stderr) == (0, b"")
    assert b"Gr??e ??" in result.stdout


def test_a_reader_that_has_seen_enough_is_no_error():
    reading, writing = os.pipe()
    os.close(reading)
    result = aitunes("releases", stdout=writing)
    os.close(writing)
    assert (result.returncode, result.stderr) == (1, b"")


def test_ctrl_c_after_the_end_says_nothing(tmp_path):
    (tmp_path / "sitecustomize.py").write_text(
        "import atexit, signal\natexit.register(signal.raise_signal, signal.SIGINT)\n"
    )
    result = aitunes("releases", PYTHONPATH=str(tmp_path))
    assert (result.returncode, result.stderr) == (0, b"")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full here")
def test_a_list_onto_a_full_disk_is_a_sentence():
    with open("/dev/full", "wb") as full:  # noqa: PTH123
        result = aitunes("releases", stdout=full)
    assert (result.returncode, result.stderr) == (1, b"aitunes: No space left on device.\n")


def test_compiled_code_finds_a_place_where_nothing_may_be_written(monkeypatch, tmp_path):
    from numba.core import config

    monkeypatch.setattr(config, "CACHE_DIR", config.CACHE_DIR)
    monkeypatch.setenv("NUMBA_CACHE_DIR", "")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    imported = []

    def refuse_once(name):
        imported.append(name)
        if len(imported) == 1:
            raise RuntimeError("cannot cache function 'advance': no locator available for file 'kernel.py'")
        return sys

    monkeypatch.setattr(importlib, "import_module", refuse_once)
    assert import_with_compiled_code("a.module") is sys
    assert imported == ["a.module", "a.module"]
    assert Path(config.CACHE_DIR).parent == tmp_path

    def fail(name):
        raise RuntimeError("something else")

    monkeypatch.setattr(importlib, "import_module", fail)
    with pytest.raises(RuntimeError, match="something else"):
        import_with_compiled_code("a.module")


@pytest.mark.parametrize("word", ["", "0", "3,3", "1,2,3", "a", "3,", "257", "-1,2", "9" * 400])
def test_outputs_that_no_device_has_are_refused(capsys, word):
    with pytest.raises(SystemExit):
        main(["play", "--output", "none", f"--channels={word}"])
    assert "--channels" in capsys.readouterr().err


def test_controllers_are_trusted_by_name_address_and_port():
    words = ["play", "--trust", "studio.local", "--trust", "10.0.0.2:9000", "--trust", "[fe80::1]:9", "--trust", "::1"]
    found = parser.build().parse_args(words).trust
    assert found == [("studio.local", 0), ("10.0.0.2", 9_000), ("fe80::1", 9), ("::1", 0)]


@pytest.mark.parametrize("word", ["", ":9000", "a:b", "a:0", "a:70000", "a b"])
def test_what_is_no_controller_is_refused(capsys, word):
    with pytest.raises(SystemExit):
        parser.build().parse_args(["play", "--trust", word])
    assert "--trust" in capsys.readouterr().err
