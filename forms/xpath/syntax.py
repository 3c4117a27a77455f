"""Is this text an XPath expression, and what does it call and refer to?

The grammar is XPath 1.0's (www.w3.org/TR/1999/REC-xpath-19991116), narrowed to what JavaRosa evaluates:
paths start at the form, at `instance('…')` or at `current()`; there are no unions, variables or `//`.
Nothing is evaluated here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from dataclasses import field as dataclass_field

DEEPEST = 60
"""Nesting of parentheses and predicates that we follow; an author's own is below ten."""

_TOKEN = re.compile(
    r"""\s*(?:
        (?P<number>[0-9]+(?:\.[0-9]*)?|\.[0-9]+)
      | (?P<string>"[^"]*"|'[^']*')
      | (?P<name>[^\W\d][\w.-]*(?::[^\W\d][\w.-]*)?(?!:[^:]))
      | (?P<symbol>//|::|\.\.|!=|<=|>=|[/.@()\[\],|+\-=<>*$])
    )""",
    re.VERBOSE,
)
_OPERATOR = re.compile(r"\s*(?P<operator>and|or|div|mod|\*)")
_OPERATORS = {
    "or": 1, "and": 2, "=": 3, "!=": 3, "<": 4, "<=": 4, ">": 4, ">=": 4,
    "+": 5, "-": 5, "*": 6, "div": 6, "mod": 6,
}  # fmt: skip
_NODE_TYPES = frozenset({"node", "text", "comment", "processing-instruction"})
_AXES = frozenset({"child", "self", "parent", "attribute"})
_COUNTING = frozenset({"count", "position"})
"""Functions that look at where nodes are and how many, and at nothing in them."""

_OPERAND_MUST_FOLLOW = frozenset({"(", "[", ",", "/", "//", "::", "@", "|", *_OPERATORS} - {"*"})
"""Symbols that end no operand. A * that multiplies is an operator by then; a symbol * is any name."""


class ExpressionInvalid(Exception):
    """The text is no expression; `message` says why and `position` counts characters from 1."""

    def __init__(self, message: str, position: int) -> None:
        super().__init__(message)
        self.message = message
        self.position = position


@dataclass(frozen=True)
class Call:
    """A function call: its name, how many arguments, and the first one if it is a literal string."""

    name: str
    arguments: int
    first_literal: str | None
    position: int


@dataclass
class Expression:
    """What an expression uses.

    `absolute_paths` are those of plain names, with their positions and without predicates: "/data/g/age". `values` are
    the paths whose nodes' text may count, and not only where they stand or how many they are: an absolute path of plain
    names as it is, of any other one its last step, such as "age", "*" or "..". What belongs to a list is in neither.
    """

    calls: list[Call] = dataclass_field(default_factory=list)
    absolute_paths: list[tuple[str, int]] = dataclass_field(default_factory=list)
    values: list[str] = dataclass_field(default_factory=list)


@dataclass(frozen=True)
class _Token:
    kind: str
    text: str
    position: int


def parse_expression(text: str) -> Expression:
    """Read an expression. Raises ExpressionInvalid."""
    parser = _Parser(list(_tokens(text)))
    parser.expression(0)
    parser.expect_end()
    return parser.found


def _tokens(text: str) -> list[_Token]:
    tokens: list[_Token] = []
    position, end = 0, len(text.rstrip())
    while position < end:
        # A name or * is an operator where an operand has just ended (XPath 1.0, section 3.7). Phones then take
        # "and" for a word of its own even if something follows at once: ". > 0 and.< 9".
        after_operand = bool(tokens) and not _wants_operand(tokens[-1])
        match = (_OPERATOR.match(text, position) if after_operand else None) or _TOKEN.match(text, position)
        if match is None:
            raise _not_a_token(text, position)
        kind = str(match.lastgroup)
        tokens.append(_Token(kind, match.group(kind), match.start(kind) + 1))
        position = match.end()
    tokens.append(_Token("end", "", end + 1))
    return tokens


def _not_a_token(text: str, position: int) -> ExpressionInvalid:
    while text[position].isspace():
        position += 1
    if text[position] in "\"'":
        return ExpressionInvalid("a quotation mark is not closed", position + 1)
    return ExpressionInvalid(f"{text[position]} does not belong here", position + 1)


def _wants_operand(token: _Token) -> bool:
    return token.kind == "operator" or (token.kind == "symbol" and token.text in _OPERAND_MUST_FOLLOW)


class _Parser:
    def __init__(self, tokens: list[_Token]) -> None:
        self.tokens = tokens
        self.index = 0
        self.depth = 0
        self.found = Expression()
        self.last_step = ""
        self.in_list = 0
        self.only_counted = False

    @property
    def token(self) -> _Token:
        return self.tokens[self.index]

    def next(self) -> _Token:
        token = self.token
        self.index += 1
        return token

    def is_symbol(self, *texts: str) -> bool:
        return self.token.kind == "symbol" and self.token.text in texts

    def fail(self, message: str) -> ExpressionInvalid:
        return ExpressionInvalid(message, self.token.position)

    def expect(self, symbol: str) -> None:
        if not self.is_symbol(symbol):
            raise self.fail(f"{symbol} is missing" if self.token.kind == "end" else f"{symbol} is expected here")
        self.index += 1

    def expect_end(self) -> None:
        if self.token.kind != "end":
            if self.is_symbol("|"):
                raise self.fail("phones do not know the union |")
            raise self.fail(f"{self.token.text} does not belong here")

    def expression(self, weakest: int) -> None:
        """Operands joined by operators that bind at least as strongly as `weakest`."""
        self.depth += 1
        if self.depth > DEEPEST:
            raise self.fail("the expression is nested too deeply; calculate parts of it in questions of their own")
        while self.is_symbol("-"):
            self.index += 1
        self.path()
        while self.token.kind in ("symbol", "operator"):
            strength = _OPERATORS.get(self.token.text)
            if strength is None or strength < weakest:
                break
            self.index += 1
            self.expression(strength + 1)
        self.depth -= 1

    def path(self) -> None:
        """A literal, a bracketed expression, a call, or a path."""
        token = self.token
        # Of this operand alone; what stands in its predicates counts by its value.
        only_counted, self.only_counted = self.only_counted, False
        if token.kind in ("number", "string"):
            self.index += 1
        elif self.is_symbol("("):
            self.index += 1
            self.expression(0)
            self.expect(")")
        elif token.kind == "name" and self.calls_function():
            self.called_path(only_counted=only_counted)
        elif self.is_symbol("/", "//"):
            self.absolute_path(only_counted=only_counted)
        elif token.kind == "name" or self.is_symbol(".", "..", "@", "*"):
            self.relative_path(only_counted=only_counted)
        elif self.is_symbol("$"):
            raise self.fail("a reference is not of the form ${name}")
        else:
            raise self.fail("something is missing" if token.kind == "end" else f"{token.text} does not belong here")

    def called_path(self, *, only_counted: bool) -> None:
        """A call, and the steps that begin at its result."""
        name = self.call()
        if not self.is_symbol("[", "/", "//"):
            return
        if name not in ("instance", "current", "randomize"):
            raise self.fail(f"the result of {name}() is no list of nodes")
        self.in_list += name == "instance"
        self.predicates()
        if self.is_symbol("/", "//"):
            self.slash()
            self.steps()
            if name == "current" and not only_counted:
                self.found.values.append(self.last_step)
        self.in_list -= name == "instance"

    def relative_path(self, *, only_counted: bool) -> None:
        is_column = self.in_list > 0 and not self.is_symbol(".", "..")
        self.steps()
        if not (only_counted or is_column):
            self.found.values.append(self.last_step)

    def calls_function(self) -> bool:
        follows = self.tokens[self.index + 1]
        return follows.text == "(" and follows.kind == "symbol" and self.token.text not in _NODE_TYPES

    def call(self) -> str:
        name = self.next()
        self.expect("(")
        first = self.token
        count = 0
        if not self.is_symbol(")"):
            self.only_counted = name.text in _COUNTING
            self.expression(0)
            count = 1
            while self.is_symbol(","):
                self.index += 1
                # Its second, fourth and sixth arguments are the repeats that the indexes after them are of.
                self.only_counted = name.text == "indexed-repeat" and count % 2 == 1
                self.expression(0)
                count += 1
        self.expect(")")
        literal = first.text[1:-1] if count and first.kind == "string" else None
        self.found.calls.append(Call(name.text, count, literal, name.position))
        return name.text

    def slash(self) -> None:
        if self.is_symbol("//"):
            raise self.fail("phones do not know //; write the whole path")
        self.expect("/")

    def absolute_path(self, *, only_counted: bool = False) -> None:
        start = self.token.position
        self.slash()
        if not (self.token.kind == "name" or self.is_symbol(".", "..", "@", "*")):
            return  # The root itself.
        names = self.steps()
        if names is not None:
            self.found.absolute_paths.append(("/" + "/".join(names), start))
        if not only_counted:
            self.found.values.append(self.last_step if names is None else "/" + "/".join(names))

    def steps(self) -> list[str] | None:
        """Steps joined by slashes: their names, or None if one is not a plain name."""
        names: list[str] | None = []
        while True:
            step = self.token.text if self.is_symbol(".", "..") else "*"
            name = self.step()
            self.last_step = step if name is None else name
            names = None if name is None or names is None else [*names, name]
            if not self.is_symbol("/", "//"):
                return names
            self.slash()

    def step(self) -> str | None:
        if self.is_symbol(".", ".."):
            self.index += 1
            return None
        plain = True
        if self.is_symbol("@"):
            self.index += 1
            plain = False
        elif self.token.kind == "name" and self.tokens[self.index + 1].text == "::":
            if self.token.text not in _AXES:
                raise self.fail(f"phones do not know the axis {self.token.text}")
            self.index += 2
            plain = False
        if self.is_symbol("*"):
            self.index += 1
            self.predicates()
            return None
        if self.token.kind != "name":
            raise self.fail("a name is missing at the end" if self.token.kind == "end" else "a name is expected here")
        name = self.next().text
        if self.is_symbol("(") and name in _NODE_TYPES:
            self.index += 1
            self.expect(")")
            plain = False
        self.predicates()
        return name if plain else None

    def predicates(self) -> None:
        while self.is_symbol("["):
            self.index += 1
            self.expression(0)
            self.expect("]")
