"""The offline twin: deterministic, exact in length, and nothing half-written is ever left."""

import hashlib
import json

import numpy as np
import pytest
import soundfile

from aitunes.errors import AiTunesError
from instrument.cli import main
from instrument.outputs.file import FileOutput
from instrument.scores.render import RenderOptions, render_score
from instrument.scores.score import ScoreError
from instrument.storage.library import Library
from instrument.synthesis.release_renderer import ReleaseRenderer

pytestmark = pytest.mark.training

SCORE = """\
0     /aitunes/smoothing 0.1
0     /aitunes/pad/xy 0.2 0.8
0.2   /aitunes/gain -6
0.25  /aitunes/release/load segment
0.4   /aitunes/quality 6 2
0.5   /aitunes/latent 1 -1
"""


@pytest.fixture
def render(releases, tmp_path):
    def run(text=SCORE, name="out.wav", release="tiny", **options):
        path = tmp_path / name
        options = RenderOptions(release=release, **{"seconds": 0.6, **options})
        seconds = render_score(text, path, Library([releases]), options)
        return path, seconds

    return run


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.parametrize(
    ("name", "depth", "subtype"),
    [
        ("a.wav", "16", "PCM_16"),
        ("a.wav", "24", "PCM_24"),
        ("a.wav", "float", "FLOAT"),
        ("a.flac", "16", "PCM_16"),
        ("a.FLAC", "24", "PCM_24"),
    ],
)
def test_the_same_score_gives_the_same_bytes(render, name, depth, subtype):
    first = digest(render(name=name, depth=depth)[0])
    path, _ = render(name=name, depth=depth)
    assert digest(path) == first
    assert b"PEAK" not in path.read_bytes()[:200]  # a chunk with the time of day, so no longer the same a second later
    assert soundfile.info(path).subtype == subtype
    assert np.abs(soundfile.read(path)[0]).max() > 1e-3


@pytest.mark.parametrize("sample_rate", [None, 48_000, 22_050, 88_200, 8_000])
def test_the_file_is_as_long_as_asked_at_any_rate(render, sample_rate):
    path, seconds = render(sample_rate=sample_rate)
    info = soundfile.info(path)
    assert info.samplerate == (sample_rate or 44_100)
    assert info.frames == round(seconds * info.samplerate)
    assert info.channels == 2


def test_a_score_ends_a_second_after_its_last_line(render):
    assert render("0.5 /aitunes/gain -3", seconds=None)[1] == 1.5
    assert render("", seconds=None)[1] == 1.0


def test_an_event_is_heard_at_its_time(render):
    silence = "0 /aitunes/stop\n0.3 /aitunes/play"
    y, rate = soundfile.read(render(silence, release="sine", depth="float", iterations=2)[0])
    y = y.mean(axis=1)
    begin = np.flatnonzero(np.abs(y) > 1e-4)
    # What faded out at the start is over, and the sound comes back within a window of its time.
    begin = begin[begin > 0.15 * rate][0] / rate
    assert begin == pytest.approx(0.3, abs=1024 / 44_100)


def test_each_setting_changes_the_sound(render):
    plain = digest(render("0 /aitunes/play")[0])
    for line in ("/aitunes/pad/x 0.9", "/aitunes/gain -3", "/aitunes/quality 9 0", "/aitunes/latent/2 2"):
        assert digest(render(f"0.1 {line}")[0]) != plain


def test_effort_from_the_options_is_the_scores_beginning(render):
    assert digest(render("0 /aitunes/quality 9 0")[0]) == digest(render("", iterations=9)[0])


def test_a_wrong_line_is_refused_before_anything_is_written(render, tmp_path):
    (tmp_path / "out.wav").write_text("an older take")
    for line in ("9 /aitunes/pad/axes 0 0", "9 /aitunes/nothing", "9 /aitunes/latent 1"):
        with pytest.raises(ScoreError, match="Line 2 of the score"):
            render(f"0 /aitunes/play\n{line}")
    assert [path.name for path in tmp_path.iterdir()] == ["out.wav"]
    assert (tmp_path / "out.wav").read_text() == "an older take"


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_a_render_that_fails_keeps_the_old_file_and_leaves_no_half_one(render, tmp_path, monkeypatch, error):
    (tmp_path / "out.wav").write_text("an older take")
    hops = iter(range(50))
    original = ReleaseRenderer.render

    def fail(renderer, *arguments):
        if next(hops, None) is None:
            raise error
        return original(renderer, *arguments)

    monkeypatch.setattr(ReleaseRenderer, "render", fail)
    with pytest.raises(type(error)):
        render()
    assert [path.name for path in tmp_path.iterdir()] == ["out.wav"]
    assert (tmp_path / "out.wav").read_text() == "an older take"


def test_a_disk_that_is_full_is_a_sentence(render, tmp_path, monkeypatch):
    def full(output, y):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("soundfile.SoundFile.write", full)
    with pytest.raises(AiTunesError, match=r"out\.wav cannot be written: .*No space left"):
        render()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "sentence"),
    [("out.mp3", r"must end in \.wav or \.flac"), ("out", "must end in"), ("no/such/out.wav", "cannot be written")],
)
def test_a_file_that_cannot_be_written_is_a_sentence(render, tmp_path, name, sentence):
    with pytest.raises(AiTunesError, match=sentence):
        render(name=name)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_in_the_files_place_is_a_sentence_and_stays(render, tmp_path):
    (tmp_path / "out.wav").mkdir()
    with pytest.raises(AiTunesError, match="cannot be written"):
        render()
    assert [path.name for path in tmp_path.iterdir()] == ["out.wav"]


def test_flac_has_no_float(render):
    with pytest.raises(AiTunesError, match="FLAC has no float"):
        render(name="out.flac", depth="float")


def test_an_unfinished_file_has_another_name_until_it_is_whole(tmp_path):
    output = FileOutput(tmp_path / "out.wav", 44_100)
    output.write(np.zeros((100, 2), np.float32))
    assert not (tmp_path / "out.wav").exists()
    output.close()
    assert [path.name for path in tmp_path.iterdir()] == ["out.wav"]


def test_the_command_renders_and_says_how_fast(releases, tmp_path, capsys):
    (tmp_path / "score.txt").write_text("0 /aitunes/pad/xy 0.1 0.9\n")
    out = tmp_path / "out.flac"
    words = [
        "render",
        tmp_path / "score.txt",
        "-o",
        out,
        "--release",
        "tiny",
        "--releases",
        releases,
        "--seconds",
        "0.3",
    ]
    assert main([str(word) for word in words]) == 0
    assert "× real time" in capsys.readouterr().out
    assert soundfile.info(out).duration == pytest.approx(0.3, abs=1e-4)


@pytest.mark.parametrize(
    ("text", "options", "status", "sentence"),
    [
        ("0 /aitunes/nothing\n", [], 1, "aitunes: Line 1 of the score"),
        ("", ["--release", "nowhere"], 1, "aitunes: There is no release named 'nowhere'; there are: "),
        ("", ["--release", "x" * 300], 1, "aitunes: There is no release named"),
        ("", ["--release", ".."], 1, "aitunes: There is no release named '..'"),
        ("", ["--depth", "12"], 2, "--depth"),
        ("", ["--sample-rate", "1"], 2, "1 is not from 8000 to 192000"),
        ("", ["--seconds", "-1"], 2, "-1 is not more than 0"),
        ("", ["--lookahead", "lots"], 2, "invalid whole number value: 'lots'"),
    ],
)
def test_refusals_are_sentences_with_their_exit_status(releases, tmp_path, capsys, text, options, status, sentence):
    (tmp_path / "score.txt").write_text(text)
    words = ["render", str(tmp_path / "score.txt"), "-o", str(tmp_path / "out.wav"), "--releases", str(releases)]
    try:
        result = main([*words, *options])
    except SystemExit as exit_:
        result = exit_.code
    assert result == status
    assert sentence in capsys.readouterr().err
    assert not (tmp_path / "out.wav").exists()


def test_a_score_that_cannot_be_read_is_a_sentence(tmp_path, capsys):
    (tmp_path / "binary.txt").write_bytes(b"\xff\xfe\x00")
    whys = {
        "missing.txt": "No such file or directory.",
        "binary.txt": "it is no text in UTF-8; save it as such.",
        ".": "a folder is where a file should be.",
    }
    for name, why in whys.items():
        assert main(["render", str(tmp_path / name), "-o", str(tmp_path / "out.wav")]) == 1
        assert capsys.readouterr().err == f"aitunes: The score {tmp_path / name} cannot be read: {why}\n"


def test_a_score_without_end_is_refused(tmp_path, capsys):
    assert main(["render", "/dev/zero", "-o", str(tmp_path / "out.wav")]) == 1
    assert "more than the 67,108,864 bytes" in capsys.readouterr().err


def test_a_midi_file_plays_what_the_release_can_play_and_says_what_is_left_out(releases, tmp_path, capsys):
    track = b"\0\x90\x3c\x64\0\xb0\x01\x40\x60\x80\x3c\0\0\xff\x2f\0"  # a note, for a release without notes
    header = b"MThd\0\0\0\6\0\0\0\1\0\x60MTrk"
    (tmp_path / "song.mid").write_bytes(header + len(track).to_bytes(4, "big") + track)
    words = ["render", tmp_path / "song.mid", "-o", tmp_path / "out.wav", "--releases", releases, "--release", "tiny"]
    assert main([*map(str, words), "--seconds", "0.2"]) == 0
    assert "song.mid: one of its messages is left out: this release has no pitch" in capsys.readouterr().err
    assert np.abs(soundfile.read(tmp_path / "out.wav")[0]).max() > 0.01  # a release without notes sounds by itself


def test_a_score_may_begin_with_the_mark_of_windows_editors(releases, tmp_path):
    (tmp_path / "score.txt").write_bytes("\ufeff0 /aitunes/play\r\n0.1 /aitunes/gain -6\r\n".encode())
    words = ["render", tmp_path / "score.txt", "-o", tmp_path / "out.wav", "--releases", releases, "--release", "tiny"]
    assert main([*map(str, words), "--seconds", "0.2"]) == 0


@pytest.mark.parametrize("place", ["out.wav", "missing/out.wav"])
def test_a_place_that_cannot_be_written_is_told_before_the_rendering(render, tmp_path, monkeypatch, place):
    def too_late(*arguments):
        raise AssertionError("it renders already")

    monkeypatch.setattr(ReleaseRenderer, "render", too_late)
    (tmp_path / "out.wav").mkdir()
    with pytest.raises(AiTunesError, match=r"cannot be written: .*[^.]\.$"):
        render(name=place)


def test_models_are_listed_for_people_and_for_scripts(releases, capsys):
    assert main(["releases", "--releases", str(releases)]) == 0
    assert "Tiny (3 coordinates, immediate)" in capsys.readouterr().out
    assert main(["releases", "--releases", str(releases), "--json"]) == 0
    rows = {row["name"]: row for row in json.loads(capsys.readouterr().out)}
    assert rows["segment"]["features"]["frames"] == 64
    assert "first-light" in rows


def test_a_broken_release_is_complained_of_and_hides_no_other(releases, tmp_path, capsys):
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "card.json").write_text("{}")
    assert main(["releases", "--releases", str(tmp_path)]) == 0
    captured = capsys.readouterr()
    assert "schema version None" in captured.err
    assert "first-light" in captured.out


@pytest.mark.parametrize("command", ["releases", "play", "render", "doctor"])
def test_a_folder_of_releases_that_is_none_is_told(tiny, tmp_path, capsys, monkeypatch, command):
    for module in ("play", "render", "doctor"):
        monkeypatch.setattr(f"instrument.cli.{module}.load_compiled_code", lambda: None)
    release = tiny.write(tmp_path / "my releases")
    (tmp_path / "score.txt").write_text("")
    words = {"render": [tmp_path / "score.txt", "-o", tmp_path / "out.wav"], "releases": []}.get(
        command, ["--output", "none"]
    )

    def refused(folder):
        assert main([command, *map(str, words), "--releases", str(folder)]) == 2
        return capsys.readouterr().err

    assert f"aitunes: --releases {tmp_path / 'missing'}: there is no such folder." in refused(tmp_path / "missing")
    assert f"--releases '{release.parent}' --release tiny" in refused(release)
