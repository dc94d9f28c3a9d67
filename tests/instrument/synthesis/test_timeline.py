import threading

import pytest

from instrument.namespace import ROOT, Kind, MessageError
from instrument.synthesis.timeline import MAX_DUE, MAX_HELD, Event, Timeline

HOP = 0.01


def setting(path, *values):
    return Event(path, Kind.SETTING, values)


def action(path, arrived=0.0):
    return Event(path, Kind.ACTION, (), arrived=arrived)


def take_all(timeline, hop_start):
    """Events of as many hops as it takes to have them all."""
    events = []
    while some := timeline.due(hop_start, HOP):
        events += some
    return events


@pytest.fixture
def timeline():
    return Timeline()


def test_what_has_no_time_applies_at_the_next_hop_once(timeline):
    event = setting("/a", 1)
    timeline.post([event])
    assert timeline.due(5.0, HOP) == [event]
    assert timeline.due(5.01, HOP) == []


def test_events_of_one_bundle_apply_together_in_their_order(timeline):
    events = [setting("/b", 1), action("/play"), setting("/a", 2)]
    timeline.post(events, 7.004)
    assert timeline.due(6.99, HOP) == []
    assert timeline.due(7.0, HOP) == events


@pytest.mark.parametrize("time", [6.9951, 7.0, 7.0049])
def test_an_event_applies_at_the_hop_that_is_heard_nearest_to_its_time(timeline, time):
    timeline.post([action("/play")], time)
    assert [len(timeline.due(heard, HOP)) for heard in (6.98, 6.99, 7.0, 7.01)] == [0, 0, 1, 0]


def test_held_events_come_in_order_of_time_and_equal_times_in_order_of_arrival(timeline):
    for n, time in enumerate((3.0, 1.0, 2.0, 1.0)):
        timeline.post([action(f"/{n}")], time)
    assert timeline.due(0.0, HOP) == []
    assert [event.path for event in timeline.due(0.9, 5.0)] == ["/1", "/3", "/2", "/0"]


def test_an_event_counts_as_late_when_more_than_one_hop_past_as_it_arrived(timeline):
    timeline.post([action("/on time", arrived=1.0)], 0.995)
    timeline.post([action("/short of its hop", arrived=0.9)], 0.95)
    assert len(timeline.due(2.0, HOP)) == 2
    assert timeline.late_events == 0
    timeline.post([action("/late", arrived=1.0), action("/too", arrived=1.0)], 0.985)
    assert len(timeline.due(1.0, HOP)) == 2
    assert timeline.late_events == 2


def test_clearing_forgets_what_is_held_but_not_what_comes_after(timeline):
    timeline.post([action("/held")], 2.0)
    timeline.due(0.0, HOP)
    timeline.post([action("/held too")], 2.0)
    timeline.clear()
    timeline.post([action("/after")], 2.0)
    assert [event.path for event in timeline.due(2.0, HOP)] == ["/after"]


def test_as_many_events_are_held_as_promised(timeline):
    for n in range(MAX_HELD):
        assert timeline.room() == MAX_HELD - n
        timeline.post([action(f"/{n}")], 10.0)
    assert timeline.room() == 0
    assert not timeline.post([action("/one too many")], 10.0)
    timeline.due(0.0, HOP)
    assert timeline.room() == 0
    assert len(take_all(timeline, 10.0)) == MAX_HELD
    assert timeline.room() == MAX_HELD


def test_a_bundle_counts_as_many_events_as_it_has(timeline):
    group = [action("/x")] * 100
    for _ in range(MAX_HELD // 100):
        timeline.post(group, 10.0)
    timeline.due(0.0, HOP)
    assert timeline.room() == MAX_HELD % 100
    assert not timeline.post(group, 10.0)
    assert len(take_all(timeline, 10.0)) == MAX_HELD // 100 * 100
    assert timeline.post(group, 20.0)


def test_a_flood_of_one_address_becomes_its_last_value(timeline):
    for n in range(1000):
        timeline.post([setting("/x", n)])
        timeline.post([setting("/y", -n)])
    assert timeline.due(0.0, HOP) == [setting("/x", 999), setting("/y", -999)]


def test_questions_actions_and_commands_are_never_coalesced(timeline):
    events = [
        Event("/gain", Kind.SETTING, None),
        setting("/gain", 1.0),
        Event("/gain", Kind.SETTING, None),
        action("/play"),
        action("/play"),
        Event("/record/stop", Kind.COMMAND, ()),
        Event("/record/stop", Kind.COMMAND, ()),
    ]
    timeline.post(events)
    assert timeline.due(0.0, HOP) == events


def test_a_question_hears_the_value_of_its_place_in_the_order(timeline):
    question = Event("/gain", Kind.SETTING, None)
    events = [setting("/gain", 1.0), question, setting("/gain", 2.0)]
    timeline.post(events)
    assert timeline.due(0.0, HOP) == events


@pytest.mark.parametrize("path", ["/smoothing", "/pad/axes", "/portamento"])
def test_settings_that_change_what_others_mean_keep_their_place(timeline, path):
    events = [
        setting(ROOT + path, 2, 3),
        setting(f"{ROOT}/pad/xy", 0.1, 0.1),
        setting(ROOT + path, 0, 1),
        setting(f"{ROOT}/pad/xy", 0.9, 0.9),
    ]
    timeline.post(events)
    assert timeline.due(0.0, HOP) == events


def test_a_hop_takes_so_many_events_and_the_next_hop_the_rest(timeline):
    for n in range(MAX_DUE + 10):
        timeline.post([action(f"/{n}")])
    hops = [timeline.due(0.0, HOP) for _ in range(3)]
    assert [len(hop) for hop in hops] == [MAX_DUE, 10, 0]
    assert [event.path for hop in hops for event in hop] == [f"/{n}" for n in range(MAX_DUE + 10)]


def test_a_bundle_stays_whole_however_long_it_is(timeline):
    timeline.post([action("/before")])
    timeline.post([action("/x")] * (MAX_DUE + 1))
    timeline.post([action("/after")])
    assert [len(timeline.due(0.0, HOP)) for _ in range(3)] == [1, MAX_DUE + 1, 1]


def test_room_counts_events_that_are_not_yet_taken(timeline):
    assert timeline.post([action("/x")] * (MAX_HELD - 1), 10.0)
    assert timeline.room() == 1
    assert not timeline.post([action("/x")] * 2, 10.0)
    assert timeline.post([action("/at once")] * 2)


@pytest.mark.parametrize("end", ["heard", "cleared"])
def test_who_has_all_its_room_taken_leaves_that_of_others(timeline, end):
    for sender in ("anne", "bela"):
        assert timeline.post([action("/x")] * MAX_HELD, 10.0, sender)
        assert not timeline.post([action("/x")], 10.0, sender)
        assert timeline.room(sender) == 0
    assert timeline.room("carl") == MAX_HELD
    if end == "cleared":
        timeline.due(0.0, HOP)
        timeline.clear()
        timeline.due(0.0, HOP)
    else:
        assert len(take_all(timeline, 10.0)) == 2 * MAX_HELD
    assert timeline.room("anne") == timeline.room("bela") == MAX_HELD
    assert timeline.held_events == 0


def test_all_together_have_a_bound_too(timeline):
    for sender in range(4):
        assert timeline.post([action("/x")] * MAX_HELD, 10.0, sender)
    assert not timeline.post([action("/x")], 10.0, "the fifth")


def test_what_runs_at_a_hop_hands_back_what_it_raises(timeline):
    def fail():
        raise MessageError("no")

    def hop():
        while thread.is_alive():
            for event in timeline.due(0.0, HOP):
                event.function()

    raised = []

    def ask():
        with pytest.raises(MessageError, match="no"):
            timeline.run(fail, threading.Event())
        raised.append(True)

    thread = threading.Thread(target=ask)
    thread.start()
    hop()
    assert raised == [True]


def test_a_flood_that_the_hops_cannot_carry_is_refused(timeline):
    posted, taken, refused = 0, 0, 0
    for _ in range(100):
        room = [timeline.post([action("/x")] * MAX_DUE) for _ in range(4)]
        posted, refused = posted + sum(room), refused + room.count(False)
        taken += len(timeline.due(0.0, HOP))
        assert timeline.ready_events <= MAX_HELD + 4 * MAX_DUE
    assert refused > 0
    taken += len(take_all(timeline, 0.0))
    assert taken == posted * MAX_DUE
    assert timeline.post([action("/x")])
