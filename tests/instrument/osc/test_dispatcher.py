"""Datagrams become events and replies, and no datagram becomes an exception."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pythonosc.parsing import ntp

from aitunes.osc.packets import build
from instrument.namespace import LOCAL_ONLY, expand
from instrument.osc.access import Access
from instrument.osc.aliases import as_known_to, peer_of
from instrument.osc.dispatcher import Dispatcher
from instrument.osc.peers import TcpPeer
from instrument.osc.subscribers import LEASE_SECONDS, Subscribers
from instrument.synthesis.timeline import MAX_AHEAD_SECONDS, MAX_HELD

ANNE, FAR = ("127.0.0.1", 5000), ("192.168.1.9", 5000)
CONNECTED = TcpPeer("127.0.0.1", 5000, 1)
LOGIN = "0123456789abcdef" * 2


class Bench:
    """A dispatcher, what it sent and what it logged."""

    def __init__(self, engine, log=None):
        self.engine = engine
        self.now = 1_000.0
        self.subscribers = Subscribers(self.clock)
        self.sent, self.logged = [], []
        self.dispatcher = Dispatcher(
            self.engine,
            self.subscribers,
            lambda *message: self.sent.append(message),
            log or self.logged.append,
            Access(self.clock, LOGIN),
        )

    def clock(self):
        return self.now

    def send(self, address, *arguments, peer=ANNE):
        return self.receive(build(address, *arguments), peer)

    def receive(self, datagram, peer=ANNE):
        """The messages sent because of it."""
        before = len(self.sent)
        self.dispatcher.receive(datagram, peer, arrived=50.0)
        return self.sent[before:]

    def due(self, hop_start=0.0):
        return [(event.path, event.values) for event in self.engine.timeline.due(hop_start, 0.01)]


@pytest.fixture
def bench(fake_engine):
    return Bench(fake_engine())


def bundle(seconds, *elements):
    tag = ntp.IMMEDIATELY if seconds is None else ntp.system_time_to_ntp(seconds)
    return b"#bundle\0" + tag + b"".join(struct.pack(">i", len(element)) + element for element in elements)


def test_a_setting_becomes_an_event_with_its_author(bench):
    assert bench.send("/aitunes/pad/xy", 0.25, 2) == []
    (event,) = bench.engine.timeline.due(0.0, 0.01)
    assert (event.path, event.values, event.origin, event.arrived) == ("/aitunes/pad/xy", (0.25, 1.0), ANNE, 50.0)


def test_a_former_address_does_what_the_present_one_does_and_is_answered_by_its_name(bench):
    bench.send("/aitunes/glide", 0.5)
    bench.send("/aitunes/{model,x}/load")
    setting, question = bench.engine.timeline.due(0.0, 0.01)
    assert (setting.path, setting.values) == ("/aitunes/smoothing", (0.5,))
    assert (question.path, question.values, peer_of(question.origin)) == ("/aitunes/release/load", None, ANNE)
    answer = as_known_to(question.origin, question.path, ("tiny",))
    assert answer == ("/aitunes/model/load", ("tiny",))
    ((_, refusal, (address, reason)),) = bench.send("/aitunes/glide", "fast")
    assert (refusal, address, reason) == ("/fail", "/aitunes/glide", "smoothing_seconds must be a number")


def test_a_pattern_reaches_an_address_once_whatever_its_names(bench):
    bench.send("/aitunes/{glide,smoothing}", 0.5)
    assert bench.due() == [("/aitunes/smoothing", (0.5,))]


def test_a_setting_without_arguments_is_a_question(bench):
    bench.send("/aitunes/gain")
    assert bench.due() == [("/aitunes/gain", None)]


def test_an_action_without_arguments_is_none(bench):
    bench.send("/aitunes/play")
    assert bench.due() == [("/aitunes/play", ())]


@pytest.mark.parametrize(
    ("address", "arguments", "sentence"),
    [
        ("/aitunes/nothing", (1,), "there is no such address"),
        ("/aitunes/latent/3", (0.5,), "there is no such address"),
        ("/aitunes/zzz*", (), "there is no such address"),
        ("/aitunes/[", (), "there is no such address"),
        ("/aitunes/pad/xy", (0.5,), "wants 2 arguments (x y)"),
        ("/aitunes/gain", ("loud",), "gain_db must be a number"),
        ("/aitunes/gain", (float("nan"),), "gain_db is not a finite number"),
        ("/aitunes/smoothing", (float("inf"),), "smoothing_seconds is not a finite number"),
        ("/aitunes/snapshot/save", (), "wants 1 argument (name)"),
        ("/qui?", (), "no pattern ends the engine"),
        ("/aitunes/sto?", (1, 2), "wants no arguments"),
        ("/aitunes/pad/*", (1, 2, 3), "wants 2 arguments"),
        ("/aitunes/" + "x" * 200, (), "there is no such address"),
        ("/aitunes/play", (1, 1), "wants no arguments"),
        ("/aitunes/play", ("now",), "wants no arguments"),
        ("/aitunes/play", (float("nan"),), "wants no arguments"),
        ("/status", (1,), "wants no arguments"),
        ("/aitunes/release/list", (1,), "wants no arguments"),
        ("/notify", (), "wants 1 to 3 arguments (subscribe"),
        ("/notify", (1, 99_999), "not the token that was sent to you last"),
        ("/login", (LOGIN,), "connections over TCP log in"),
        ("/aitunes/snapshot/recall", (), "wants 1 to 2 arguments (name morph_seconds)"),
        ("/aitunes/meter*", (), "there is no such address"),
    ],
)
def test_what_cannot_be_obeyed_is_refused_to_its_author_and_changes_nothing(bench, address, arguments, sentence):
    ((peer, reply, (failed, reason)),) = bench.send(address, *arguments)
    assert (peer, reply, failed) == (ANNE, "/fail", address[:120])
    assert sentence in reason
    assert bench.due() == []


def test_a_pattern_reaches_every_address_it_stands_for(bench):
    bench.send("/aitunes/pad/[xy]", 0.5)
    assert bench.due() == [("/aitunes/pad/x", (0.5,)), ("/aitunes/pad/y", (0.5,))]
    bench.send("/aitunes/latent/*", 9.0)
    assert bench.due() == [(f"/aitunes/latent/{n}", (4.0,)) for n in range(3)]


def test_a_pattern_reaches_those_addresses_that_its_arguments_fit(bench):
    assert bench.send("/aitunes/*/x*", 0.5) == []
    assert bench.due() == [("/aitunes/pad/x", (0.5,))]
    assert bench.send("/aitunes/*", -3.0) == []
    reached = dict(bench.due())
    assert reached["/aitunes/gain"] == (-3.0,)
    assert "/aitunes/play" not in reached
    assert "/aitunes/quality" not in reached


def test_a_pattern_without_arguments_asks_and_does_nothing_else(bench):
    assert bench.send("/aitunes/*") == []
    asked = bench.due()
    assert ("/aitunes/gain", None) in asked
    assert all(values is None for _, values in asked)
    assert not {"/aitunes/stop", "/aitunes/play"} & {path for path, _ in asked}
    bench.send("/aitunes/{play,gain}")
    assert bench.due() == [("/aitunes/gain", None)]
    bench.send("/aitunes/release/*")
    assert bench.due() == [("/aitunes/release/load", None)]


def test_a_pattern_without_arguments_acts_where_there_is_nothing_to_ask_for(bench):
    assert bench.send("/aitunes/{play,stop}") == []
    assert bench.due() == [("/aitunes/play", ()), ("/aitunes/stop", ())]
    assert [reply for _, reply, _ in bench.send("/{version,status}")] == ["/status.reply", "/version.reply"]
    bench.send("/*")
    assert not bench.engine.ended


@pytest.mark.parametrize("path", ["/aitunes/play", "/aitunes/notes/off", "/aitunes/record/stop"])
@pytest.mark.parametrize(("pressed", "released"), [(1, 0), (1.0, 0.0), (0.3, ("d", 0.0)), (True, False)])
def test_a_button_acts_when_it_is_pressed_and_not_when_it_is_let_go(bench, path, pressed, released):
    assert bench.send(path, pressed) == []
    assert bench.due() == [(path, ())]
    assert bench.send(path, released) == []
    assert bench.due() == []


@pytest.mark.parametrize(
    "path", ["/aitunes/release/load", "/aitunes/device/set", "/aitunes/device/block", "/aitunes/record/start"]
)
def test_commands_that_choose_tell_what_is_chosen(bench, path):
    assert bench.send(path) == []
    assert bench.due() == [(path, None)]


def test_a_bundle_of_settings_that_overwrite_each_other_becomes_the_last_before_the_synth_sees_it(bench):
    bench.engine.rows = expand(512)
    assert bench.receive(bundle(None, *[build("/aitunes/latent/*", float(n % 4)) for n in range(7)])) == []
    events = list(bench.engine.timeline.due(0.0, 0.01))
    assert len(events) == 512
    assert {event.values for event in events} == {(2.0,)}


@pytest.mark.parametrize(
    ("messages", "size"), [([("/aitunes/gain",)] * 513, 3), ([("/aitunes/latent/*", 1.0)] * 1_500, 512)]
)
def test_a_packet_that_would_hold_up_the_synth_is_refused(bench, messages, size):
    bench.engine.rows = expand(size)
    ((_, address, (_, reason)),) = bench.receive(bundle(None, *[build(*message) for message in messages]))
    assert address == "/fail"
    assert "512 values" in reason
    assert bench.due() == []


def test_a_terminal_that_was_closed_ends_nothing(fake_engine):
    def closed(line):
        raise ValueError("I/O operation on closed file")

    bench = Bench(fake_engine(), closed)
    bench.send("/dumpOSC", 3)
    bench.send("/aitunes/gain", -6.0)
    bench.receive(b"junk")
    assert bench.due() == [("/aitunes/gain", (-6.0,))]


def test_a_sync_of_any_number_can_be_answered(bench):
    bench.send("/sync", ("d", 1e300))
    ((_, values),) = bench.due()
    assert build("/synced", *values)


def test_messages_of_a_bundle_are_one_group_and_the_wrong_ones_are_named(bench):
    sent = bench.receive(
        bundle(None, build("/aitunes/pad/x", 0.25), build("/aitunes/nothing"), build("/aitunes/gain", -3.0))
    )
    assert [(address, arguments[0]) for _, address, arguments in sent] == [("/fail", "/aitunes/nothing")]
    assert bench.due() == [("/aitunes/pad/x", (0.25,)), ("/aitunes/gain", (-3.0,))]


def test_a_time_tag_holds_the_bundle(bench):
    bench.receive(bundle(60.0, build("/aitunes/play")))
    assert bench.due(60.0 - 0.05) == []
    assert bench.due(60.0 - 0.004) == [("/aitunes/play", ())]


def test_what_is_about_the_connection_waits_for_its_time_tag_too(bench):
    ((_, refusal, (refused, _)),) = bench.receive(bundle(60.0, build("/version"), build("/quit")), peer=FAR)
    assert (refusal, refused) == ("/fail", "/quit")
    for event in bench.engine.timeline.due(60.0, 0.01):
        event.function()
    assert bench.sent[-1][:2] == (FAR, "/version.reply")
    assert not bench.engine.ended
    bench.receive(bundle(60.0, build("/quit")))
    assert not bench.engine.ended
    (event,) = bench.engine.timeline.due(60.0, 0.01)
    event.function()
    assert bench.engine.ended


def test_a_tag_far_ahead_is_refused_with_a_sentence_because_a_clock_must_be_wrong(bench):
    assert bench.receive(bundle(50.0 + MAX_AHEAD_SECONDS, build("/aitunes/play"))) == []
    ((_, address, (path, reason)),) = bench.receive(bundle(362.0, build("/aitunes/play"), build("/aitunes/stop")))
    assert (address, path) == ("/fail", "/aitunes/play")
    assert "312 s ahead of this machine's clock" in reason
    assert bench.engine.timeline.held_events == 1


@pytest.mark.parametrize(("value", "clipped"), [(0.5, False), (2, True), (-1.0, True), (1, False)])
def test_a_value_that_was_clipped_is_known_as_such(bench, value, clipped):
    bench.send("/aitunes/pad/x", value)
    (event,) = bench.engine.timeline.due(0.0, 0.01)
    assert event.clipped is clipped


def test_bundles_inside_a_bundle_have_their_own_time(bench):
    bench.receive(bundle(None, build("/aitunes/play"), bundle(60.0, build("/aitunes/stop"))))
    assert bench.due() == [("/aitunes/play", ())]
    assert bench.due(60.0) == [("/aitunes/stop", ())]


def test_more_held_events_than_promised_are_refused_and_cleared_on_demand(bench):
    for _ in range(MAX_HELD):
        assert bench.receive(bundle(60.0, build("/aitunes/play"))) == []
    ((_, address, (failed, reason)),) = bench.receive(bundle(60.0, build("/aitunes/stop")))
    assert (address, failed) == ("/fail", "/aitunes/stop")
    assert "/clearSched" in reason
    bench.send("/clearSched")
    assert bench.due(60.0) == []
    assert bench.receive(bundle(60.0, build("/aitunes/play"))) == []


def test_other_machines_that_fill_what_is_held_leave_room_for_programs_of_this_one(bench):
    for n in range(MAX_HELD):
        assert bench.receive(bundle(60.0, build("/aitunes/play")), peer=(f"192.0.2.{n % 200}", 9)) == []
    ((_, address, _),) = bench.receive(bundle(60.0, build("/aitunes/play")), peer=("192.0.2.250", 9))
    assert address == "/fail"
    assert bench.receive(bundle(60.0, build("/aitunes/stop"))) == []
    assert bench.engine.timeline.held_events == MAX_HELD + 1


def test_status_has_the_order_and_the_types_of_the_protocol(bench):
    ((peer, address, arguments),) = bench.send("/status")
    assert (peer, address) == (ANNE, "/status.reply")
    assert b",iiiiffddffffsTiissf\0" in build(address, *arguments)
    assert arguments[:4] == (1, 2, 3, 4)
    assert arguments[-7:] == ("tiny", True, 24, 0, "", "", 0.0)


def test_version_is_a_name_and_three_numbers(bench):
    ((_, address, (name, *numbers)),) = bench.send("/version")
    assert (address, name) == ("/version.reply", "AiTunes")
    assert [type(number) for number in numbers] == [int] * 3


def test_notify_subscribes_and_ends(bench):
    ((_, address, (about, number, token)),) = bench.send("/notify", 1)
    assert (address, about) == ("/done", "/notify")
    assert bench.subscribers.current() == [ANNE]
    assert bench.subscribers.current(proved=True) == []
    assert bench.send("/notify", 1, token) == [(ANNE, "/done", ("/notify", number))]
    assert bench.subscribers.current(proved=True) == [ANNE]
    assert bench.send("/notify", 0) == [(ANNE, "/done", ("/notify", number))]
    assert bench.subscribers.current() == []


def test_another_machine_is_subscribed_when_it_sends_the_token_back(bench):
    ((_, _, (_, number, token)),) = bench.send("/notify", 1, peer=FAR)
    assert number == 0
    assert bench.subscribers.current() == []
    ((_, _, (_, number)),) = bench.send("/notify", 1, token, peer=FAR)
    assert number > 0
    assert bench.subscribers.current(proved=True) == [FAR]


@pytest.mark.parametrize("peer", [("192.168.1.9", 5001), ("192.168.1.8", 5000), ANNE])
def test_a_token_is_worth_nothing_from_another_address(bench, peer):
    ((_, _, (_, _, token)),) = bench.send("/notify", 1, peer=FAR)
    ((_, address, _),) = bench.send("/notify", 1, token, peer=peer)
    assert address == "/fail"
    assert bench.subscribers.current() == []


def test_a_subscriber_is_asked_for_a_proof_again_and_without_one_hears_no_more(bench):
    ((_, _, (_, _, token)),) = bench.send("/notify", 1, peer=FAR)
    bench.send("/notify", 1, token, peer=FAR)
    asked = []
    for _ in range(20):
        bench.now += LEASE_SECONDS / 3
        asked += [values for _, address, values in bench.send("/aitunes/gain", 0.0, peer=FAR) if address == "/done"]
    assert asked
    assert all(len(values) == 3 for values in asked)
    assert bench.subscribers.current() == []
    bench.send("/notify", 1, bench.send("/notify", 1, peer=FAR)[0][2][2], peer=FAR)
    for _ in range(20):
        bench.now += LEASE_SECONDS / 3
        for _, address, values in bench.send("/aitunes/gain", 0.0, peer=FAR):
            if address == "/done" and len(values) == 3:
                bench.send("/notify", 1, values[2], peer=FAR)
    assert bench.subscribers.current(proved=True) == [FAR]


def test_a_connection_is_proved_by_itself(bench):
    ((_, _, values),) = bench.send("/notify", 1, peer=CONNECTED)
    assert len(values) == 2
    assert bench.subscribers.current(proved=True) == [CONNECTED]


def test_answers_go_to_the_port_that_was_asked_for(bench):
    target = (FAR[0], 7645)
    ((peer, _, (_, _, token)),) = bench.send("/notify", 1, 7645, peer=FAR)
    assert peer == target
    ((peer, _, values),) = bench.send("/notify", 1, 7645, token, peer=FAR)
    assert (peer, len(values)) == (target, 2)
    assert bench.subscribers.current() == [target]
    assert bench.send("/version", peer=FAR)[0][0] == target
    assert bench.send("/aitunes/nothing", peer=FAR)[0][0] == target
    bench.send("/aitunes/gain", -3.0, peer=FAR)
    (event,) = bench.engine.timeline.due(0.0, 0.01)
    assert event.origin == target  # so that it is not told of its own changes
    bench.now += LEASE_SECONDS
    bench.send("/aitunes/gain", -4.0, peer=FAR)  # renews
    bench.now += LEASE_SECONDS
    assert bench.subscribers.current() == [target]
    bench.send("/notify", 0, 7645, peer=FAR)
    assert bench.send("/version", peer=FAR)[0][0] == FAR


def test_quit_is_obeyed_from_this_machine_only(bench):
    ((peer, address, (failed, reason)),) = bench.send("/quit", peer=FAR)
    assert (peer, address, failed) == (FAR, "/fail", "/quit")
    assert "own machine" in reason
    assert not bench.engine.ended
    bench.send("/qui?", peer=FAR)
    assert not bench.engine.ended
    assert bench.send("/quit") == [(ANNE, "/done", ("/quit",))]
    assert bench.engine.ended


@pytest.mark.parametrize("path", sorted(LOCAL_ONLY))
@pytest.mark.parametrize(
    ("peer", "sentence"), [(FAR, "own machine"), (CONNECTED, "needs /login"), (("::2", 5000), "own machine")]
)
def test_files_recordings_and_the_end_are_for_programs_of_this_machine(bench, path, peer, sentence):
    row = bench.engine.rows[path]
    arguments = ["name" if argument.type == "s" else 1 for argument in row.arguments]
    ((_, address, (failed, reason)),) = bench.send(path, *arguments, peer=peer)
    assert (address, failed) == ("/fail", path)
    assert sentence in reason
    pattern = path[:-1] + "?"
    bench.send(pattern, *arguments, peer=peer)
    assert bench.due() == []
    assert not bench.engine.ended


def test_a_connection_that_knows_the_token_has_the_rights_of_this_machine(bench):
    ((_, address, _),) = bench.send("/login", "wrong", peer=CONNECTED)
    assert address == "/fail"
    assert bench.send("/login", LOGIN, peer=CONNECTED) == [(CONNECTED, "/done", ("/login",))]
    bench.send("/aitunes/record/start", "take.wav", peer=CONNECTED)
    assert bench.due() == [("/aitunes/record/start", ("take.wav",))]
    bench.send("/quit", peer=CONNECTED._replace(connection=2))
    assert not bench.engine.ended
    bench.send("/quit", peer=CONNECTED)
    assert bench.engine.ended


@pytest.mark.parametrize("peer", [("127.0.0.1", 1), ("::1", 1), ("::ffff:127.0.0.1", 1)])
def test_a_program_of_this_machine_may_do_everything_over_udp(bench, peer):
    bench.send("/aitunes/record/start", "take.wav", peer=peer)
    assert bench.due() == [("/aitunes/record/start", ("take.wav",))]


@pytest.mark.parametrize("peer", [ANNE, FAR, CONNECTED])
@pytest.mark.parametrize(
    ("address", "arguments"),
    [
        ("/fail", ("/aitunes/gain", "because")),
        ("/done", ("/notify", 1, 70_000)),
        ("/synced", (1,)),
        ("/error", ("a sentence",)),
        ("/status.reply", (0,) * 15),
        ("/version.reply", ("AiTunes", 0, 1, 0)),
        ("/some.reply", ()),
        ("/aitunes/meter", (0.0, 0.0)),
        ("/aitunes/scope", (b"1234",)),
        ("/aitunes/scope", ()),
        ("/aitunes/device/changed", ("one", "two")),
        ("/aitunes/model", ("name", "Name", "text", 8)),
        ("/aitunes/snapshot", ("name",)),
    ],
)
def test_answers_are_never_answered(bench, peer, address, arguments):
    assert bench.send(address, *arguments, peer=peer) == []
    assert bench.due() == []


def test_an_answer_that_cannot_be_read_is_not_answered_either(bench):
    for path in (b"/fail\0\0\0", b"/done\0\0\0", b"/a.reply\0\0\0\0"):
        assert bench.receive(bundle(None, path + b",q\0\0")) == []
    assert bench.receive(bundle(None, b"/aitunes/gain\0\0\0,q\0\0")) != []


def test_two_engines_that_hear_each_other_fall_silent(fake_engine):
    one, two = Bench(fake_engine()), Bench(fake_engine())
    said = one.send("/aitunes/nothing", 1, peer=FAR)
    said += one.send("/status", peer=FAR) + one.send("/notify", 1, peer=FAR) + one.send("/version", peer=FAR)
    assert len(said) == 4
    for _ in range(4):
        here = [message for _, address, arguments in said for message in two.send(address, *arguments, peer=FAR)]
        one, two, said = two, one, here
    assert said == []


def test_refusals_of_one_sender_are_bounded_in_rate_and_of_another_are_not(bench):
    refused = sum(len(bench.send("/aitunes/nothing", peer=FAR)) for _ in range(1_000))
    assert refused == 20
    assert len(bench.send("/aitunes/nothing", peer=("192.168.1.9", 6000))) == 0
    assert len(bench.send("/aitunes/nothing", peer=ANNE)) == 1
    bench.now += 1.0
    assert sum(len(bench.send("/aitunes/nothing", peer=FAR)) for _ in range(1_000)) == 10


def test_a_flood_of_patterns_that_match_nothing_is_cut_short(bench):
    elements = [build(f"/aitunes/zz{n}*") for n in range(2_000)]
    sent = bench.receive(bundle(None, *elements))
    assert "more work than one sender may cause" in sent[-1][2][1] or len(sent) == 20
    before = len(bench.sent)
    for _ in range(50):
        bench.receive(bundle(None, *elements))
    assert len(bench.sent) == before
    assert bench.send("/aitunes/gain", -6.0, peer=FAR) == []  # others are heard
    assert bench.due() == [("/aitunes/gain", (-6.0,))]
    bench.now += 1.0
    bench.send("/aitunes/gain", -7.0)
    assert bench.due() == [("/aitunes/gain", (-7.0,))]


def test_ten_thousand_settings_a_second_are_no_flood(bench):
    for _ in range(30):
        for _ in range(1_000):
            assert bench.send("/aitunes/pad/xy", 0.5, 0.5) == []
        assert set(bench.due()) == {("/aitunes/pad/xy", (0.5, 0.5))}
        bench.now += 0.1
    bench.send("/aitunes/gain", -3.0)
    assert bench.due()[-1] == ("/aitunes/gain", (-3.0,))


@pytest.mark.parametrize(
    ("address", "given", "filled"),
    [
        ("/aitunes/snapshot/recall", ("name",), ("name", 0.0)),
        ("/aitunes/gesture/play", ("name",), ("name", 0, 1.0)),
        ("/aitunes/gesture/play", ("name", 1), ("name", 1, 1.0)),
    ],
)
def test_what_may_be_left_out_has_a_value(bench, address, given, filled):
    assert bench.send(address, *given) == []
    assert bench.due() == [(address, filled)]


def test_sync_waits_in_the_queue_of_all_other_work(bench):
    bench.receive(bundle(None, build("/aitunes/release/load", "x"), build("/sync", 7)))
    assert bench.due() == [("/aitunes/release/load", ("x",)), ("/sync", (7,))]


def test_malformed_packets_are_counted_and_renew_nothing(bench):
    bench.send("/notify", 1)
    for datagram in (b"", b"junk", b"/aitunes/gain\0\0\0,f\0\0", bundle(None, b"junk"), b"\xff" * 100):
        assert bench.receive(datagram) == []
    assert bench.dispatcher.malformed_packets == 5
    assert bench.due() == []


def test_one_message_of_unknown_types_spoils_no_other(bench):
    strange = b"/aitunes/gain\0\0\0,q\0\0\0\0\0\0"
    sent = bench.receive(bundle(None, build("/aitunes/pad/x", 0.25), strange, build("/aitunes/pad/y", 0.5)))
    assert [(address, values[0]) for _, address, values in sent] == [("/fail", "/aitunes/gain")]
    assert bench.due() == [("/aitunes/pad/x", (0.25,)), ("/aitunes/pad/y", (0.5,))]


def test_an_impulse_presses_a_button_and_a_symbol_is_text(bench):
    bench.receive(b"/aitunes/play\0\0\0,I\0\0")
    bench.receive(b"/aitunes/release/load\0\0\0,S\0\0tiny\0\0\0\0")
    assert bench.due() == [("/aitunes/play", ()), ("/aitunes/release/load", ("tiny",))]


def test_one_malformed_element_spoils_its_whole_packet(bench):
    bench.receive(bundle(None, build("/aitunes/play"), b"junk"))
    assert bench.due() == []
    assert bench.dispatcher.malformed_packets == 1


@pytest.mark.parametrize(
    ("mode", "logged"),
    [(0, []), (1, ["parsed"]), (2, ["hex"]), (3, ["hex", "parsed"])],
)
def test_dump_logs_what_was_asked_for(bench, mode, logged):
    bench.send("/dumpOSC", mode)
    bench.send("/aitunes/gain", -6.0)
    kinds = ["parsed" if "/aitunes/gain" in line else "hex" for line in bench.logged]
    assert kinds == logged
    assert all(line.startswith("127.0.0.1:5000 ") for line in bench.logged)
    bench.send("/aitunes/\x1b[2J\x9b\n", "\x1b]0;title\x07")
    assert all(line.isprintable() for line in bench.logged)
    bench.send("/dumpOSC", 0)
    count = len(bench.logged)
    bench.send("/aitunes/gain", -6.0)
    assert len(bench.logged) == count


@given(st.lists(st.binary(max_size=80) | st.sampled_from([build(path) for path in expand(3)]), max_size=5))
def test_whatever_arrives_no_exception_leaves(fake_engine, datagrams):
    bench = Bench(fake_engine())
    for datagram in datagrams:
        bench.receive(datagram)
        bench.receive(bundle(None, datagram))
    assert all(build(address, *arguments) for _, address, arguments in bench.sent)


@given(
    st.text(max_size=30),
    st.lists(st.integers(-(2**63), 2**63 - 1) | st.text(max_size=5) | st.binary(min_size=1), max_size=3),
)
def test_every_refusal_can_be_sent(fake_engine, address, arguments):
    bench = Bench(fake_engine())
    try:
        datagram = build(f"/{address}", *arguments)
    except Exception:  # noqa: BLE001  text that OSC cannot carry
        return
    for _, reply, values in bench.receive(datagram):
        assert build(reply, *values)
