"""The command in a card: what was chosen, and no path of the machine that it ran on."""

import shlex
from pathlib import Path

import pytest

from training.cli.command_record import recorded_command
from training.cli.parser import build, build_original


@pytest.mark.parametrize(
    ("typed", "recorded"),
    [
        ("train -E folder -S low-vq --data-dir /home/me/loops -e 5", "train -E folder -S low-vq --data-dir loops -e 5"),
        ("release chamber --to=/tmp/a/b --runs ../x/runs --data /srv/notes/",
         "release chamber --to=b --runs runs --data notes"),
        ("export -E folder -S low-vq -M /tmp/runs/last.ckpt --install --description 'a / b'",
         "export -E folder -S low-vq -M last.ckpt --install --description 'a / b'"),
        ("--headless -E MNIST -S ae -M ../old/last.ckpt", "--headless -E MNIST -S ae -M last.ckpt"),
    ],
)  # fmt: skip
def test_paths_are_reduced_to_their_last_part(typed, recorded):
    words = shlex.split(typed)
    parser = build_original() if words[0].startswith("-") else build()
    assert recorded_command(words, parser.parse_args(words)) == f"aitunes-train {recorded}"


def test_the_current_folder_is_named(tmp_path, monkeypatch):
    folder = tmp_path / "my-sounds"
    folder.mkdir()
    monkeypatch.chdir(folder)
    words = ["train", "-E", "folder", "-S", "low-vq", "--data-dir", "."]
    assert recorded_command(words, build().parse_args(words)).endswith("--data-dir my-sounds")


def test_what_is_no_text_is_spelled():
    words = ["learn", "/home/m\udcfcsik"]
    recorded = recorded_command(words, build().parse_args(words))
    assert recorded == r"aitunes-train learn 'm\xfcsik'"


def test_bundled_cards_name_no_path():
    releases = [path for path in Path("instrument/releases").iterdir() if path.is_dir()]
    assert len(releases) == 9
    for path in (file for release in releases for file in (*release.glob("card.json"), *release.glob("model.ts"))):
        assert b"/tmp" not in path.read_bytes()
