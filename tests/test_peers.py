"""Tests what cannot be tested here is skipped with a reason, and is a failure where nothing may be skipped."""

import sys

import pytest


def test_a_program_that_is_there_is_found(need):
    assert need(sys.executable, "python3") == sys.executable


def test_a_missing_program_skips_with_a_reason(need, monkeypatch):
    monkeypatch.delenv("AITUNES_REQUIRE_PEERS", raising=False)
    with pytest.raises(pytest.skip.Exception, match="no-such-program is not installed; apt-get install nothing"):
        need("no-such-program", "nothing")


def test_a_missing_program_fails_where_the_tests_must_be_complete(need, monkeypatch):
    monkeypatch.setenv("AITUNES_REQUIRE_PEERS", "1")
    with pytest.raises(pytest.fail.Exception, match="no-such-program is not installed"):
        need("no-such-program", "nothing")
