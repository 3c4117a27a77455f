"""Which functions do phones know, and how many arguments does each take?

The table is JavaRosa 5.1's (the engine in ODK Collect), with `pulldata` and `jr:choice-name`, which Collect
adds. XPath 1.0's own `last`, `name`, `floor`, `ceiling` and others are not among them.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Arity:
    """How many arguments: at least, at most (None: no bound), and of these each `step`-th number only."""

    least: int
    most: int | None
    step: int = 1

    def allows(self, count: int) -> bool:
        """May the function be called with `count` arguments?"""
        within = count >= self.least and (self.most is None or count <= self.most)
        return within and (count - self.least) % self.step == 0

    def __str__(self) -> str:
        if self.step > 1:
            end = "and so on" if self.most is None else f"up to {self.most}"
            return f"{self.least}, {self.least + self.step}, {end}"
        if self.most is None:
            return f"{self.least} or more"
        return str(self.least) if self.least == self.most else f"{self.least} to {self.most}"


_EXACTLY = {
    0: "true false pi today now random version current",
    1: """
        boolean number int string date date-time decimal-date-time decimal-time not boolean-from-string
        abs acos asin atan cos exp exp10 log log10 sin sqrt tan
        count count-non-empty count-selected sum once property area enclosed-area base64-decode
        instance jr:itext
    """,
    2: """
        coalesce format-date format-date-time atan2 pow selected is-selected selected-at
        contains starts-with ends-with substring-before substring-after regex geofence extract-signed
        jr:choice-name
    """,
    3: "if translate",
    4: "pulldata",
}
_OTHERS = {
    "round": Arity(1, 2),
    "position": Arity(0, 1),
    "max": Arity(1, None),
    "min": Arity(1, None),
    "concat": Arity(1, None),
    "join": Arity(1, None),
    "substr": Arity(2, 3),
    "string-length": Arity(0, 1),
    "normalize-space": Arity(0, 1),
    "checklist": Arity(2, None),
    "weighted-checklist": Arity(2, None, step=2),
    "indexed-repeat": Arity(3, 11, step=2),
    "depend": Arity(1, None),
    "uuid": Arity(0, 1),
    "distance": Arity(1, None),
    "digest": Arity(2, 3),
    "randomize": Arity(1, 2),
}

FUNCTIONS: dict[str, Arity] = _OTHERS | {
    name: Arity(count, count) for count, names in _EXACTLY.items() for name in names.split()
}
"""Arity by function name."""
