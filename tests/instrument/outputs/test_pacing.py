import numpy as np
import pytest

from instrument.outputs.pacing import Pacing
from instrument.outputs.reserve import FIRST_SECONDS

BLOCK = 128 / 48_000
HOP = 128 / 44_100


def played(pacing, stall_at=None, stall=0.0, seconds=2.0, offset=0.0011, every=None):
    """Return what a ring holds when each hop is written, and how often a callback finds too little."""
    now, buffered, consumed, callback, dry = 0.0, 0.02, 0.0, offset, 0
    levels, rendered, second = [], 0.0, 0.0

    def advance(to):
        nonlocal buffered, consumed, callback, dry
        while callback <= to:
            dry += buffered < BLOCK - 1e-9
            taken = min(buffered, BLOCK)
            buffered, consumed, callback = buffered - taken, consumed + taken, callback + BLOCK

    while now < seconds:
        pacing.look(now, consumed)
        surplus = pacing.surplus(now, buffered)
        if surplus > 0.0:
            now += pacing.nap(surplus)
            advance(now)
            continue
        levels.append(buffered)
        pacing.reserve.note(rendered)
        if now >= second + 1.0:
            pacing.reserve.pass_second()
            second = now
        begun = now
        if stall_at is not None and now >= stall_at:
            now, stall_at = now + stall, None if every is None else stall_at + every
        now += 0.0005
        rendered = now - begun
        advance(now)
        buffered += HOP
    return np.array(levels), dry


@pytest.mark.parametrize("stall", [0.001, 0.003, 0.004])
@pytest.mark.parametrize("offset", [0.0002, 0.0011, 0.0024])
def test_a_stall_shorter_than_the_reserve_is_not_heard(stall, offset):
    for stall_at in np.linspace(0.5, 0.52, 9):
        _, dry = played(Pacing(BLOCK, 0.0, 0.0), stall_at, stall, 1.0, offset=offset)
        assert dry == 0


def test_on_a_machine_that_does_not_stall_the_ring_soon_holds_little():
    pacing = Pacing(BLOCK, 0.0, 0.0)
    levels, dry = played(pacing, seconds=400.0)
    assert dry == 0
    assert pacing.reserve.seconds < 0.0015
    assert levels[-1000:].max() < BLOCK


@pytest.mark.parametrize("stall", [0.003, 0.004])
def test_stalls_that_come_every_ten_seconds_are_not_heard_however_long_one_plays(stall):
    pacing = Pacing(BLOCK, 0.0, 0.0)
    _, dry = played(pacing, 5.0, stall, 300.0, every=10.0)
    assert dry == 0
    assert pacing.reserve.seconds == pytest.approx(1.5 * (stall + 0.0005), rel=0.01)


def test_the_ring_holds_no_more_than_two_blocks_when_a_hop_is_due():
    levels, dry = played(Pacing(BLOCK, 0.0, 0.0))
    assert dry == 0
    assert levels[20:].max() < 2 * BLOCK
    assert levels[20:].mean() == pytest.approx(1.5 * BLOCK, rel=0.1)


def test_large_blocks_are_written_late_but_whole():
    block = 1024 / 48_000
    pacing = Pacing(block, 0.0, 0.0)
    assert pacing.surplus(0.0, 0.0) == pytest.approx(block - FIRST_SECONDS - block / 2)
    assert pacing.surplus(0.0, 1.5 * block) > block


def test_the_next_sample_leaves_after_all_that_is_buffered_and_never_before_the_next_callback():
    pacing = Pacing(BLOCK, 1.0, 0.0)
    assert pacing.until_taken(1.0, 0.004) == pytest.approx(BLOCK + 0.004)
    assert pacing.until_taken(1.002, 0.004) == pytest.approx(BLOCK + 0.002)
    assert pacing.until_taken(1.1, 0.004) == pytest.approx(0.004)


def test_a_callback_between_two_looks_is_placed_by_the_ones_before_it():
    pacing = Pacing(BLOCK, 0.0, 0.0)
    pacing.look(0.0005, 0.0)
    pacing.look(BLOCK + 0.0004, BLOCK)
    assert pacing.until_taken(BLOCK + 0.0004, 0.0) == pytest.approx(BLOCK - 0.0004)


@pytest.mark.parametrize("block", [64, 128, 1024, 4096, 16_384])
def test_another_block_is_followed(block):
    pacing = Pacing(BLOCK, 0.0, 0.0)
    consumed = 0.0
    for n in range(1, 40):
        consumed += block / 48_000
        pacing.look(n * block / 48_000, consumed)
    assert pacing.block_seconds == pytest.approx(block / 48_000)


@pytest.mark.parametrize("block", [128, 1024, 8_192, 16_384])
def test_a_block_that_is_taken_in_two_pieces_is_one_block(block):
    seconds = block / 48_000
    pacing = Pacing(seconds, 0.0, 0.0)
    for n in range(1, 100):
        if n % 8 == 0:  # where the ring's memory ends
            pacing.look(n * seconds, (n - 0.6) * seconds)
        pacing.look(n * seconds + 0.0003, n * seconds)
        assert pacing.block_seconds == pytest.approx(seconds)


def test_looks_that_come_late_now_and_then_do_not_change_the_block():
    pacing = Pacing(BLOCK, 0.0, 0.0)
    consumed = 0.0
    for n in range(1, 100):
        consumed += BLOCK * (3 if n % 4 else 1)
        pacing.look(consumed, consumed)
        assert pacing.block_seconds == pytest.approx(BLOCK)


def test_a_ring_that_runs_dry_again_and_again_expects_blocks_of_up_to_16_384_frames():
    pacing = Pacing(BLOCK, 0.0, 0.0)
    for _ in range(20):
        pacing.run_dry()
    assert pacing.block_seconds >= 16_384 / 48_000
