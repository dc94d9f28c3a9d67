import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from instrument.synthesis.release_renderer import ReleaseRenderer, Resampler

RATES = [44_100.0, 48_000.0, 88_200.0, 96_000.0, 32_000.0, 22_050.0, 8_000.0]


def tone(hz, seconds, rate=44_100):
    return np.sin(2 * np.pi * hz * np.arange(round(seconds * rate)) / rate).astype(np.float32)


def stream(y, source_rate, output_rate, hop=128):
    resampler = Resampler(source_rate, output_rate)
    both = np.stack([y, np.zeros_like(y)], axis=1)
    return resampler, np.concatenate([resampler.process(both[n : n + hop]) for n in range(0, len(y), hop)])[:, 0]


@pytest.mark.parametrize("rate", RATES)
def test_a_tone_keeps_its_pitch_and_its_level(frequency, rate):
    _, y = stream(tone(440.0, 2.0), 44_100, rate)
    middle = y[len(y) // 4 : -len(y) // 4]
    assert frequency(middle, rate) == pytest.approx(440.0, abs=0.05)
    assert np.sqrt(2.0 * np.mean(middle**2)) == pytest.approx(1.0, abs=0.01)


@pytest.mark.parametrize("rate", RATES[1:])
def test_the_resamplers_delay_is_what_is_missing_of_the_stream(rate):
    resampler, y = stream(np.zeros(44_160, np.float32), 44_100, rate)
    assert resampler.delay_seconds > 0.0
    assert len(y) == pytest.approx((44_160 / 44_100 - resampler.delay_seconds) * rate, abs=2)


@pytest.mark.parametrize("rates", [*((44_100.0, rate) for rate in RATES), (48_000.0, 44_100.0), (22_050.0, 48_000.0)])
def test_hops_come_evenly_at_all_rates(rates):
    resampler = Resampler(*rates)
    lengths = [len(resampler.process(np.zeros((128, 2), np.float32))) for _ in range(500)]
    assert np.ptp(lengths[20:]) <= 1


@pytest.mark.parametrize("rate", RATES)
def test_resampling_shifts_time_by_less_than_a_third_of_a_millisecond(rate):
    y = tone(200.0, 1.0)
    _, out = stream(y, 44_100, rate)
    t = np.arange(len(out)) / rate
    inside = (t > 0.1) & (t < 0.8)
    assert np.allclose(out[inside], np.sin(2 * np.pi * 200.0 * t[inside]), atol=2 * np.pi * 200.0 * 0.0003)


def test_equal_rates_pass_every_sample():
    resampler, y = stream(tone(440.0, 0.1), 44_100, 44_100)
    assert resampler.delay_seconds == 0.0
    assert np.array_equal(y, tone(440.0, 0.1))


@pytest.mark.training
@pytest.mark.parametrize("rate", [44_100.0, 48_000.0])
def test_a_release_sounds_at_its_own_pitch_on_every_device(open_release, perform, frequency, rate):
    release = open_release("sine")
    renderer = ReleaseRenderer(release, rate, iterations=8)
    y = renderer.read(round(1.5 * rate), np.zeros(3, np.float32), perform(release))[:, 0]
    # Mel bands blur a sine by some hertz, and the same ones whatever the device.
    assert frequency(y[-round(rate) :], rate) == pytest.approx(440.0, abs=8.0)
    own = ReleaseRenderer(release, 44_100.0, iterations=8)
    reference = own.read(66_150, np.zeros(3, np.float32), perform(release))[:, 0]
    assert frequency(y[-round(rate) :], rate) == pytest.approx(frequency(reference[-44_100:], 44_100), abs=0.5)


@pytest.mark.training
@pytest.mark.parametrize("rate", [44_100.0, 48_000.0, 88_200.0, 22_050.0])
def test_the_stream_is_as_long_as_the_hops_it_was_made_of(open_release, perform, rate):
    release = open_release("tiny")
    renderer = ReleaseRenderer(release, rate, iterations=1)
    performance = perform(release)
    lengths = [len(renderer.render(np.zeros(3, np.float32), performance)) for _ in range(300)]
    assert sum(lengths) == pytest.approx(300 * renderer.hop_seconds * rate, abs=0.006 * rate)
    assert np.ptp(lengths[20:]) <= 1


@pytest.mark.training
@given(st.lists(st.integers(1, 1000), min_size=1, max_size=12))
@settings(max_examples=15)
def test_reading_in_pieces_gives_the_same_samples(releases, lengths):
    from aitunes.release.reader import read_release
    from instrument.synthesis.performance import Performance

    release = read_release(releases / "tiny")
    performance = Performance(release.card.latent, "tiny", 4)
    z = np.ones(3, np.float32)
    pieces, whole = (ReleaseRenderer(release, 48_000.0, iterations=2) for _ in range(2))
    y = np.concatenate([pieces.read(length, z, performance) for length in lengths])
    assert np.array_equal(y, whole.read(sum(lengths), z, performance))


@pytest.mark.training
@pytest.mark.parametrize("lookahead", [0, 3])
def test_look_ahead_and_resampling_count_as_latency(open_release, lookahead):
    release = open_release("tiny")
    features = release.card.features
    renderer = ReleaseRenderer(release, 48_000.0, iterations=4, lookahead=lookahead)
    frames = features.n_fft / 2 + lookahead * features.hop_length
    assert renderer.latency_seconds == pytest.approx(
        frames / 44_100 + Resampler(44_100, 48_000.0).delay_seconds, abs=1e-9
    )


@pytest.mark.training
def test_a_new_renderer_begins_in_silence_and_so_does_one_that_was_reset(open_release, perform):
    release = open_release("tiny")
    performance = perform(release)
    renderer = ReleaseRenderer(release, 44_100.0, iterations=2)
    z = np.zeros(3, np.float32)
    first = renderer.read(4096, z, performance)
    renderer.reset()
    assert np.allclose(renderer.read(4096, z, performance), first, atol=1e-5)
