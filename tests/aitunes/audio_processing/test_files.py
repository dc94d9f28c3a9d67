import numpy as np
import pytest
import soundfile

from aitunes.audio_processing.files import FORMATS, AudioFileError, AudioFileWarning, read_audio, write_audio

RATE = 48_000


def sine(hz, seconds, rate=RATE, amplitude=0.5):
    return (amplitude * np.sin(2 * np.pi * hz * np.arange(round(seconds * rate)) / rate)).astype(np.float32)


def frequency(y, rate):
    spectrum = np.abs(np.fft.rfft(y * np.hanning(y.size), 8 * y.size))
    return spectrum.argmax() * rate / (8 * y.size)


@pytest.mark.parametrize("ending", [".wav", ".flac", ".aiff"])
def test_lossless_formats_give_back_what_was_written(tmp_path, rng, ending):
    y = rng.uniform(-1, 1, 5_000).astype(np.float32)
    read, rate = read_audio(write_audio(tmp_path / f"noise{ending}", y, RATE))
    assert rate == RATE
    assert read.dtype == np.float32
    assert np.abs(read - y).max() <= 1.0 / 2**23


@pytest.mark.parametrize("ending", FORMATS)
def test_every_format_keeps_pitch_level_and_length(tmp_path, ending):
    y, rate = read_audio(write_audio(tmp_path / f"sine{ending}", sine(1000, 1.0), RATE))
    assert y.size / rate == pytest.approx(1.0, abs=0.06)
    assert frequency(y, rate) == pytest.approx(1000, abs=0.5)
    assert np.sqrt((y[RATE // 4 : RATE // 2] ** 2).mean()) == pytest.approx(0.5 / np.sqrt(2), rel=0.02)


@pytest.mark.parametrize("target", [8_000, 22_050, 44_100, 96_000])
def test_resampling_keeps_pitch_and_length(tmp_path, target):
    y, rate = read_audio(write_audio(tmp_path / "sine.wav", sine(440, 1.0), RATE), target)
    assert rate == target
    assert y.size == pytest.approx(target, abs=1)
    assert frequency(y, rate) == pytest.approx(440, abs=0.5)


def test_what_the_lower_rate_cannot_hold_is_gone_not_folded(tmp_path):
    y, _ = read_audio(write_audio(tmp_path / "high.wav", sine(9_000, 1.0), RATE), 8_000)
    assert np.abs(y[400:-400]).max() < 1e-3


def test_channels_are_mixed_to_their_mean_or_kept(tmp_path):
    left, right = sine(300, 0.1), sine(500, 0.1)
    path = write_audio(tmp_path / "stereo.wav", np.stack([left, right]), RATE)
    assert np.allclose(read_audio(path)[0], (left + right) / 2, atol=1e-6)
    assert np.allclose(read_audio(path, mono=False)[0], [left, right], atol=1e-6)
    assert read_audio(path, 24_000, mono=False)[0].shape == (2, 2_400)


def test_what_exceeds_full_scale_is_clipped_not_wrapped(tmp_path):
    y, _ = read_audio(write_audio(tmp_path / "loud.wav", np.array([0.0, 1.5, -3.0], np.float32), RATE))
    assert np.allclose(y, [0.0, 1.0, -1.0], atol=1e-6)


@pytest.mark.data
@pytest.mark.parametrize(
    ("pattern", "rate", "seconds"),
    [
        ("gtzan-mini/genres/jazz/jazz.00000.wav", 22_050, 661_794 / 22_050),
        ("fma-mini/900/900001.mp3", 44_100, 30.0),
        ("notes/flute/*.flac", 44_100, None),
        ("notes/piano/*.ogg", 48_000, None),  # Opus
        ("loops/*/*.flac", 44_100, None),
    ],
)
def test_real_files_of_every_format_are_read_whole(shared_data, pattern, rate, seconds):
    paths = sorted(shared_data.glob(pattern))[:10]
    assert paths
    for path in paths:
        y, own = read_audio(path)
        assert own == rate
        assert 0.001 < np.abs(y).max() < 1.5
        assert y.size == soundfile.info(path).frames
        if seconds is not None:
            assert y.size / own == pytest.approx(seconds)


@pytest.mark.data
@pytest.mark.parametrize("share", [0.4, 0.6, 0.95])
@pytest.mark.parametrize(
    "pattern",
    ["gtzan-mini/genres/jazz/jazz.00000.wav", "fma-mini/900/900001.mp3", "notes/flute/*.flac", "notes/piano/*.ogg"],
)
def test_of_a_real_file_cut_short_the_beginning_is_read_and_the_file_named(shared_data, tmp_path, pattern, share):
    whole = min(shared_data.glob(pattern))
    data = whole.read_bytes()
    path = tmp_path / f"cut{whole.suffix}"
    path.write_bytes(data[: int(len(data) * share)])
    with pytest.warns(AudioFileWarning, match=rf"cut\{whole.suffix} is cut short or damaged"):
        y, rate = read_audio(path)
    assert 0 < y.size < 1.02 * share * soundfile.info(whole).duration * rate or share > 0.9


@pytest.mark.data
@pytest.mark.parametrize("pattern", ["fma-mini/900/900001.mp3", "notes/flute/*.flac", "notes/piano/*.ogg"])
def test_of_a_real_file_with_a_hole_of_noise_something_is_read_and_the_file_named(shared_data, tmp_path, rng, pattern):
    whole = min(shared_data.glob(pattern))
    data = bytearray(whole.read_bytes())
    data[len(data) // 2 : len(data) // 2 + 2_000] = rng.bytes(2_000)
    path = tmp_path / f"hole{whole.suffix}"
    path.write_bytes(data)
    with pytest.warns(AudioFileWarning, match=rf"hole\{whole.suffix} is cut short or damaged"):
        assert read_audio(path)[0].size > 0


@pytest.mark.parametrize("share", [0.3, 0.9])
def test_of_an_ogg_file_cut_short_the_beginning_is_read(tmp_path, rng, share):
    data = write_audio(tmp_path / "noise.ogg", rng.normal(0, 0.1, 3 * RATE).astype(np.float32), RATE).read_bytes()
    (tmp_path / "cut.ogg").write_bytes(data[: int(len(data) * share)])
    with pytest.warns(AudioFileWarning, match=r"cut\.ogg is cut short or damaged"):
        assert 0 < read_audio(tmp_path / "cut.ogg")[0].size < 3 * RATE


def test_a_wav_file_that_a_pipe_left_without_a_length_is_whole(tmp_path):
    data = bytearray(write_audio(tmp_path / "sine.wav", sine(440, 0.1), RATE, "PCM_16").read_bytes())
    at = data.index(b"data")
    data[4:8] = data[at + 4 : at + 8] = b"\xff\xff\xff\xff"
    (tmp_path / "piped.wav").write_bytes(data)
    assert read_audio(tmp_path / "piped.wav")[0].size == 4_800


@pytest.mark.parametrize("name", ["noise.wav", "noise.mp3", "noise.flac", "noise.ogg"])
@pytest.mark.parametrize("size", [0, 10, 50_000])
def test_a_file_of_anything_else_is_no_sound(tmp_path, rng, name, size):
    (tmp_path / name).write_bytes(rng.bytes(size))
    with pytest.raises(AudioFileError, match=f"{name} is damaged or no sound file"):
        read_audio(tmp_path / name)


def test_a_missing_file_and_a_folder_are_named(tmp_path):
    for path in (tmp_path / "none.wav", tmp_path):
        with pytest.raises(AudioFileError, match=f"There is no file .*{path.name}"):
            read_audio(path)


def test_a_file_without_samples_and_one_with_samples_that_are_none_are_refused(tmp_path):
    soundfile.write(tmp_path / "empty.wav", np.zeros(0), RATE)
    with pytest.raises(AudioFileError, match=r"empty\.wav holds no samples"):
        read_audio(tmp_path / "empty.wav")
    for value in (np.nan, np.inf, -3e38):
        soundfile.write(tmp_path / "nan.wav", np.array([0.0, value]), RATE, subtype="FLOAT")
        with pytest.raises(AudioFileError, match=r"nan\.wav is damaged.*no numbers"):
            read_audio(tmp_path / "nan.wav")


def test_an_existing_file_is_replaced_only_where_that_is_asked_for(tmp_path):
    path = write_audio(tmp_path / "a.wav", sine(440, 0.1), RATE)
    with pytest.raises(AudioFileError, match=r"a\.wav is there already"):
        write_audio(path, sine(440, 0.2), RATE)
    assert read_audio(path)[0].size == 4_800
    write_audio(path, sine(440, 0.2), RATE, overwrite=True)
    assert read_audio(path)[0].size == 9_600


def test_a_failed_write_leaves_what_was_there_and_nothing_else(tmp_path):
    path = write_audio(tmp_path / "a.opus", sine(440, 0.1), RATE)
    before = path.read_bytes()
    with pytest.raises(AudioFileError, match=r"a\.opus cannot be written"):
        write_audio(path, sine(440, 0.1, 44_100), 44_100, overwrite=True)  # Opus has no such rate
    assert path.read_bytes() == before
    assert [*tmp_path.iterdir()] == [path]


def test_an_unknown_ending_lists_what_there_is(tmp_path):
    with pytest.raises(AudioFileError, match=r"must end in one of \.wav, "):
        write_audio(tmp_path / "a.txt", sine(440, 0.1), RATE)
