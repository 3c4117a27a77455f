"""Why do hundreds of people sign in quickly in the tests? Their passwords are hashed at the least cost that there is.

What a password costs in service is told by the tests that ask for `full_passwords`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from argon2 import PasswordHasher

from app.services import sign_in

_IN_SERVICE = sign_in._HASHER
_CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


def _use(hasher: PasswordHasher) -> None:
    sign_in._HASHER = hasher
    # It was made with the other one, and would tell the two apart by the time that they take.
    sign_in._hash_of_nobody.cache_clear()


def install() -> None:
    """From now on, in this process."""
    _use(_CHEAP)


@contextmanager
def as_in_service() -> Iterator[None]:
    """Passwords cost what they cost in service, for as long as this lasts."""
    _use(_IN_SERVICE)
    yield
    _use(_CHEAP)
