"""A token proves the address that it was sent to, for a while, and nothing else; the login's file is its owner's."""

import os
import stat

import pytest

from instrument.osc.peers import TcpPeer
from instrument.osc.proofs import MIN_TOKEN, PROOF_SECONDS, Proofs, is_login, login_token

ANNE, FAR = ("127.0.0.1", 1), ("192.168.1.9", 1)


@pytest.fixture
def now():
    return [1_000.0]


@pytest.fixture
def proofs(now):
    return Proofs(lambda: now[0])


def test_who_sends_its_token_back_is_proved(proofs):
    assert not proofs.holds(FAR)
    assert proofs.take(FAR, proofs.token(FAR))
    assert proofs.holds(FAR)
    assert not proofs.holds(ANNE)


def test_a_token_is_a_whole_number_of_osc_above_every_port(proofs, now):
    for second in range(0, 10_000, 61):
        now[0] = float(second)
        assert MIN_TOKEN <= proofs.token(FAR) < 2**31


def test_a_token_is_of_one_address_one_secret_and_two_minutes(proofs, now):
    token = proofs.token(FAR)
    assert not proofs.take((FAR[0], 2), token)
    assert not proofs.take(("192.168.1.8", 1), token)
    assert not Proofs(lambda: now[0]).take(FAR, token)
    now[0] += 59.0
    assert proofs.take(FAR, token)
    now[0] += 120.0
    assert not proofs.take(FAR, token)


def test_guessing_changes_the_secret(proofs):
    token = proofs.token(FAR)
    assert not any(proofs.take(FAR, guess) for guess in range(1_000))
    assert not proofs.take(FAR, token)
    assert proofs.take(FAR, proofs.token(FAR))


def test_a_proof_ends_and_is_asked_for_again_before_that(proofs, now):
    proofs.take(FAR, proofs.token(FAR))
    assert not proofs.wanes(FAR)
    now[0] += PROOF_SECONDS / 2
    assert [proofs.wanes(FAR) for _ in range(3)] == [True, False, False]
    now[0] += PROOF_SECONDS / 2
    assert not proofs.holds(FAR)


def test_a_connection_needs_no_token(proofs):
    assert proofs.holds(TcpPeer("192.168.1.9", 1, 1))


def test_many_addresses_take_bounded_memory(proofs):
    for n in range(2_000):
        peer = (f"10.0.{n // 250}.{n % 250}", 1)
        proofs.take(peer, proofs.token(peer))
    assert sum(proofs.holds((f"10.0.{n // 250}.{n % 250}", 1)) for n in range(2_000)) == 512


def test_the_login_is_kept_in_a_file_of_its_owner(tmp_path):
    path = tmp_path / "home" / "osc-token"
    token = login_token(path)
    assert path.read_text() == f"{token}\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert login_token(path) == token
    assert login_token(tmp_path / "other") != token
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("content", [b"", b"short\n", b"\xff" * 33, b"g" * 32, b"a" * 1_000_000])
def test_a_damaged_login_is_written_again(tmp_path, content):
    path = tmp_path / "osc-token"
    path.write_bytes(content)
    token = login_token(path)
    assert len(bytes.fromhex(token)) == 16
    assert login_token(path) == token


def test_a_login_that_is_a_link_or_a_pipe_is_replaced_and_not_followed(tmp_path):
    other = tmp_path / "other"
    other.write_text("0" * 32)
    (tmp_path / "link").symlink_to(other)
    assert login_token(tmp_path / "link") != "0" * 32
    assert other.read_text() == "0" * 32
    os.mkfifo(tmp_path / "pipe")
    assert login_token(tmp_path / "pipe")


def test_where_no_login_can_be_written_nothing_logs_in(tmp_path):
    (tmp_path / "file").touch()
    assert login_token(tmp_path / "file" / "osc-token") == ""
    assert not is_login("", "")


def test_only_the_same_login_is_right():
    assert is_login("abc", "abc")
    assert not any(is_login("abc", given) for given in ("", "ab", "abcd", "äöü", "\udc80"))
