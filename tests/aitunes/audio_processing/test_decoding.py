"""Sound files as people have them: headers that lie, files that end early, a Mac's side files."""

import numpy as np
import pytest

soundfile = pytest.importorskip("soundfile")

from aitunes.audio_processing.decoding import SoundStream  # noqa: E402
from aitunes.audio_processing.files import AudioFileError, AudioFileWarning, read_audio  # noqa: E402

RATE = 44_100
SECONDS = 6


@pytest.fixture
def loud_then_quiet(rng):
    """Noise, then silence: a variable bit rate begins high, and a guess from its first frames is far too short."""
    return np.concatenate([0.5 * rng.standard_normal(RATE), np.zeros((SECONDS - 1) * RATE)]).astype(np.float32)


def without_first_frame(path, tag_bytes=0):
    """An MP3 without the frame in which an encoder says how long it is, behind a tag of so many bytes."""
    data = path.read_bytes()
    kbits = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)[data[2] >> 4]
    length = 144_000 * kbits // RATE + (data[2] >> 1 & 1)
    size = bytes((tag_bytes >> shift) & 127 for shift in (21, 14, 7, 0))
    tag = b"ID3\x04\x00\x00" + size + bytes(tag_bytes) if tag_bytes else b""
    path.write_bytes(tag + data[length:])


@pytest.mark.parametrize("mode", ["CONSTANT", "VARIABLE"])
@pytest.mark.parametrize("tag_bytes", [0, 300_000])
@pytest.mark.filterwarnings("error")
def test_an_mp3_without_a_length_is_read_to_its_end(tmp_path, loud_then_quiet, mode, tag_bytes):
    path = tmp_path / "a.mp3"
    soundfile.write(path, loud_then_quiet, RATE, format="MP3", bitrate_mode=mode, compression_level=0.4)
    without_first_frame(path, tag_bytes)
    assert len(read_audio(path)[0]) == pytest.approx(SECONDS * RATE, abs=3_000)


@pytest.mark.filterwarnings("error")
def test_compressed_telephone_sound_is_read(tmp_path, rng):
    soundfile.write(tmp_path / "a.wav", 0.1 * rng.standard_normal(16_000), 8_000, subtype="GSM610")
    assert len(read_audio(tmp_path / "a.wav")[0]) == 16_000


@pytest.mark.filterwarnings("error")
def test_a_flac_of_unknown_length_is_read_to_its_end(tmp_path, rng):
    soundfile.write(tmp_path / "a.flac", 0.1 * rng.standard_normal(RATE), RATE)
    data = bytearray((tmp_path / "a.flac").read_bytes())
    field = int.from_bytes(data[18:26], "big") & ~((1 << 36) - 1)  # the samples in all, of STREAMINFO
    data[18:26] = field.to_bytes(8, "big")
    (tmp_path / "a.flac").write_bytes(data)
    assert len(read_audio(tmp_path / "a.flac")[0]) == RATE


@pytest.mark.parametrize("ending", ["wav", "flac", "mp3", "aiff", "w64", "rf64"])
def test_of_a_file_cut_short_the_beginning_is_read_and_its_length_said(tmp_path, rng, ending):
    path = tmp_path / f"a.{ending}"
    soundfile.write(path, 0.1 * rng.standard_normal(2 * RATE), RATE)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.warns(
        AudioFileWarning, match=rf"a\.{ending} is cut short or damaged: [01]\.\d\d of 2\.0\d s"
    ) as caught:
        y, _ = read_audio(path)
    assert 0.7 * RATE < len(y) < 1.1 * RATE
    assert len(caught) == 1


@pytest.mark.parametrize("subtype", ["PCM_16", "PCM_24", "FLOAT"])
def test_of_a_recording_that_was_never_finished_all_is_read(tmp_path, rng, subtype):
    path = tmp_path / "a.wav"
    y = 0.1 * rng.standard_normal(RATE)
    soundfile.write(path, y, RATE, subtype=subtype)
    data = bytearray(path.read_bytes())
    place = data.index(b"data") + 4
    data[place : place + 4] = bytes(4)
    path.write_bytes(data)
    read, _ = read_audio(path)
    assert np.abs(read - y).max() < 1e-4


def test_a_sound_without_samples_has_none_though_words_follow(tmp_path):
    path = tmp_path / "a.wav"
    soundfile.write(path, np.zeros(0), RATE)
    for words in (b"", b"LIST\x08\0\0\0INFOICMT"):
        path.write_bytes(path.read_bytes() + words)
        with pytest.raises(AudioFileError, match="holds no samples"):
            read_audio(path)


@pytest.mark.filterwarnings("error")
def test_a_macs_side_file_hides_no_sound(tmp_path, rng):
    for name in ("a.mp3", "a.wav"):
        soundfile.write(tmp_path / name, 0.1 * rng.standard_normal(RATE), RATE)
        (tmp_path / f"._{name}").write_bytes(b"\x00\x05\x16\x07\x00\x02\x00\x00Mac OS X        " + bytes(60))
        assert len(read_audio(tmp_path / name)[0]) == RATE


def test_channels_of_opposite_phase_are_heard(tmp_path, rng):
    y = 0.1 * rng.standard_normal(RATE)
    soundfile.write(tmp_path / "a.wav", np.stack([y, -y], axis=1), RATE, subtype="FLOAT")
    with pytest.warns(AudioFileWarning, match="opposite phase"):
        mono, _ = read_audio(tmp_path / "a.wav")
    assert np.allclose(mono, y, atol=1e-6)


def test_blocks_do_not_change_the_samples(tmp_path, rng):
    soundfile.write(tmp_path / "a.wav", 0.1 * rng.standard_normal((RATE, 2)), RATE)
    whole, _ = read_audio(tmp_path / "a.wav", mono=False)
    for frames in (100, 4_096, 5_000, 10**6):
        with SoundStream(tmp_path / "a.wav") as sound:
            assert np.array_equal(np.concatenate(list(sound.blocks(frames))).T, whole)


def test_what_is_no_sound_is_refused(tmp_path, rng):
    (tmp_path / "a.wav").write_bytes(rng.bytes(5_000))
    with pytest.raises(AudioFileError, match="damaged or no sound file"):
        SoundStream(tmp_path / "a.wav")
    with pytest.raises(AudioFileError, match="cannot be read"):
        SoundStream(tmp_path / "missing.wav")
