"""Mapped controllers: nothing jumps, encoders turn, buttons press, and motors follow."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instrument.midi.learner import Learner
from instrument.midi.mapper import Mapper
from instrument.midi.mapping import Control, Mapping, MappingError, Mode, Source
from instrument.midi.messages import ControlChange, NoteOff, NoteOn, PitchBend

GAIN, WIDTH, FREEZE, PANIC = "/aitunes/gain", "/aitunes/width", "/aitunes/freeze", "/aitunes/panic"


class Rack:
    """A mapper with one controller 7 on any channel, what it sends and what its motors show."""

    def __init__(self, address=WIDTH, control=Control.CONTROLLER, number=7, **options):
        self.sent, self.shown = [], []
        self.mapper = Mapper(self, lambda mapping, share: self.shown.append((mapping.source.number, share)))
        self.mapper.use([Mapping(address, Source(control, number), **options)], [])
        self.now = 100.0

    def act(self, path, *values):
        self.sent.append((path, *values))

    stream = act

    def move(self, *values, number=7):
        for value in values:
            self.play(ControlChange(1, number, value))

    def play(self, message):
        self.now += 0.01
        return self.mapper.take(self.mapper.moves("box", message), self.now)

    def hear(self, address, *values, later=1.0):
        self.now += later
        self.mapper.hear(address, values, self.now)

    @property
    def values(self):
        return [values[-1] for values in self.sent]


def test_a_fader_takes_a_value_over_when_it_passes_it():
    rack = Rack()
    rack.hear(WIDTH, 0.5)
    rack.move(0, 20, 40)
    assert rack.sent == []
    rack.move(90, 127)
    assert rack.values == [90 / 127, 1.0]
    rack.hear(WIDTH, 0.2)
    rack.move(120)
    assert rack.values == [90 / 127, 1.0]
    rack.move(10, 0)
    assert rack.values[2:] == [10 / 127, 0.0]


@given(st.floats(0.0, 1.0), st.lists(st.integers(0, 127), min_size=1, max_size=30))
def test_with_soft_takeover_no_first_step_is_larger_than_the_faders_own(start, positions):
    rack = Rack()
    rack.hear(WIDTH, start)
    rack.move(*positions)
    if rack.sent:
        first = len(positions) - len(rack.sent)
        before = positions[first - 1] / 127 if first else positions[0] / 127
        assert abs(rack.values[0] - start) <= abs(positions[first] / 127 - before) + 1.5 / 127 + 1e-9


def test_a_value_that_is_not_known_and_one_without_takeover_are_set_at_once():
    rack = Rack()
    rack.move(3)
    assert rack.values == [3 / 127]
    rack = Rack(takeover=False)
    rack.hear(WIDTH, 1.0)
    rack.move(3)
    assert rack.values == [3 / 127]


def test_the_range_may_be_a_part_of_the_addresss_own_and_reversed():
    rack = Rack(GAIN, low=0.0, high=-12.0)
    rack.move(0, 127)
    assert rack.values == [0.0, -12.0]


def test_fourteen_bits_arrive_in_two_parts():
    rack = Rack(control=Control.CONTROLLER14, number=1)
    rack.play(ControlChange(1, 1, 64))
    rack.play(ControlChange(1, 33, 127))
    assert rack.values == pytest.approx([8_192 / 16_383, 8_319 / 16_383])
    rack.play(ControlChange(1, 1, 65))  # the lower part of a new upper part is 0
    assert rack.values[-1] == pytest.approx(8_320 / 16_383)


@pytest.mark.parametrize(
    ("mode", "up", "down"), [(Mode.TWOS_COMPLEMENT, 2, 126), (Mode.OFFSET, 66, 62), (Mode.SIGN_BIT, 2, 66)]
)
def test_encoders_of_three_kinds_turn_from_where_the_value_is(mode, up, down):
    rack = Rack(mode=mode)
    rack.move(up)
    assert rack.sent == []  # the value is not known yet
    rack.hear(WIDTH, 0.5)
    rack.move(up, down, down)
    assert rack.values == pytest.approx([0.5 + 2 / 127, 0.5, 0.5 - 2 / 127])
    rack.move(*[down] * 200)
    assert rack.values[-1] == 0.0


def test_a_toggle_switches_at_each_press_and_a_momentary_button_while_it_is_held():
    rack = Rack(FREEZE, mode=Mode.TOGGLE)
    rack.move(127, 0, 127, 0)
    assert rack.values == [True, False]
    rack.hear(FREEZE, True)
    rack.move(127, 0)
    assert rack.values[-1] is False
    rack = Rack(FREEZE, mode=Mode.MOMENTARY)
    rack.move(127, 0)
    assert rack.values == [True, False]


def test_a_button_sends_its_command_once_a_press():
    rack = Rack("/aitunes/snapshot/recall", send=("first-light 1", 2.0))
    rack.move(127, 127, 0, 127)
    assert rack.sent == [("/aitunes/snapshot/recall", "first-light 1", 2.0)] * 2
    rack = Rack(PANIC, Control.NOTE, 36)
    assert rack.play(NoteOn(1, 36, 1))
    assert rack.play(NoteOff(1, 36))
    assert rack.sent == [(PANIC,)]


def test_one_of_two_values_moves_once_the_other_is_known():
    rack = Rack("/aitunes/envelope", argument=2, takeover=False)
    rack.move(127)
    assert rack.sent == []
    rack.hear("/aitunes/envelope", 0.01, 0.3)
    rack.move(127)
    assert rack.sent == [("/aitunes/envelope", 0.01, 20.0)]


def test_motors_follow_what_others_set_and_not_the_hand_that_moves_them():
    rack = Rack()
    rack.hear(WIDTH, 0.25)
    assert rack.shown == [(7, 0.25)]
    rack.move(32, 64)
    rack.hear(WIDTH, 0.4, later=0.1)  # what the engine says of the fader's own movement
    assert rack.shown == [(7, 0.25)]
    rack.hear(WIDTH, 0.9)
    assert rack.shown == [(7, 0.25), (7, 0.9)]


def test_another_controller_of_the_same_value_is_shown_where_it_went():
    rack = Rack()
    sources = Source(Control.CONTROLLER, 7), Source(Control.CONTROLLER, 8)
    rack.mapper.use([Mapping(WIDTH, source) for source in sources], [])
    rack.move(127)
    assert rack.shown == [(8, 1.0)]


def test_channel_and_device_tell_controllers_apart():
    rack = Rack()
    source = Source(Control.BEND, 0, channel=2, device="Box")
    rack.mapper.use([Mapping(WIDTH, source)], [])
    assert not rack.play(PitchBend(1, 0))
    assert rack.play(PitchBend(2, 16_383))
    assert rack.values == [1.0]


@pytest.fixture
def learn():
    """A learner, and the mappings that it learned."""
    learned = []
    learner, mapper = Learner(learned.append), Mapper(None)

    def touch(*messages, now=0.0):
        return [any(learner.take(move, now) for move in mapper.moves("box", message)) for message in messages]

    learner.touch, learner.learned = touch, learned
    return learner


def test_the_next_controller_that_is_touched_is_learned_with_its_device_and_channel(learn):
    assert learn.touch(ControlChange(3, 7, 1)) == [False]
    learn.learn(WIDTH)
    assert learn.touch(NoteOn(1, 60, 100), ControlChange(3, 7, 1), ControlChange(3, 8, 1)) == [False, True, False]
    assert learn.learned == [Mapping(WIDTH, Source(Control.CONTROLLER, 7, 3, "box"))]
    assert learn.address == ""


def test_a_controller_whose_fine_part_follows_has_fourteen_bits(learn):
    learn.learn(WIDTH)
    learn.touch(ControlChange(1, 7, 1), ControlChange(1, 39, 5))
    assert [mapping.source.control for mapping in learn.learned] == [Control.CONTROLLER, Control.CONTROLLER14]
    learn.learn(GAIN)
    learn.touch(ControlChange(1, 9, 1))
    learn.touch(ControlChange(1, 41, 5), now=10.0)
    assert learn.learned[-1].source.control is Control.CONTROLLER


def test_switches_and_buttons_learn_keys_and_toggle(learn):
    learn.learn(FREEZE)
    learn.touch(ControlChange(1, 7, 0), NoteOff(1, 36), NoteOn(10, 36, 100))
    assert learn.learned == [Mapping(FREEZE, Source(Control.NOTE, 36, 10, "box"), Mode.TOGGLE)]


@pytest.mark.parametrize("number", [6, 38, 96, 98, 101, 120, 123, 127])
def test_controllers_that_belong_to_midi_are_not_learned(learn, number):
    learn.learn(WIDTH)
    assert learn.touch(ControlChange(1, number, 1)) == [False]


def test_what_no_controller_can_move_is_refused(learn):
    with pytest.raises(MappingError, match="nothing that a controller can move"):
        learn.learn("/aitunes/release/load")
    assert learn.address == ""


def test_learning_can_be_ended(learn):
    learn.learn(WIDTH)
    learn.learn("")
    assert learn.touch(ControlChange(1, 7, 1)) == [False]
