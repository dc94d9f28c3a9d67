"""Messages that a visitor may not send are refused by every way of writing them."""

import pytest

from aitunes.osc.packets import Message
from instrument.namespace import LOCAL_ONLY
from instrument.web.refusals import PATTERN_MESSAGES, REFUSED, REFUSED_OSCQUERY, count, first_refused
from instrument.web.visitors import Role

FROM_AFAR = sorted(LOCAL_ONLY | {"/notify", "/login", "/clearSched", "/aitunes/device/set", "/aitunes/device/block"})


def refused(address, *more, role=Role.PHONE, table=REFUSED):
    return first_refused([Message(one, []) for one in (address, *more)], table[role])


@pytest.mark.parametrize("path", FROM_AFAR)
def test_a_phone_and_a_guest_cannot_write_around_it(path):
    head, last = path[:-1], path[-1]
    ways = (path, head + "?", head + "*", f"{head}[{last}x]", f"{head}[!_]", f"{{{path[1:]},x}}", f"/{{x,{path[1:]}}}")
    for role in (Role.PHONE, Role.GUEST):
        for table in (REFUSED, REFUSED_OSCQUERY):
            for way in (way for way in ways if way.startswith("/")):
                assert refused(way, role=role, table=table) or ("/" in path[1:] and "{" in way), way
            assert refused("/status", path, role=role, table=table) == path


def test_a_page_without_a_session_neither_subscribes_others_nor_writes():
    for path in ("/notify", "/login", "/quit", "/aitunes/record/start"):
        assert refused(path, role=Role.STRANGER, table=REFUSED_OSCQUERY) == path


def test_what_plays_is_refused_to_nobody():
    for role in Role:
        assert refused("/aitunes/note", "/aitunes/latent/*", "/aitunes/pad/xy", "/status", role=role) == ""


def test_a_pattern_counts_for_what_it_costs():
    assert count([Message("/aitunes/gain", []), Message("/aitunes/*", [])]) == 1 + PATTERN_MESSAGES
