import os

import numpy as np
import pytest

soundfile = pytest.importorskip("soundfile")
pytest.importorskip("rich", reason="pip install aitunes[training]")

from training.learn.listing import SoundFile  # noqa: E402
from training.learn.sounds import UnreadableSoundError, read_header, read_stretches, stretch_starts  # noqa: E402

pytestmark = pytest.mark.training


def _of(path):
    return SoundFile(path, path.name, path.stat().st_size)


def _read(path, seconds=100.0, rate=22_050, stretch=30.0):
    file = _of(path)
    starts = stretch_starts(read_header(file).seconds, seconds, stretch)
    return list(read_stretches(file, starts, rate, stretch))


def test_stretches_of_a_short_file_are_the_file(sounds, rng):
    y = 0.3 * rng.standard_normal(50_000).clip(-3, 3).astype(np.float32)
    y -= y.mean()
    parts = _read(sounds.write("a.wav", y, subtype="FLOAT"), stretch=1.0)
    whole = np.concatenate([part.y + np.float32(part.dc) for part in parts])
    assert np.allclose(whole, y, atol=1e-6)


def test_a_long_file_is_read_in_stretches_from_its_start_to_its_end(sounds):
    path = sounds.write("long.wav", np.zeros(60 * 22_050))
    parts = _read(path, seconds=10.0, stretch=2.0)
    assert [round(part.start_seconds, 3) for part in parts] == [0.0, 14.5, 29.0, 43.5, 58.0]
    assert sum(part.y.size for part in parts) == 10 * 22_050


@pytest.mark.parametrize(
    ("length", "seconds", "stretch"), [(10_800.0, 1_800.0, 30.0), (31.0, 30.0, 30.0), (5.0, 1.0, 2.0)]
)
def test_stretches_stay_inside_the_file(length, seconds, stretch):
    starts = stretch_starts(length, seconds, stretch)
    assert starts[0] >= 0.0
    assert starts[-1] + stretch <= length + 1e-9
    assert len(starts) * stretch <= max(seconds, stretch)


def test_a_constant_offset_is_taken_away_and_told(sounds, rng):
    (part,) = _read(sounds.write("dc.wav", 0.4 + 0.1 * rng.standard_normal(22_050)))
    assert part.dc == pytest.approx(0.4, abs=0.01)
    assert abs(part.y.mean()) < 1e-4


def test_channels_that_cancel_each_other_leave_the_louder_one(sounds):
    tone = 0.5 * np.sin(np.arange(22_050) * 0.05)
    (part,) = _read(sounds.write("phase.wav", np.stack([tone, -0.9 * tone], axis=1)))
    assert part.is_opposite
    assert np.abs(part.y).max() == pytest.approx(0.5, abs=0.01)


@pytest.mark.parametrize("channels", [2, 6])
def test_independent_channels_are_mixed(sounds, rng, channels):
    (part,) = _read(sounds.write("wide.wav", 0.1 * rng.standard_normal((22_050, channels))))
    assert not part.is_opposite


def test_clipping_is_measured(sounds):
    tone = 3.0 * np.sin(np.arange(22_050) * 0.01)
    (part,) = _read(sounds.write("loud.wav", np.clip(tone, -1.0, 1.0)))
    assert part.clipped == pytest.approx(np.mean(np.abs(tone) >= 1.0), abs=0.01)
    (part,) = _read(sounds.write("fine.wav", 0.3 * tone))
    assert part.clipped == 0.0


def test_the_same_sound_has_one_digest_in_any_lossless_container(sounds, rng):
    y = (3_000 * rng.standard_normal(10_000)).astype(np.int16)
    digests = {
        _read(sounds.write(name, y, subtype="PCM_16"))[0].digest for name in ("a.wav", "a.flac", "a.aiff", "b.wav")
    }
    assert len(digests) == 1


@pytest.mark.parametrize(
    "contents", [b"", b"RIFF", b"no sound at all" * 100, b"ID3\x04\x00\x00\x00\x00\x0f\x76" + bytes(500)]
)
def test_what_is_no_sound_is_a_reason(tmp_path, contents):
    path = tmp_path / "a.wav"
    path.write_bytes(contents)
    with pytest.raises(UnreadableSoundError):
        _read(path)


@pytest.mark.parametrize("value", [np.nan, -np.inf, 3e38, -1e11])
def test_numbers_that_are_none_or_far_too_large_are_a_reason(sounds, value):
    y = np.zeros(1_000)
    y[500] = value
    with pytest.raises(UnreadableSoundError, match="no numbers"):
        _read(sounds.write("nan.wav", y, subtype="FLOAT"))


@pytest.mark.filterwarnings("error")
def test_whole_numbers_as_floats_are_read(sounds):
    (stretch,) = _read(sounds.write("large.wav", 2.0**31 * np.cos(np.arange(4_000)), subtype="FLOAT"))
    assert np.isfinite(stretch.y).all()
    assert np.abs(stretch.y).max() > 1e9


def test_a_cut_file_gives_what_is_there(sounds):
    path = sounds.noise("cut.wav", seconds=4.0)
    path.write_bytes(path.read_bytes()[:44_100])  # a quarter
    parts = _read(path)
    assert 20_000 < sum(part.y.size for part in parts) <= 22_050


def test_a_macs_side_file_does_not_hide_the_file(sounds):
    path = sounds.noise("a.aiff")
    path.with_name("._a.aiff").write_bytes(b"\x00\x05\x16\x07" + bytes(4_000))
    assert sum(part.y.size for part in _read(path)) == 22_050


def test_a_header_without_a_length_is_read_to_the_end(sounds):
    file = _of(sounds.noise("pipe.wav", seconds=2.5))
    parts = list(read_stretches(file, stretch_starts(np.inf, 60.0, 1.0), 22_050, 1.0))
    assert sum(part.y.size for part in parts) == round(2.5 * 22_050)


@pytest.fixture
def through_ffmpeg(tmp_path, monkeypatch):
    """`through_ffmpeg(script)`: the seconds that are read of a file where ffmpeg does that."""
    if os.name == "nt":
        pytest.skip("needs a shell")
    (tmp_path / "bin").mkdir()
    program = tmp_path / "bin" / "ffmpeg"
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
    (tmp_path / "a.m4a").write_bytes(b"AAC")

    def read(script):
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)
        file = _of(tmp_path / "a.m4a")
        return sum(part.y.size / 22_050 for part in read_stretches(file, [0.0, 1.0], 22_050, 1.0, patience_seconds=2.0))

    return read


SECOND = "head -c 352800 /dev/zero"


def test_complaints_without_end_hold_nothing_up(through_ffmpeg):
    assert through_ffmpeg(f"yes 'a damaged frame' | head -c 1000000 >&2; {SECOND}") == 1.0
    assert through_ffmpeg(f"head -c 1000000 /dev/zero >&2; {SECOND}") == 1.0


def test_a_program_that_hangs_is_ended_and_what_it_gave_is_kept(through_ffmpeg):
    assert through_ffmpeg(f"{SECOND}; exec sleep 600") == 1.0
    with pytest.raises(UnreadableSoundError, match="finds no sound"):
        through_ffmpeg("exec sleep 600")


def test_what_it_complains_of_reaches_no_terminal_as_it_is(through_ffmpeg):
    with pytest.raises(UnreadableSoundError, match=r"^\\x1b\[2J evil$"):
        through_ffmpeg("printf '\\033[2J evil\\n' >&2; exit 1")
