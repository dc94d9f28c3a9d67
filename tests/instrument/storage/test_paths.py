import pytest
from hypothesis import given
from hypothesis import strategies as st

from instrument.storage import paths


def test_one_variable_moves_everything(monkeypatch, tmp_path):
    monkeypatch.setenv(paths.HOME_VARIABLE, str(tmp_path))
    for place in (paths.user_releases(), paths.recordings(), paths.snapshots()):
        assert place.is_relative_to(tmp_path)


def test_without_it_there_is_a_place_of_the_users_own(monkeypatch):
    monkeypatch.delenv(paths.HOME_VARIABLE, raising=False)
    assert paths.home().is_absolute()
    assert "aitunes" in paths.home().parts


@given(st.text(max_size=130))
def test_a_plain_name_stays_in_its_folder(name):
    try:
        assert paths.plain_name(name) == name
    except paths.PathError:
        return
    folder = paths.bundled_releases()
    assert (folder / name).resolve().parent == folder.resolve()


@pytest.mark.parametrize("name", ["take.wav", "Take 2 (loud).flac", "für Elise.wav", "a" * 120])
def test_ordinary_names_are_plain(name):
    assert paths.plain_name(name) == name


@pytest.mark.parametrize("name", ["a" * 121, "é" * 101, "🎹" * 51])
def test_a_name_too_long_for_a_file_system_is_refused(name):
    with pytest.raises(paths.PathError, match="too long"):
        paths.plain_name(name)
    assert paths.plain_name(name[:50]) == name[:50]


@pytest.mark.parametrize(
    "name", ["nul", "NUL.wav", "Con", "com1.flac", "AUX.tar.wav", "lpt9", "prn. ", "nul ", "con .wav", "COM¹", "conin$"]
)
def test_a_device_of_any_system_is_no_name(name):
    with pytest.raises(paths.PathError, match="a device's on Windows"):
        paths.plain_name(name)


@pytest.mark.parametrize("name", ["null.wav", "console", "com", "com10.wav", "lpt", "a nul.wav", "auxiliary"])
def test_names_that_only_begin_so_are_plain(name):
    assert paths.plain_name(name) == name
