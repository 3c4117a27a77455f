"""A sealed value opens only with its key and only in its place."""

from __future__ import annotations

import pytest

from app.sealing.envelope import Keyring, SealBroken, keyed_hash, new_key, open_sealed, seal

KEY = b"k" * 32


@pytest.mark.parametrize("plain", [b"", b"x", b"Drita", bytes(range(256)) * 100])
def test_what_is_sealed_opens_with_the_key_in_its_place(plain: bytes) -> None:
    assert open_sealed(KEY, seal(KEY, plain, "xml|1|live|uuid:a"), "xml|1|live|uuid:a") == plain


def test_the_same_value_never_seals_to_the_same_bytes() -> None:
    assert seal(KEY, b"Drita", "p") != seal(KEY, b"Drita", "p")


def test_nothing_of_the_value_can_be_seen() -> None:
    assert b"canary" not in seal(KEY, b"a canary sang", "p")


@pytest.mark.parametrize(
    ("key", "place"),
    [(b"j" * 32, "xml|1"), (KEY, "xml|2"), (KEY, "record|1"), (KEY, "")],
    ids=["wrong key", "another row", "another column", "no place"],
)
def test_a_wrong_key_or_another_place_does_not_open(key: bytes, place: str) -> None:
    with pytest.raises(SealBroken):
        open_sealed(key, seal(KEY, b"Drita", "xml|1"), place)


def test_a_changed_byte_anywhere_does_not_open() -> None:
    sealed = seal(KEY, b"Drita", "p")
    for position in range(len(sealed)):
        changed = sealed[:position] + bytes([sealed[position] ^ 1]) + sealed[position + 1 :]
        with pytest.raises(SealBroken):
            open_sealed(KEY, changed, "p")


def test_a_value_that_was_cut_anywhere_does_not_open() -> None:
    sealed = seal(KEY, b"Drita", "p")
    for length in range(len(sealed)):
        with pytest.raises(SealBroken):
            open_sealed(KEY, sealed[:length], "p")


def test_the_error_tells_the_kind_of_place_and_nothing_that_names_a_person() -> None:
    with pytest.raises(SealBroken) as broken:
        open_sealed(KEY, b"x" * 40, "xml|1|live|uuid:canary")
    assert "canary" not in str(broken.value)


def test_a_data_key_unwraps_with_the_key_that_wrapped_it() -> None:
    old, data_key = Keyring({"one": b"1" * 32}, "one"), new_key()
    wrapped, key_id = old.wrap(data_key, "submission")
    both = Keyring({"one": b"1" * 32, "two": b"2" * 32}, "two")
    assert key_id == "one"
    assert both.unwrap(wrapped, "one", "submission") == data_key
    assert both.wrap(data_key, "submission")[1] == "two"


def test_a_data_key_of_one_purpose_does_not_unwrap_for_another() -> None:
    ring = Keyring({"one": b"1" * 32}, "one")
    wrapped, key_id = ring.wrap(new_key(), "quarantine")
    with pytest.raises(SealBroken):
        ring.unwrap(wrapped, key_id, "submission")


def test_a_key_that_is_not_in_the_file_is_named() -> None:
    with pytest.raises(SealBroken, match="the key file lacks the key two; restore"):
        Keyring({"one": b"1" * 32}, "one").unwrap(b"", "two", "submission")


def test_equal_content_hashes_alike_under_one_key_only() -> None:
    assert keyed_hash(KEY, b"a") == keyed_hash(KEY, b"a")
    assert keyed_hash(KEY, b"a") != keyed_hash(KEY, b"b")
    assert keyed_hash(KEY, b"a") != keyed_hash(b"j" * 32, b"a")
