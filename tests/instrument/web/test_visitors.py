"""Tells programs, pages, phones and strangers apart by what they cannot make up."""

import pytest
from starlette.requests import HTTPConnection

from instrument.web.phones import Phones
from instrument.web.visitors import Role, Visitors

ORIGIN = "http://localhost:3000"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


@pytest.fixture
def visitors():
    return Visitors(Phones(), [ORIGIN])


def connection(host="127.0.0.1", server="127.0.0.1", port=7421, **headers):
    raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return HTTPConnection({"type": "http", "client": (host, 5), "server": (server, port), "headers": raw})


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "::ffff:127.0.0.1"])
def test_a_program_of_this_machine_is_one(visitors, host):
    assert visitors.identify(connection(host, user_agent="curl/8.9.1")).role is Role.PROGRAM


@pytest.mark.parametrize(
    "headers", [{"user_agent": FIREFOX}, {"sec_fetch_site": "none"}, {"origin": "http://127.0.0.1:7421"}]
)
def test_a_browser_is_no_program_also_where_it_does_not_say_where_its_page_is_from(visitors, headers):
    assert visitors.identify(connection(**headers)).role is Role.STRANGER


def test_a_page_of_a_named_origin_is_a_guest_on_this_machine_alone(visitors):
    assert visitors.identify(connection(origin=ORIGIN)).role is Role.GUEST
    # Another machine's program could write any origin there.
    assert visitors.identify(connection("192.168.1.7", "192.168.1.2", origin=ORIGIN)).role is Role.STRANGER


def test_a_session_is_for_the_port_that_gave_it(visitors):
    token = visitors.open()
    assert visitors.identify(connection(cookie=f"aitunes-7421={token}; aitunes-7431=x")).role is Role.LOCAL
    assert visitors.identify(connection(port=7431, cookie=f"aitunes-7421={token}")).role is not Role.LOCAL


def test_a_session_of_this_machine_opens_nothing_from_another(visitors):
    token = visitors.open()
    visitor = visitors.identify(connection("192.168.1.7", "192.168.1.2", cookie=f"aitunes-7421={token}"))
    assert visitor.role is Role.STRANGER
    assert not visitor.role.rights
