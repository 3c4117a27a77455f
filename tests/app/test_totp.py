"""The digits of an authenticator, and who must have one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from app.permissions import ROLES, Actor, Grant
from app.services.second_factor_policy import is_privileged, must_have_factor
from app.services.totp import as_text, code_at, matching_step, step_of, uri

RFC_SECRET = b"12345678901234567890"


@pytest.mark.parametrize(
    ("seconds", "code"),
    # RFC 6238, appendix B: the last six of its eight digits.
    [(59, "287082"), (1111111109, "081804"), (1234567890, "005924"), (2000000000, "279037"), (20000000000, "353130")],
)
def test_the_digits_are_those_of_the_specification(seconds: int, code: str) -> None:
    moment = datetime.fromtimestamp(seconds, UTC)
    assert code_at(RFC_SECRET, step_of(moment)) == code
    assert matching_step(RFC_SECRET, code, moment) == seconds // 30


@pytest.mark.parametrize(
    ("away", "known"), [(-61, False), (-31, False), (-30, True), (0, True), (30, True), (59, True), (61, False)]
)
def test_a_clock_may_be_half_a_minute_wrong(away: int, known: bool) -> None:
    moment = datetime(2026, 5, 1, 12, 0, 0, tzinfo=UTC)
    code = code_at(RFC_SECRET, step_of(moment + timedelta(seconds=away)))
    assert (matching_step(RFC_SECRET, code, moment) is not None) == known


@pytest.mark.parametrize("code", ["", "28708", "2870820", "abcdef", "２８７０８２"])
def test_what_are_no_six_digits_matches_nothing(code: str) -> None:
    assert matching_step(RFC_SECRET, code, datetime.fromtimestamp(59, UTC)) is None


def test_an_authenticator_scans_the_secret_and_the_name() -> None:
    assert as_text(RFC_SECRET) == "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
    assert (
        uri(RFC_SECRET, "drita+a@example.org")
        == f"otpauth://totp/Sportel:drita%2Ba%40example.org?secret={as_text(RFC_SECRET)}&issuer=Sportel"
    )


@pytest.mark.parametrize("role", sorted(ROLES))
def test_privileged_is_who_administers_or_reveals(role: str) -> None:
    expected = role == "admin" or "submission.reveal" in ROLES[role].verbs
    for grant in (Grant(role), Grant(role, 1), Grant(role, 1, 10)):
        assert is_privileged(Actor(1, "user", "P", None, (Grant("viewer", 2), grant))) == (
            expected or "submission.reveal" in ROLES["viewer"].verbs
        )


@pytest.mark.parametrize(
    ("policy", "administrator", "viewer"), [("off", False, False), ("privileged", True, False), ("all", True, True)]
)
def test_who_must_have_a_second_factor(policy: str, administrator: bool, viewer: bool) -> None:
    assert must_have_factor(policy, Actor(1, "user", "P", None, (Grant("admin"),))) == administrator
    assert must_have_factor(policy, Actor(1, "user", "P", None, (Grant("formfill", 1),))) == viewer
    assert must_have_factor(policy, Actor(1, "user", "P", None)) == viewer
