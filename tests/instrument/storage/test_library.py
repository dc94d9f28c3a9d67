import os
import shutil
import subprocess

import pytest

from aitunes.errors import ReleaseError
from aitunes.release import summaries
from aitunes.release.reader import CARD, read_landmarks
from instrument.storage.library import DEFAULT_RELEASE, Library
from instrument.storage.paths import bundled_releases

pytestmark = pytest.mark.training


def test_the_bundled_release_is_there_and_whole():
    release = Library([bundled_releases()]).open(DEFAULT_RELEASE)
    assert release.card.is_frame_model
    assert len(read_landmarks(release.folder, release.card).codes) > 0


def test_the_first_folder_wins(tiny, tmp_path):
    for folder, bias in (("mine", 0.2), ("theirs", 0.6)):
        tiny.write(tmp_path / folder, bias=bias)
    assert Library([tmp_path / "mine", tmp_path / "theirs"]).open("tiny").folder == tmp_path / "mine" / "tiny"


def test_an_unknown_name_is_told_the_known_ones(tiny, tmp_path):
    tiny.write(tmp_path)
    with pytest.raises(ReleaseError, match="There is no release named 'huge'; there are: tiny"):
        Library([tmp_path]).open("huge")


@pytest.mark.parametrize("name", ["..", ".", "", "../secret", "/etc", "a/../tiny", "x" * 5000, "tiny/", "a\0b"])
def test_a_name_never_leads_out_of_the_folders(tiny, tmp_path, name):
    tiny.write(tmp_path / "releases")
    secret = tiny.write(tmp_path, "secret")
    shutil.copy(secret / "card.json", tmp_path / "card.json")
    shutil.copy(secret / "card.json", tmp_path / "releases" / "card.json")
    with pytest.raises(ReleaseError, match="There is no release named"):
        Library([tmp_path / "releases"]).open(name)


def test_a_folder_with_another_releases_name_is_complained_of(tiny, tmp_path):
    tiny.write(tmp_path).rename(tmp_path / "renamed")
    library = Library([tmp_path])
    cards, complaints = library.cards()
    assert cards == {}
    assert "holds the release tiny" in complaints[0]
    with pytest.raises(ReleaseError, match="holds the release tiny"):
        library.open("renamed")


def test_unfinished_releases_are_not_listed(tiny, tmp_path):
    tiny.write(tmp_path).rename(tmp_path / ".tiny-x1")
    assert Library([tmp_path, tmp_path / "missing"]).cards() == ({}, [])


def test_a_card_is_parsed_again_only_when_its_file_has_changed(tiny, tmp_path):
    library = Library([tmp_path])
    path = tiny.write(tmp_path) / CARD
    first = library.cards()[0]["tiny"]
    assert library.cards()[0]["tiny"] is first
    path.write_text(path.read_text().replace("Made by a test.", "Changed by a test."))
    assert library.cards()[0]["tiny"].description == "Changed by a test."
    path.write_text("{}")
    assert library.cards()[0] == {}
    path.unlink()
    assert library.cards() == ({}, [])


def test_a_folder_that_may_not_be_read_is_complained_of_and_hides_no_other(tiny, tmp_path, monkeypatch):
    tiny.write(tmp_path / "open")
    glob = type(tmp_path).glob

    def forbid(folder, pattern):
        if folder.name == "closed":
            raise PermissionError(13, "Permission denied", str(folder))
        return glob(folder, pattern)

    monkeypatch.setattr("pathlib.Path.glob", forbid)
    library = Library([tmp_path / "closed", tmp_path / "open"])
    cards, complaints = library.cards()
    assert list(cards) == ["tiny"]
    assert complaints == [f"The folder of releases {tmp_path / 'closed'} cannot be read: Permission denied."]
    assert library.open("tiny").card.name == "tiny"


@pytest.mark.parametrize("summarise", [summaries.summarise, summaries.summarise_apart])
def test_the_list_shows_those_whose_cards_can_be_read(tiny, tmp_path, summarise):
    tiny.write(tmp_path, "good")
    tiny.write(tmp_path, "bad")
    tiny.write(tmp_path, "other")
    (tmp_path / "bad" / CARD).write_text('{"latent_dim": ' + "9" * 400 + "}")
    (tmp_path / "other").rename(tmp_path / "renamed")
    (tmp_path / "pipe").mkdir()
    os.mkfifo(tmp_path / "pipe" / CARD)
    library = Library([tmp_path], summarise=summarise)
    assert library.summaries() == {"good": summaries.ReleaseSummary("good", "Good", "Made by a test.", 3)}


def test_a_card_is_read_for_the_list_once_and_again_when_it_has_changed(tiny, tmp_path):
    folder = tiny.write(tmp_path)
    asked = []

    def counted(folders):
        asked.append(list(folders))
        return summaries.summarise(folders)

    library = Library([tmp_path], summarise=counted)
    for _ in range(3):
        assert list(library.summaries()) == ["tiny"]
    assert asked == [[folder], [], []]
    text = (folder / CARD).read_text()
    (folder / CARD).write_text(text.replace("Made by a test.", "Changed by a test."))
    assert library.summaries()["tiny"].description == "Changed by a test."


def test_one_card_is_read_without_a_look_at_the_others(tiny, tmp_path):
    tiny.write(tmp_path, "good")
    (tmp_path / "pipe").mkdir()
    os.mkfifo(tmp_path / "pipe" / CARD)
    assert Library([tmp_path]).card("good").name == "good"


def test_a_reader_that_was_killed_is_asked_again_and_one_card_hides_no_others(tiny, tmp_path, monkeypatch):
    for name in ("bad", "good"):
        tiny.write(tmp_path, name)
    reads, run = [], subprocess.run

    def killed(command, **options):
        reads.append(options["input"])
        if b"bad" in options["input"] and len(reads) < 4:
            raise subprocess.CalledProcessError(-9, command)
        return run(command, **options)

    monkeypatch.setattr("subprocess.run", killed)
    library = Library([tmp_path], summarise=summaries.summarise_apart)
    assert list(library.summaries()) == ["good"]
    assert sorted(library.summaries()) == ["good"] or len(reads) > 3
    assert sorted(library.summaries()) == ["bad", "good"]
