"""What a thief could send in place of a security key's true answer, and that it opens nothing."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from app.clock import now
from app.db import db, models
from tests.app.conftest import MakeBackend, close
from tests.app.looking import actions, count, rows
from tests.app.web.key_holder import KEYS, ORIGIN, Holder, at_a_domain, holder, holder_of
from tests.support.backend import Backend, make_backend
from tests.support.security_key import SecurityKey, decoded, encoded

Answer = dict[str, Any]


@dataclass(frozen=True)
class Quick:
    """A person with their key, and one who has none yet."""

    drita: Holder
    key: SecurityKey
    eve: Holder


@pytest.fixture
def key() -> SecurityKey:
    return SecurityKey()


@pytest.fixture
def drita(backend: Backend, key: SecurityKey) -> Holder:
    """With a security key, on each database."""
    return holder_of(at_a_domain(backend), key)


@pytest.fixture(scope="module")
def quick(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Quick]:
    """One that is tried again and again, where the database does not matter."""
    folder = tmp_path_factory.mktemp("keys") / "data"
    shutil.copytree(sqlite_template, folder)
    key = SecurityKey()
    backend = at_a_domain(make_backend(folder, None, sign_in_tries=100, sign_in_tries_network=1000))
    yield Quick(holder_of(backend, key), key, holder(backend, email="eve@example.org"))
    close(backend)


def code(drita: Holder, answer: Answer) -> float:
    found: float = drita.sign_in(assertion=answer).json["code"]
    return found


def with_part(answer: Answer, name: str, value: Any) -> Answer:
    return answer | {"response": answer["response"] | {name: value}}


def flipped(answer: Answer) -> Answer:
    signature = bytearray(decoded(answer["response"]["signature"]))
    signature[-1] ^= 1
    return with_part(answer, "signature", encoded(bytes(signature)))


LIES: dict[str, Callable[[SecurityKey, Answer], Answer]] = {
    "another origin": lambda key, asked: key.answer(asked, "https://forms.example.net"),
    "a neighbour's origin": lambda key, asked: key.answer(asked, "https://evil.forms.example.org"),
    "another port": lambda key, asked: key.answer(asked, f"{ORIGIN}:8443"),
    "in clear": lambda key, asked: key.answer(asked, "http://forms.example.org"),
    "another relying party": lambda key, asked: key.answer(asked, ORIGIN, rp_id="example.org"),
    "a challenge of its own": lambda key, asked: key.answer(asked, ORIGIN, challenge=encoded(bytes(32))),
    "no challenge": lambda key, asked: key.answer(asked, ORIGIN, challenge=""),
    "a challenge that is a number": lambda key, asked: key.answer(asked, ORIGIN, challenge=7),
    "the answer to another question": lambda key, asked: key.answer(asked, ORIGIN, type="webauthn.create"),
    "a changed signature": lambda key, asked: flipped(key.answer(asked, ORIGIN)),
    "no signature": lambda key, asked: with_part(key.answer(asked, ORIGIN), "signature", ""),
    "no data": lambda key, asked: with_part(key.answer(asked, ORIGIN), "authenticatorData", ""),
    "data that is no text": lambda key, asked: with_part(key.answer(asked, ORIGIN), "clientDataJSON", 7),
    "data that is no JSON": lambda key, asked: with_part(key.answer(asked, ORIGIN), "clientDataJSON", "_w"),
    "another name than it has": lambda key, asked: key.answer(asked, ORIGIN) | {"id": encoded(b"other")},
    "a response that is a list": lambda key, asked: key.answer(asked, ORIGIN) | {"response": []},
    "another key": lambda key, asked: SecurityKey(credential_id=key.credential_id).answer(asked, ORIGIN),
    "an unknown key": lambda key, asked: SecurityKey().answer(asked, ORIGIN),
    "nothing": lambda key, asked: {},
}


@pytest.mark.parametrize("lie", LIES)
def test_an_answer_that_is_not_right_opens_nothing_and_counts(quick: Quick, lie: str) -> None:
    drita, key = quick.drita, quick.key
    answer = drita.sign_in(assertion=LIES[lie](key, drita.asked()))
    assert (answer.status_code, answer.json["code"]) == (401, 401.7)
    assert sum(row.tries for row in rows(drita.backend, models.Limit, models.Limit.kind == "user")) == 1
    assert drita.sign_in_with(key).status_code == 200


def test_an_answer_works_once(drita: Holder, key: SecurityKey) -> None:
    key.counts = False  # so that the count does not betray it
    with drita.backend.app.app_context():
        db.session.query(models.SecurityKey).update({"sign_count": 0})
        db.session.commit()
    answer = key.answer(drita.asked(), ORIGIN)
    assert drita.sign_in(assertion=answer).status_code == 200
    assert code(drita, answer) == 401.7
    drita.asked()
    assert code(drita, answer) == 401.7
    # What is to be signed is in the database as a hash, and one for each person.
    (row,) = rows(drita.backend, models.WebauthnChallenge)
    assert len(row.challenge_hash) == 32


def test_of_two_who_send_the_same_answer_at_once_one_gets_in(drita: Holder, key: SecurityKey) -> None:
    answer = key.answer(drita.asked(), ORIGIN)
    with ThreadPoolExecutor(4) as pool:
        found = sorted(each.status_code for each in pool.map(lambda _: drita.sign_in(assertion=answer), range(4)))
    assert found == [200, 401, 401, 401]


def test_an_answer_that_was_wrong_once_is_not_tried_again(quick: Quick) -> None:
    answer = quick.key.answer(quick.drita.asked(), ORIGIN)
    assert code(quick.drita, flipped(answer)) == 401.7
    assert code(quick.drita, answer) == 401.7


def test_what_was_asked_more_than_five_minutes_ago_is_not_answered_any_more(drita: Holder, key: SecurityKey) -> None:
    answer = key.answer(drita.asked(), ORIGIN)
    assert (
        timedelta(minutes=4)
        < rows(drita.backend, models.WebauthnChallenge)[0].expires_at - now()
        <= timedelta(minutes=5)
    )
    with drita.backend.app.app_context():
        db.session.query(models.WebauthnChallenge).update({"expires_at": now()})
        db.session.commit()
    assert code(drita, answer) == 401.7


def test_a_key_opens_its_own_account_only(drita: Holder, key: SecurityKey) -> None:
    own = SecurityKey()
    eve = holder_of(drita.backend, own, email="eve@example.org")
    # Her own key, for what was asked of the other; the other's key, for what was asked of her.
    assert code(drita, own.answer(drita.asked(), ORIGIN)) == 401.7
    assert code(drita, own.answer(eve.asked(), ORIGIN)) == 401.7
    assert code(eve, key.answer(drita.asked(), ORIGIN)) == 401.7
    assert code(eve, key.answer(eve.asked(), ORIGIN)) == 401.7


def test_a_copied_key_is_refused_and_that_is_on_record(drita: Holder, key: SecurityKey) -> None:
    copy = SecurityKey(credential_id=key.credential_id)
    copy.key, copy.count = key.key, key.count
    for _ in range(2):
        assert drita.sign_in_with(key).status_code == 200
    assert drita.sign_in_with(copy).json["code"] == 401.7
    assert actions(drita.backend, "user.security_key.refuse") == ["user.security_key.refuse"]
    (line,) = rows(drita.backend, models.Audit, models.Audit.action == "user.security_key.refuse")
    assert line.actor_id == drita.actor_id
    assert set(line.details) == {"keyId"}
    # A key that counted before and does not any more is none either.
    copy.counts, copy.count = False, 0
    assert drita.sign_in_with(copy).json["code"] == 401.7
    assert drita.sign_in_with(key).status_code == 200


def test_a_key_that_never_counts_is_good_again_and_again(make_lite: MakeBackend) -> None:
    key = SecurityKey(counts=False)
    drita = holder_of(at_a_domain(make_lite()), key)
    assert [drita.sign_in_with(key).status_code for _ in range(3)] == [200, 200, 200]


@pytest.mark.parametrize(("verification", "status"), [("preferred", 200), ("required", 401)])
def test_whether_a_key_must_know_its_owner_is_a_setting(make_lite: MakeBackend, verification: str, status: int) -> None:
    key = SecurityKey()
    drita = holder_of(at_a_domain(make_lite(), webauthn_verification=verification), key)
    key.verifies = False
    asked = drita.asked()
    assert asked["userVerification"] == verification
    assert drita.sign_in(assertion=key.answer(asked, ORIGIN)).status_code == status


def test_where_a_key_must_know_its_owner_one_that_does_not_is_not_added(make_lite: MakeBackend) -> None:
    drita = holder(at_a_domain(make_lite(), webauthn_verification="required"))
    token = drita.sign_in().json["token"]
    credential = SecurityKey(verifies=False).add(drita.options(token), ORIGIN)
    assert drita.ask(token, KEYS, "POST", json={"label": "x", "credential": credential}).json["code"] == 400.8


ADDED: dict[str, Callable[[SecurityKey, Answer], Answer]] = {
    "another origin": lambda key, asked: key.add(asked, "https://forms.example.net"),
    "another relying party": lambda key, asked: key.add(asked, ORIGIN, rp_id="example.org"),
    "a challenge of its own": lambda key, asked: key.add(asked, ORIGIN, challenge=encoded(bytes(32))),
    "the answer to another question": lambda key, asked: key.add(asked, ORIGIN, type="webauthn.get"),
    "no attestation": lambda key, asked: with_part(key.add(asked, ORIGIN), "attestationObject", "oA"),
    "attestation that is no CBOR": lambda key, asked: with_part(key.add(asked, ORIGIN), "attestationObject", "_____w"),
    "nothing": lambda key, asked: {},
}


@pytest.mark.parametrize("lie", ADDED)
def test_a_key_whose_answer_is_not_right_is_not_added(quick: Quick, lie: str) -> None:
    eve = quick.eve
    token = eve.sign_in().json["token"]
    credential = ADDED[lie](SecurityKey(), eve.options(token))
    answer = eve.ask(token, KEYS, "POST", json={"label": "Blue", "credential": credential})
    assert (answer.status_code, answer.json["code"]) == (400, 400.8)
    assert count(eve.backend, models.SecurityKey) == 1
    assert eve.sign_in().status_code == 200


def test_what_a_new_key_was_asked_is_answered_once_and_by_the_one_who_asked(drita: Holder, key: SecurityKey) -> None:
    eve, other = holder(drita.backend, email="eve@example.org"), SecurityKey()
    token, hers = drita.token(key), eve.sign_in().json["token"]
    credential = other.add(drita.options(token, code=drita.codes[0]), ORIGIN)
    sent = {"label": "Mine", "credential": credential}
    assert eve.ask(hers, KEYS, "POST", json=sent).json["code"] == 400.8
    assert drita.ask(token, KEYS, "POST", json=sent).status_code == 200
    assert drita.ask(token, KEYS, "POST", json=sent).json["code"] == 400.8
    # What a sign-in asked is no question for a new key.
    asked = drita.asked() | {"rp": {"id": "forms.example.org"}}
    swapped = {"label": "Mine", "credential": SecurityKey().add(asked, ORIGIN)}
    assert drita.ask(token, KEYS, "POST", json=swapped).json["code"] == 400.8
