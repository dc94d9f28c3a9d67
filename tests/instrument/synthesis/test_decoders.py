"""Whatever a decoder answers at a code that no trial has found, it is a sound within bounds, or an error."""

from dataclasses import replace

import numpy as np
import pytest

from aitunes.release.card import TOLERANCE
from instrument.synthesis.decoders import Decoder
from instrument.synthesis.dynamics import OutputStage
from instrument.synthesis.release_renderer import ReleaseRenderer

pytestmark = pytest.mark.training

HOME = np.zeros(3, np.float32)


class Odd:
    """A decoder that plays until it is to answer with something else."""

    def __init__(self, decoder):
        self.decoder, self.answer = decoder, None

    def run(self, outputs, inputs, options=None):
        (S,) = self.decoder.run(outputs, inputs)
        return [S if self.answer is None else self.answer(S)]


@pytest.fixture
def odd(open_release):
    """A release whose decoder can be made to answer anything."""
    release = open_release("sine")
    return replace(release, decoder=Odd(release.decoder))


@pytest.mark.parametrize(
    "answer",
    [
        lambda S: S[:, : S.shape[1] // 2],
        lambda S: np.concatenate([S, S], axis=1),
        lambda S: np.concatenate([S, S], axis=2),
        lambda S: np.concatenate([S, S]),
        lambda S: S[:0],
        lambda S: S[:, :, 0],
        lambda S: S[:, :1],
        lambda S: S.astype(np.float64),
        lambda S: S.astype(np.int64),
        lambda S: np.full(S.shape, "x"),
        lambda S: [S],
    ],
)
def test_another_shape_or_type_than_the_cards_is_an_error(odd, answer):
    decode = Decoder(odd)
    odd.decoder.answer = answer
    with pytest.raises(ValueError, match="answers"):
        decode(HOME, [()])


def test_numbers_beyond_the_cards_range_are_cut_to_it(odd):
    decode, features = Decoder(odd), odd.card.features
    odd.decoder.answer = lambda S: np.full_like(S, 8.0)
    low, high = odd.card.output.range
    loudest = features.denormalise(np.array([high + TOLERANCE * (high - low)]))
    np.testing.assert_allclose(decode(HOME, [()]), np.broadcast_to(loudest, (1, features.bands, 1)), rtol=1e-5)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 3e38, -3e38, 40.0, 8.0, 1.5])
def test_numbers_beyond_the_cards_do_not_silence_what_follows(odd, perform, value):
    renderer, stage, performance = ReleaseRenderer(odd, 44_100.0, iterations=4), OutputStage(44_100.0), perform(odd)

    def level(z, seconds):
        hops = range(round(seconds * 44_100 / 128))
        y = [stage.process(renderer.render(z, performance), 0.0, playing=True) for _ in hops]
        assert np.isfinite(np.concatenate(y)).all()
        return float(np.sqrt(np.mean(np.concatenate(y)[-8_192:] ** 2)))

    before = level(HOME, 1.0)
    odd.decoder.answer = lambda S: np.where(np.arange(S.shape[1])[:, None] == 9, np.float32(value), S)
    level(HOME + np.float32(0.01), 0.2)
    odd.decoder.answer = None
    assert level(HOME, 0.7) == pytest.approx(before, rel=0.1)
