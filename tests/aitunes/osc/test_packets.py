"""Whatever arrives: messages or a PacketError, and nothing else."""

import contextlib
import math
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pythonosc.osc_message_builder import OscMessageBuilder
from pythonosc.parsing import ntp

from aitunes.osc.packets import MAX_DEPTH, Message, PacketError, build, messages, parse

NOW = ntp.IMMEDIATELY

TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=12)
ADDRESS = TEXT.map(lambda text: f"/{text}")
INTEGER = st.integers(-(2**63), 2**63 - 1)
ARGUMENT = st.booleans() | INTEGER | st.floats(width=32, allow_nan=False) | TEXT | st.none()
TYPE_TAGS = st.text("ifhdsbtTFNrm[]cSIz", max_size=20)


def padded(text):
    return text + b"\0" * (4 - len(text) % 4)


def bundle(*elements, tag=NOW):
    return b"#bundle\0" + tag + b"".join(struct.pack(">i", len(element)) + element for element in elements)


def parses_or_refuses(datagram):
    try:
        packets = parse(datagram)
    except PacketError:
        return
    assert all(isinstance(message.address, str) for packet in packets for message in packet.messages)
    assert all(packet.time is None or math.isfinite(packet.time) for packet in packets)


@given(st.binary(max_size=300))
def test_arbitrary_bytes_never_raise_anything_else(datagram):
    parses_or_refuses(datagram)


@given(TYPE_TAGS, st.binary(max_size=64))
def test_arbitrary_arguments_never_raise_anything_else(tags, rest):
    datagram = padded(b"/aitunes/gain") + padded(f",{tags}".encode()) + rest
    parses_or_refuses(datagram)
    parses_or_refuses(datagram + b"\0" * (-len(datagram) % 4))


@given(st.lists(st.binary(max_size=40), max_size=5), st.binary(min_size=8, max_size=8))
def test_arbitrary_bundle_elements_never_raise_anything_else(elements, tag):
    parses_or_refuses(bundle(*elements, tag=tag))


@given(ADDRESS, st.lists(ARGUMENT, max_size=6), st.data())
def test_a_damaged_message_never_raises_anything_else(address, arguments, data):
    datagram = bytearray(build(address, *arguments))
    index = data.draw(st.integers(0, len(datagram) - 1))
    datagram[index] = data.draw(st.integers(0, 255))
    parses_or_refuses(bytes(datagram))
    parses_or_refuses(bytes(datagram[:index]))


@given(ADDRESS, st.lists(ARGUMENT, max_size=6))
def test_what_is_built_is_parsed_again(address, arguments):
    (packet,) = parse(build(address, *arguments))
    assert packet.time is None
    assert packet.messages == [Message(address, arguments)]


@given(st.lists(st.tuples(ADDRESS, st.lists(ARGUMENT, max_size=2)), max_size=5), st.floats(1.6e9, 2.0e9))
def test_a_bundle_keeps_its_messages_order_and_time(messages, seconds):
    elements = [build(address, *arguments) for address, arguments in messages]
    (packet,) = parse(bundle(*elements, tag=ntp.system_time_to_ntp(seconds)))
    assert packet.time == pytest.approx(seconds, abs=1e-6)
    assert packet.messages == [Message(*message) for message in messages]


def test_the_immediate_tag_is_no_time():
    assert parse(bundle(build("/x")))[0].time is None


def test_every_numeric_type_arrives():
    builder = OscMessageBuilder("/x")
    for tag, value in (("i", -1), ("f", 0.5), ("d", 0.1), ("h", 2**40), ("T", True), ("F", False)):
        builder.add_arg(value, tag)
    assert parse(builder.build().dgram)[0].messages[0].arguments == [-1, 0.5, 0.1, 2**40, True, False]


def test_types_can_be_asked_for_by_name():
    assert b",d" in build("/x", ("d", 48_000.0))
    assert b",f" in build("/x", 48_000.0)


def nested(depth):
    datagram = build("/x", 1.0)
    for _ in range(depth):
        datagram = bundle(datagram)
    return datagram


def test_bundles_nest_as_deep_as_promised_and_no_deeper():
    packets = parse(nested(MAX_DEPTH))
    assert [message.address for packet in packets for message in packet.messages] == ["/x"]
    with pytest.raises(PacketError, match="nest more than 8 deep"):
        parse(nested(MAX_DEPTH + 1))


def test_nesting_that_would_fill_a_datagram_is_refused_too():
    with pytest.raises(PacketError, match="nest"):
        parse(nested(3000))


@pytest.mark.parametrize("size", [0, -4, 3, 2**31 - 1, -(2**31), 400])
def test_an_elements_size_that_does_not_fit_is_refused(size):
    with pytest.raises(PacketError, match="does not fit"):
        parse(b"#bundle\0" + NOW + struct.pack(">i", size) + build("/x"))


@pytest.mark.parametrize("tag", ["c", "q", "z", "iQ"])
def test_unknown_types_refuse_the_message_and_shift_nothing(tag):
    with pytest.raises(PacketError, match="unknown OSC types"):
        parse(padded(b"/x") + padded(f",{tag}f".encode()) + struct.pack(">fff", 1, 2, 3))


def test_symbols_are_text_and_impulses_are_true():
    ((message,),) = (
        packet.messages for packet in parse(padded(b"/x") + padded(b",SIi") + padded(b"name") + b"\0\0\0\1")
    )
    assert message.arguments == ["name", True, 1]


def test_a_message_of_a_bundle_that_cannot_be_read_is_named_and_leaves_the_others():
    elements = [build("/a", 1), padded(b"/strange") + padded(b",q"), build("/b", 2.0)]
    ((first, strange, last),) = (packet.messages for packet in parse(bundle(*elements)))
    assert (first.address, first.arguments, first.fault) == ("/a", [1], "")
    assert (strange.address, strange.arguments) == ("/strange", [])
    assert "unknown OSC types 'q'" in strange.fault
    assert last.arguments == [2.0]
    assert [message.address for message in messages(bundle(*elements))] == ["/a", "/b"]


@pytest.mark.parametrize("tags", ["f", "ff", "fff", "ifd"])
def test_arguments_that_are_missing_are_not_made_up(tags):
    with pytest.raises(PacketError):
        parse(padded(b"/x") + padded(f",{tags}".encode()) + b"\0\0\0\0" * (len(tags) - 1))


@pytest.mark.parametrize("tags", ["[" * 20_000 + "]" * 20_000, "[" * 40_000, "]", "f" * 40_000, "T" * 60_000])
def test_extreme_type_tags_are_parsed_or_refused(tags):
    parses_or_refuses(padded(b"/x") + padded(f",{tags}".encode()))


@pytest.mark.parametrize("datagram", [b"", b"x", b"#bundle", b"#bundle\0", b"#bundlX\0" + bytes(8), b"/x", bytes(16)])
def test_what_is_neither_message_nor_bundle_is_refused(datagram):
    with pytest.raises(PacketError):
        parse(datagram)


def test_a_message_without_type_tags_has_no_arguments():
    assert parse(padded(b"/x"))[0].messages == [Message("/x", [])]


@pytest.mark.parametrize("address", [b"/a\0\0", b"/a\0x", b"/abc\0xyz"])
def test_types_that_nobody_knows_are_refused_whatever_pads_the_address(address, caplog):
    with pytest.raises(PacketError, match="unknown OSC types 'q'"):
        parse(address + b",q\0\0" + bytes(8))
    assert caplog.records == []


def test_a_value_that_osc_cannot_carry_is_refused():
    with pytest.raises(PacketError, match="cannot be sent"):
        build("/synced", 2**80)


@pytest.mark.parametrize("tags", ["[ff]", "[f[f]]", "f[f]", "[][ff]", "[[ff]]"])
def test_an_array_is_read_as_its_values(tags):
    datagram = b"/aitunes/pad/xy\0" + padded(b"," + tags.encode()) + struct.pack(">ff", 0.25, 0.5)
    assert parse(datagram)[0].messages == [Message("/aitunes/pad/xy", [0.25, 0.5])]


def test_deep_arrays_are_read_or_refused():
    for tags in ("[" * 900 + "]" * 900, "[" * 30_000, "]" * 100, "]["):
        with contextlib.suppress(PacketError):
            parse(b"/x\0\0" + padded(b"," + tags.encode()))
