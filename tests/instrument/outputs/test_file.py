"""A file that cannot be written is told before a sample is made, in one sentence."""

import pytest

from instrument.outputs import OutputError
from instrument.outputs.file import FileOutput


@pytest.fixture
def refused(tmp_path):
    def refused(name):
        with pytest.raises(OutputError) as caught:
            FileOutput(tmp_path / name, 44_100)
        sentence = str(caught.value)
        assert sentence.startswith(f"{tmp_path / name} cannot be written: ")
        assert sentence.endswith(".")
        assert not sentence.endswith("..")
        return sentence

    return refused


def test_a_missing_folder_is_named(refused, tmp_path):
    assert f"there is no folder {tmp_path / 'missing'}" in refused("missing/out.wav")
    assert list(tmp_path.iterdir()) == []


def test_a_file_in_the_folders_place_is_named(refused, tmp_path):
    (tmp_path / "file").write_text("")
    assert f"there is no folder {tmp_path / 'file'}" in refused("file/out.wav")


def test_a_folder_in_the_files_place_is_told(refused, tmp_path):
    (tmp_path / "out.wav").mkdir()
    assert "it is a folder" in refused("out.wav")
    assert [path.name for path in tmp_path.iterdir()] == ["out.wav"]


def test_a_folder_that_may_not_be_written_is_told(refused, tmp_path, monkeypatch):
    def forbid(*arguments, **options):
        raise PermissionError(13, "Permission denied", str(tmp_path))

    monkeypatch.setattr("pathlib.Path.touch", forbid)
    assert "Permission denied" in refused("out.wav")


def test_a_name_too_long_is_told(refused):
    assert "too long" in refused("x" * 300 + ".wav")


def test_libsndfiles_own_words_are_kept(tmp_path):
    with pytest.raises(OutputError, match=r"out\.wav cannot be written: [^.]*[^.]\.$"):
        FileOutput(tmp_path / "out.wav", -1)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_needs_no_ending_to_be_told(tmp_path):
    with pytest.raises(OutputError, match="it is a folder; give the name of a file"):
        FileOutput(tmp_path, 44_100)


def test_a_name_that_is_no_text_is_told(tmp_path):
    with pytest.raises(OutputError, match=r"bad\\udcff\.wav' cannot be written: its name is no text\.$"):
        FileOutput(tmp_path / "bad\udcff.wav", 44_100)
    assert list(tmp_path.iterdir()) == []


def test_ctrl_c_while_it_is_opened_leaves_nothing(tmp_path, monkeypatch):
    def interrupt(*arguments, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr("soundfile.SoundFile", interrupt)
    with pytest.raises(KeyboardInterrupt):
        FileOutput(tmp_path / "out.wav", 44_100)
    assert list(tmp_path.iterdir()) == []
