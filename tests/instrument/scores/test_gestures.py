"""A gesture is what hands did and when; replayed, it does the same, at any speed, and lets other hands play."""

from dataclasses import replace

import pytest

from aitunes.release.card import TensorSpec
from instrument.namespace import ROOT, Kind, expand
from instrument.scores.gestures import MAX_EVENTS, NOTHING, PLAY, RECORD, GestureError, Gestures, Replay
from instrument.scores.score import parse_score
from instrument.synthesis.performance import Performance
from instrument.synthesis.timeline import Event, Timeline

HOP = 0.01
XY, GAIN, GLIDE, AXES = (f"{ROOT}{name}" for name in ("/pad/xy", "/gain", "/smoothing", "/pad/axes"))


@pytest.fixture
def card(tiny):
    """Of a release that plays notes."""
    card = tiny.card()
    return replace(card, inputs=(*card.inputs, TensorSpec("pitch", ("batch", 1), (40.0, 96.0))))


class Bench:
    """Gestures on a performance, hop by hop, and what they told."""

    def __init__(self, card):
        self.card = card
        self.performance = Performance.of(card, iterations=1)
        self.transport = self.performance.transport
        self.timeline, self.told = Timeline(), []
        self.gestures = Gestures(self.timeline, lambda *notice: self.told.append(notice))

    def hop(self, *events):
        """One hop in which a hand moves; what was applied, by address."""
        for path, *values in events:
            kind = Kind.SETTING if values else Kind.ACTION
            self.timeline.post([Event(path, kind, tuple(values), ("127.0.0.1", 1), arrived=1.0)])
        self.transport.advance(HOP)
        self.gestures.advance(HOP, self.transport)
        due = self.timeline.due(0.0, HOP)
        for event in due:
            self.performance.apply(event.path, event.values)
            self.gestures.hear(event, self.performance)
        return [(event.path, *event.values) for event in due]

    def play(self, replay):
        self.gestures.play(replay, self.transport)

    def begin(self, name="wave"):
        return self.gestures.begin(name, self.performance, expand(3))

    def lines(self, take):
        return parse_score(take.score(), self.card, lambda name: pytest.fail("no release is loaded"))


@pytest.fixture
def bench(card):
    return Bench(card)


@pytest.fixture
def replay(card):
    def make(text, loop=False, speed=1.0):
        return Replay("wave", parse_score(text, card, lambda name: card), loop, speed)

    return make


def test_what_was_recorded_is_replayed_hop_for_hop(bench):
    bench.hop((XY, 0.1, 0.2))
    take = bench.begin()
    moves = [[(XY, n / 10, 0.5)] if n % 3 else [] for n in range(1, 10)]
    for move in moves:
        bench.hop(*move)
    assert bench.gestures.end() is take
    bench.play(Replay("wave", bench.lines(take), loop=False, speed=1.0))
    replayed = [bench.hop() for _ in range(12)]
    # It was begun before the first of its hops, so a replay has one hop more: that of the beginning.
    assert replayed[0] == [(XY, pytest.approx(0.1), pytest.approx(0.2))]
    assert replayed[1:10] == moves
    assert replayed[10:] == [[], []]
    assert bench.told == [(PLAY, NOTHING)]


def test_a_gesture_begins_where_the_settings_that_it_moves_stood_and_leaves_the_others_alone(bench):
    bench.hop((GAIN, -6.0), (GLIDE, 2.0), (AXES, 1, 2), (XY, 0.25, 0.75))
    take = bench.begin()
    bench.hop((AXES, 0, 1), (XY, 0.9, 0.9), (GAIN, 0.0))
    bench.gestures.end()
    first = [(line.event.path, *line.event.values) for line in bench.lines(take) if line.seconds == 0.0]
    assert [path for path, *_ in first] == [AXES, GAIN, XY]
    assert first[:2] == [(AXES, 1, 2), (GAIN, -6.0)]
    assert first[2][1:] == pytest.approx((0.25, 0.75), abs=1e-6)


def test_a_score_of_a_gesture_is_as_long_as_the_gesture(bench):
    take = bench.begin()
    bench.hop((f"{ROOT}/stop",))
    for _ in range(49):
        bench.hop()
    bench.gestures.end()
    assert bench.lines(take)[-1].seconds == pytest.approx(0.5)
    assert Replay("wave", bench.lines(take), loop=True, speed=1.0).seconds == pytest.approx(0.5)


def test_every_kind_of_value_survives_the_score(bench):
    take = bench.begin()
    moves = [(f"{ROOT}/freeze", True), (f"{ROOT}/quality", 8, 2), (f"{ROOT}/latent", 0.1, -4.0, 1e-9), (GAIN, -0.5)]
    bench.hop(*moves, (f"{ROOT}/play",))
    bench.gestures.end()
    replayed = [(line.event.path, *line.event.values) for line in bench.lines(take) if line.seconds > 0.0][:-1]
    assert replayed == [*moves, (f"{ROOT}/play",)] or replayed == pytest.approx(moves)


@pytest.mark.parametrize("speed", [0.1, 0.5, 1.0, 3.0, 10.0])
def test_a_replay_at_any_speed_brings_every_event_at_its_time(replay, speed):
    text = "\n".join(f"{n / 20} {XY} {n / 100} 0.5" for n in range(1, 100)) + "\n5 /aitunes/gesture/stop"
    playing = replay(text, speed=speed)
    hops = []
    while not playing.ended:
        hops.append([event.values[0] for event in playing.advance(HOP)])
    assert [value for hop in hops for value in hop] == [n / 100 for n in range(1, 100)]
    for number, hop in enumerate(hops):
        for value in hop:
            assert number - 1e-6 <= 5 * value / speed / HOP <= number + 1 + 1e-6
    assert len(hops) == pytest.approx(5.0 / speed / HOP, abs=1.01)


def test_a_loop_begins_again_after_its_own_length_without_a_gap_or_a_drift(replay):
    playing = replay(f"0 {GAIN} -1\n0.055 {GAIN} -2\n0.105 /aitunes/gesture/stop", loop=True)
    found = {-1.0: [], -2.0: []}
    for number in range(10_500):
        for event in playing.advance(HOP):
            found[event.values[0]].append(number * HOP)
    assert not playing.ended
    for value, offset in ((-1.0, 0.0), (-2.0, 0.055)):
        assert len(found[value]) == 1_000
        wanted = [offset + n * 0.105 for n in range(1_000)]
        assert all(-HOP - 1e-6 <= seconds - due <= 1e-6 for seconds, due in zip(found[value], wanted, strict=True))


def test_a_loop_of_nothing_does_not_spin(replay):
    playing = replay("", loop=True, speed=10.0)
    assert [playing.advance(1.0) for _ in range(3)] == [[], [], []]


def test_what_would_be_too_much_at_once_is_refused_before_it_plays(replay):
    dense = "\n".join(f"1 {XY} 0.5 0.5" for _ in range(513))
    with pytest.raises(GestureError, match="the gesture wave changes more than 512 values at 1 s"):
        replay(dense)
    spread = "\n".join(f"{n / 5000} {XY} 0.5 0.5" for n in range(2_000))
    assert replay(spread)
    with pytest.raises(GestureError, match="more than 512"):
        replay(spread, speed=10.0)


def test_a_hand_that_moves_something_stops_nothing(bench, replay):
    bench.play(
        replay(
            "\n".join(f"{n / 100 + 0.005} {XY} 0.5 0.5" for n in range(10)) + "\n0.1 /aitunes/gesture/stop", loop=True
        )
    )
    for n in range(30):
        applied = bench.hop((GAIN, -float(n)))
        assert (GAIN, -float(n)) in applied
        assert (XY, 0.5, 0.5) in applied


def test_what_is_replayed_is_not_recorded_and_hands_are(bench, replay):
    bench.play(replay(f"0 {XY} 0.5 0.5\n0.02 {XY} 0.6 0.5", loop=True))
    take = bench.begin()
    for n in range(5):
        bench.hop((GAIN, -float(n)))
    assert {path for _, path, _ in take.events} == {GAIN}


def test_only_one_gesture_is_recorded_at_a_time_and_none_without_end(bench):
    take = bench.begin()
    assert bench.begin("other") is None
    take.events = [(0.0, XY, (0.5, 0.5))] * MAX_EVENTS
    bench.hop((GAIN, 0.0))
    assert len(take.events) == MAX_EVENTS
    assert bench.gestures.end() is take
    assert bench.gestures.end() is None


def test_what_arrives_for_another_release_is_left_out(bench, tiny):
    take = bench.begin()
    other = tiny.card("wide", 5)
    bench.performance.take_over(other)
    bench.hop((f"{ROOT}/latent/4", 1.0))
    assert take.events == []


def test_what_is_recorded_and_replayed_is_told_to_who_asks(bench, replay):
    assert bench.gestures.values == {RECORD: ("",), PLAY: NOTHING}
    take = bench.begin()
    bench.play(replay(f"0 {XY} 0.5 0.5", loop=True, speed=2.0))
    assert bench.gestures.values == {RECORD: ("wave",), PLAY: ("wave", 1, 2.0)}
    bench.gestures.abandon(take)
    assert bench.gestures.stop()
    assert not bench.gestures.stop()
    assert bench.gestures.values == {RECORD: ("",), PLAY: NOTHING}


NOTE = f"{ROOT}/note"


@pytest.mark.parametrize("ending", ["stop", "end", "loop", "replaced"])
def test_no_note_sounds_on_when_its_gesture_is_over(bench, replay, ending):
    text = f"0 {NOTE} 60 100\n0 {NOTE} 64 90\n0.02 {NOTE} 64 0\n0.06 /aitunes/gesture/stop"
    bench.play(replay(text, loop=ending == "loop"))
    applied = [bench.hop() for _ in range(4)]
    assert [note for hop in applied for note in hop] == [(NOTE, 60, 100), (NOTE, 64, 90), (NOTE, 64, 0)]
    if ending == "stop":
        assert bench.gestures.stop()
    elif ending == "replaced":
        bench.play(replay(""))
    later = [note for _ in range(4) for note in bench.hop()]
    assert later[0] == (NOTE, 60, 0)
    assert later[1:3] == ([(NOTE, 60, 100), (NOTE, 64, 90)] if ending == "loop" else [])


def on_a_grid(bench, replay, loop, seconds=0.9):
    """Start a gesture of about two beats, on a grid of one; return the beats at which its halves come."""
    bench.transport.quantise_beats, bench.transport.tempo = 1.0, 120.0
    text = f"0 {XY} 0.5 0.5\n{seconds / 2} {XY} 0.6 0.5\n{seconds} /aitunes/gesture/stop"
    bench.transport.beat = 0.25
    bench.play(replay(text, loop=loop))
    beats = []
    for _ in range(round(3.0 / HOP)):
        beats += [(bench.transport.beat, values[1]) for values in bench.hop()]
    return beats


def test_a_gesture_on_a_grid_begins_on_a_beat_and_repeats_after_a_whole_number_of_them(bench, replay):
    beats = on_a_grid(bench, replay, loop=True)
    assert [x for _, x in beats] == [0.5, 0.6, 0.5, 0.6, 0.5, 0.6]
    assert [beat for beat, _ in beats] == pytest.approx([1.0, 2.0, 3.0, 4.0, 5.0, 6.0], abs=2.5 * HOP)


def test_once_on_a_grid_is_once(bench, replay):
    beats = on_a_grid(bench, replay, loop=False)
    assert [beat for beat, _ in beats] == pytest.approx([1.0, 2.0], abs=2.5 * HOP)
    assert bench.gestures.values[PLAY] == NOTHING


def test_a_loop_on_a_grid_follows_the_tempo_and_small_corrections_and_waits_with_the_beat(bench, replay):
    on_a_grid(bench, replay, loop=True)
    bench.transport.tempo = 60.0
    beats = []
    for n in range(round(4.0 / HOP)):
        if n % 100 == 0:
            bench.transport.beat += 0.003 if n % 200 else -0.003  # as a clock corrects it
        beats += [(bench.transport.beat, values[1]) for values in bench.hop()]
    assert [x for _, x in beats] == [0.5, 0.6, 0.5, 0.6]
    assert [beat % 1.0 for beat, _ in beats] == pytest.approx([0.0] * 4, abs=0.02)
    bench.transport.running = False
    assert [bench.hop() for _ in range(round(2.0 / HOP))] == [[]] * round(2.0 / HOP)


def test_what_a_clock_sends_is_not_recorded(bench):
    take = bench.begin()
    bench.hop((f"{ROOT}/tempo", 90.0), (f"{ROOT}/beat", 4.0), (GAIN, -3.0))
    assert {path for _, path, _ in take.events} == {GAIN}
    assert bench.transport.tempo == 90.0
