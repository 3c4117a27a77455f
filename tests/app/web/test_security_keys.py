"""Security keys as second factors: added, used, listed, taken away, and what the policy says of them."""

from __future__ import annotations

import pytest

from app.db import db, models
from app.permissions import Grant
from app.services.webauthn_ceremony import RelyingParty, relying_party
from tests.app.conftest import MakeBackend
from tests.app.looking import actions, rows
from tests.app.web.key_holder import EMAIL, KEYS, ORIGIN, OWN, Holder, at_a_domain, holder, holder_of
from tests.support.backend import PASSWORD, Backend
from tests.support.security_key import SecurityKey

ADMIN = Grant("admin", all_offices=True)


@pytest.fixture
def key() -> SecurityKey:
    return SecurityKey()


@pytest.fixture
def drita(backend: Backend, key: SecurityKey) -> Holder:
    """With a security key, on each database."""
    return holder_of(at_a_domain(backend), key)


@pytest.fixture
def edi(lite: Backend, key: SecurityKey) -> Holder:
    """The same where the database does not matter."""
    return holder_of(at_a_domain(lite), key)


@pytest.mark.parametrize("algorithm", ["EdDSA", "RS256"])
def test_a_key_of_any_usual_kind_will_do(lite: Backend, algorithm: str) -> None:
    key = SecurityKey(algorithm)
    assert holder_of(at_a_domain(lite), key).sign_in_with(key).status_code == 200


def test_a_key_is_added_and_from_then_on_asked_for(backend: Backend, key: SecurityKey) -> None:
    drita = holder(at_a_domain(backend))
    one, other = drita.sign_in().json["token"], drita.sign_in().json["token"]
    drita.add(one, key)
    # A session that was made with the password alone has ended.
    assert [drita.ask(each, "/users/current").status_code for each in (one, other)] == [401, 401]
    asked = drita.asked()
    assert asked["rpId"] == "forms.example.org"
    assert [each["transports"] for each in asked["allowCredentials"]] == [["nfc", "usb"]]
    signed = drita.sign_in(assertion=key.answer(asked, ORIGIN))
    assert signed.status_code == 200
    assert "mustEnrol" not in signed.json
    state = drita.ask(signed.json["token"], OWN).json
    assert (state["enrolled"], state["methods"], state["recoveryCodesLeft"]) == (True, ["webauthn"], 10)
    assert [row.factor for row in rows(backend, models.AccessToken)][-1] == "webauthn"
    assert actions(backend, "user.security_key") == ["user.security_key.create"]


def test_what_a_new_key_is_told_names_nobody_but_the_account(edi: Holder, key: SecurityKey) -> None:
    token = edi.token(key)
    options = edi.options(token, code=edi.codes[0])
    assert options["rp"] == {"name": "Sportel", "id": "forms.example.org"}
    assert options["user"]["name"] == EMAIL
    assert len(options["user"]["id"]) == 43  # 32 bytes without meaning
    assert options["attestation"] == "none"
    assert options["authenticatorSelection"]["userVerification"] == "preferred"
    assert [each["id"] for each in options["excludeCredentials"]] == [key.add(options, ORIGIN)["id"]]


def test_a_person_has_several_keys_each_with_its_name(drita: Holder, key: SecurityKey) -> None:
    spare, token = SecurityKey(), drita.token(key)
    drita.add(token, spare, "Spare, in the safe", **drita.proof(token, key, f"{KEYS}/options"))
    # Nothing ends: the person had a second factor before.
    listed = drita.ask(token, KEYS).json
    assert [(each["label"], each["lastUsedAt"] is None) for each in listed] == [
        ("Blue", False),
        ("Spare, in the safe", True),
    ]
    assert set(listed[0]) == {"id", "label", "createdAt", "lastUsedAt"}
    assert drita.sign_in_with(spare).status_code == drita.sign_in_with(key).status_code == 200
    assert drita.ask(token, OWN).json["recoveryCodesLeft"] == 10


def test_another_key_is_added_only_with_a_proof_of_the_one_before(edi: Holder, key: SecurityKey) -> None:
    token = edi.token(key)
    assert edi.ask(token, f"{KEYS}/options", "POST", json={}).json["code"] == 401.7
    assert edi.ask(token, f"{KEYS}/options", "POST", json={"code": "AAAA-AAAA"}).json["code"] == 401.7
    stranger = SecurityKey().answer(edi.asked(), ORIGIN)
    assert edi.ask(token, f"{KEYS}/options", "POST", json={"assertion": stranger}).json["code"] == 401.7


def test_an_app_beside_a_key_is_set_up_with_the_key_and_each_is_enough(edi: Holder, key: SecurityKey) -> None:
    token = edi.token(key)
    code = edi.enrol_app(token, **edi.proof(token, key, OWN))
    assert edi.sign_in(code=code).status_code == 200
    token = edi.token(key)
    assert edi.ask(token, OWN).json["methods"] == ["totp", "webauthn"]
    renewed = edi.ask(token, f"{OWN}/recovery-codes", "POST", json=edi.proof(token, key, f"{OWN}/recovery-codes"))
    assert len(renewed.json["recoveryCodes"]) == 10


def test_a_recovery_code_stands_in_for_a_key_once(edi: Holder) -> None:
    assert len(set(edi.codes)) == 10
    assert edi.sign_in(code=edi.codes[0]).status_code == 200
    assert edi.sign_in(code=edi.codes[0]).json["code"] == 401.7
    # Without any of them the password in each request is refused.
    assert edi.backend.client.get("/v1/projects", auth=(EMAIL, PASSWORD)).json["code"] == 401.5


def test_a_key_that_was_taken_away_opens_nothing_and_ends_the_sessions(drita: Holder, key: SecurityKey) -> None:
    spare, token = SecurityKey(), drita.token(key)
    number = drita.add(token, spare, "Spare", **drita.proof(token, key, f"{KEYS}/options"))
    path = f"{KEYS}/{number}"
    assert drita.ask(token, path, "DELETE", json={}).json["code"] == 401.7
    gone = drita.ask(token, path, "DELETE", json=drita.proof(token, key, path, "DELETE"))
    assert gone.json == {"success": True}
    assert drita.ask(token, "/users/current").status_code == 401
    asked = drita.asked()
    assert len(asked["allowCredentials"]) == 1
    assert drita.sign_in(assertion=spare.answer(asked, ORIGIN)).json["code"] == 401.7
    assert drita.sign_in_with(key).status_code == 200
    assert actions(drita.backend, "user.security_key.delete") == ["user.security_key.delete"]


def test_with_the_last_key_of_somebody_who_needs_none_the_recovery_codes_go(edi: Holder, key: SecurityKey) -> None:
    token = edi.token(key)
    path = f"{KEYS}/{edi.ask(token, KEYS).json[0]['id']}"
    assert edi.ask(token, path, "DELETE", json={"code": edi.codes[0]}).json == {"success": True}
    assert rows(edi.backend, models.RecoveryCode) == []
    assert edi.sign_in().status_code == 200


def test_the_last_second_factor_of_somebody_who_must_have_one_stays(backend: Backend, key: SecurityKey) -> None:
    drita = holder(at_a_domain(backend, second_factor="privileged"), ADMIN)
    signed = drita.sign_in().json
    assert signed["mustEnrol"] is True
    drita.add(signed["token"], key)
    token = drita.token(key)
    assert drita.ask(token, "/users").status_code == 200
    path = f"{KEYS}/{drita.ask(token, KEYS).json[0]['id']}"
    refused = drita.ask(token, path, "DELETE", json=drita.proof(token, key, path, "DELETE"))
    assert (refused.status_code, refused.json["code"]) == (409, 409.52)
    assert drita.ask(token, "/users").status_code == 200
    # With an app besides, it may go.
    code = drita.enrol_app(token, **drita.proof(token, key, OWN))
    token = drita.sign_in(code=code).json["token"]
    assert drita.ask(token, path, "DELETE", json={"code": drita.codes[0]}).status_code == 200


def test_one_may_neither_see_nor_take_away_another_persons_key(edi: Holder, key: SecurityKey) -> None:
    own = SecurityKey()
    eve = holder_of(edi.backend, own, ADMIN, email="eve@example.org")
    token = eve.token(own)
    number = rows(edi.backend, models.SecurityKey, models.SecurityKey.actor_id == edi.actor_id)[0].id
    assert len(eve.ask(token, KEYS).json) == 1
    assert eve.ask(token, f"{KEYS}/{number}", "DELETE", json={"code": eve.codes[0]}).json["code"] == 404.1
    assert edi.sign_in_with(key).status_code == 200


def test_a_key_is_one_persons_only(drita: Holder, key: SecurityKey) -> None:
    eve = holder(drita.backend, email="eve@example.org")
    token = eve.sign_in().json["token"]
    sent = {"label": "Mine", "credential": key.add(eve.options(token), ORIGIN)}
    assert eve.ask(token, KEYS, "POST", json=sent).json["code"] == 409.3


def test_an_administrator_takes_lost_keys_away(edi: Holder, key: SecurityKey) -> None:
    token, admin = edi.token(key), edi.backend.admin
    assert admin.delete(f"/users/{edi.actor_id}/second-factor").json == {"success": True}
    assert edi.ask(token, "/users/current").status_code == 401
    assert edi.sign_in().status_code == 200
    assert rows(edi.backend, models.SecurityKey) == []


def test_an_api_key_may_not_touch_security_keys(edi: Holder, key: SecurityKey) -> None:
    token = edi.token(key)
    made = edi.ask(token, f"/users/{edi.actor_id}/api-keys", "POST", json={"label": "Excel", "writes": True})
    for method, path, body in (
        ("GET", KEYS, None),
        ("POST", f"{KEYS}/options", {}),
        ("POST", KEYS, {"label": "x", "credential": {}}),
        ("DELETE", f"{KEYS}/1", {}),
    ):
        assert edi.ask(made.json["token"], path, method, json=body).json["code"] == 403.1


@pytest.mark.parametrize(
    ("url", "party", "origin"),
    [
        ("https://Forms.example.org", "forms.example.org", "https://forms.example.org"),
        ("https://forms.example.org:443/", "forms.example.org", "https://forms.example.org"),
        ("https://forms.example.org:8443/sportel", "forms.example.org", "https://forms.example.org:8443"),
        ("http://localhost:8080", "localhost", "http://localhost:8080"),
    ],
)
def test_a_key_signs_for_the_address_that_was_set(url: str, party: str, origin: str) -> None:
    assert relying_party(url, "preferred") == RelyingParty(party, origin, verifies=False)


@pytest.mark.parametrize("url", [None, "https://192.0.2.7", "http://forms.example.org", "https://[2001:db8::1]:8443"])
def test_where_no_browser_would_let_a_key_sign_there_are_none(url: str | None) -> None:
    assert relying_party(url, "required") is None


def test_where_there_are_none_that_is_said(lite: Backend) -> None:
    drita = holder(lite)
    answer = drita.ask(drita.sign_in().json["token"], f"{KEYS}/options", "POST", json={})
    assert (answer.status_code, answer.json["code"]) == (409, 409.51)
    assert "SPORTEL_PUBLIC_URL" in answer.json["message"]


def test_who_was_given_a_code_in_time_can_still_get_in_where_keys_are_switched_off(edi: Holder) -> None:
    at_a_domain(edi.backend, public_url=None)
    assert edi.sign_in().json["details"] == {"field": "code"}
    assert edi.sign_in(code=edi.codes[0]).status_code == 200


def test_nobody_has_more_keys_than_twenty(make_lite: MakeBackend) -> None:
    drita = holder_of(at_a_domain(make_lite()), key := SecurityKey())
    with drita.backend.app.app_context():
        (row,) = db.session.query(models.SecurityKey).all()
        kept = {"actor_id": row.actor_id, "label": "x", "public_key": row.public_key, "sign_count": 0}
        for number in range(19):
            made = models.SecurityKey(**kept, credential_id=bytes([number]), transports=[], created_at=row.created_at)
            db.session.add(made)
        db.session.commit()
    token = drita.token(key)
    credential = SecurityKey().add(drita.options(token, code=drita.codes[0]), ORIGIN)
    answer = drita.ask(token, KEYS, "POST", json={"label": "One more", "credential": credential})
    assert "at most 20" in answer.json["message"]
