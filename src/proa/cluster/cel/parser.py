"""From text to a syntax tree, macros expanded.

Source: the grammar of the CEL language definition with optional syntax; places and messages of
problems as cel-go reports them.
"""

from __future__ import annotations

from proa.cluster.cel import macros, nodes
from proa.cluster.cel.errors import CompileError, Problem
from proa.cluster.cel.literals import bytes_value, string_value
from proa.cluster.cel.nodes import Node
from proa.cluster.cel.tokens import Token, tokenize
from proa.cluster.cel.types.schema import RESERVED
from proa.cluster.cel.values import INT_MAX, INT_MIN, UINT_MAX, Uint

_LIMIT, _LONGEST_NUMBER = 100_000, 1000
_RELATIONS = ("==", "!=", "<", "<=", ">=", ">", "in")
_SUMS = ("+", "-")
_PRODUCTS = ("*", "/", "%")
_FUNCTIONS = {"in": "@in"}
_BEGINNINGS = (
    "{'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, "
    "IDENTIFIER}"
)
_CONSTANTS = {"true": True, "false": False, "null": None}


def parse(text: str) -> Node:
    """The tree of an expression. Raises CompileError."""
    if len(text) > _LIMIT:
        message = f"expression code point size exceeds limit: size: {len(text)}, limit {_LIMIT}"
        raise CompileError(text, [Problem(-1, message)])
    problems: list[Problem] = []
    parser = Parser(tokenize(text, problems), problems)
    try:
        tree = parser.whole()
    except _SyntaxError as error:
        problems.append(error.problem)
    if problems:
        raise CompileError(text, problems)
    return tree


class _SyntaxError(Exception):
    def __init__(self, offset: int, message: str) -> None:
        self.problem = Problem(offset, f"Syntax error: {message}")


class Parser:
    """Recursive descent over the tokens; one method a rule of the grammar."""

    def __init__(self, tokens: list[Token], problems: list[Problem]) -> None:
        self._tokens = tokens
        self._problems = problems
        self._position = 0

    def whole(self) -> Node:
        """The expression that the whole text is."""
        tree = self._expression()
        if self._next.kind != "end":
            alone = self._tokens[self._position + 1].kind == "end"
            raise self._unexpected("<EOF>", extraneous=alone)
        return tree

    def report(self, offset: int, message: str) -> Node:
        """Note a problem that does not end the parsing."""
        self._problems.append(Problem(offset, message))
        return nodes.Broken(offset)

    @property
    def _next(self) -> Token:
        return self._tokens[self._position]

    def _take(self) -> Token:
        token = self._next
        self._position += 1
        return token

    def _at(self, *symbols: str) -> bool:
        return self._next.kind == "symbol" and self._next.text in symbols

    def _skip(self, symbol: str) -> Token | None:
        return self._take() if self._at(symbol) else None

    def _unexpected(self, expected: str, *, extraneous: bool = False) -> _SyntaxError:
        what = "extraneous" if extraneous else "mismatched"
        return _SyntaxError(self._next.offset, f"{what} input '{self._next.text}' expecting {expected}")

    def _expect(self, symbol: str) -> Token:
        """The symbol, which is made up or found one token later where that mends the text."""
        if self._at(symbol):
            return self._take()
        if self._next.kind != "end" and self._tokens[self._position + 1].text == symbol:
            raise self._unexpected(f"'{symbol}'", extraneous=True)
        raise _SyntaxError(self._next.offset, f"missing '{symbol}' at '{self._next.text}'")

    def _expect_colon(self) -> Token:
        if self._at(":"):
            return self._take()
        if _begins(self._next):
            raise _SyntaxError(self._next.offset, f"missing ':' at '{self._next.text}'")
        raise self._unexpected("':'")

    def _close(self, symbol: str, *, after_comma: bool) -> Token:
        """The end of a list or map."""
        if after_comma or self._at(symbol):
            return self._expect(symbol)
        raise self._unexpected(f"{{'{symbol}', ','}}")

    def _expression(self) -> Node:
        condition = self._logic("||")
        question = self._skip("?")
        if question is None:
            return condition
        chosen = self._logic("||")
        self._expect_colon()
        other = self._expression()
        return nodes.Call(question.offset, "_?_:_", None, [condition, chosen, other])

    def _logic(self, operator: str) -> Node:
        lower = self._relation if operator == "&&" else lambda: self._logic("&&")
        terms = [lower()]
        offset = self._next.offset
        while self._skip(operator):
            terms.append(lower())
        if len(terms) == 1:
            return terms[0]
        return nodes.Logic(offset, operator, terms)  # type: ignore[arg-type]

    def _relation(self) -> Node:
        left = self._sum()
        while self._at(*_RELATIONS):
            left = self._binary(left, self._take(), self._sum())
        return left

    def _sum(self) -> Node:
        left = self._product()
        while self._at(*_SUMS):
            left = self._binary(left, self._take(), self._product())
        return left

    def _product(self) -> Node:
        left = self._unary()
        while self._at(*_PRODUCTS):
            left = self._binary(left, self._take(), self._unary())
        return left

    def _binary(self, left: Node, operator: Token, right: Node) -> Node:
        name = _FUNCTIONS.get(operator.text, f"_{operator.text}_")
        return nodes.Call(operator.offset, name, None, [left, right])

    def _unary(self) -> Node:
        first = self._next
        if not self._at("!", "-") or (first.text == "-" and self._is_negative_literal()):
            return self._member()
        count = 0
        while self._skip(first.text):
            count += 1
        operand = self._member()
        return nodes.Call(first.offset, f"{first.text}_", None, [operand]) if count % 2 else operand

    def _is_negative_literal(self) -> bool:
        return self._tokens[self._position + 1].kind in ("int", "float")

    def _member(self) -> Node:
        operand = self._primary()
        while True:
            if self._at("."):
                operand = self._selection(operand)
            elif self._at("["):
                operand = self._index(operand)
            else:
                return operand

    def _selection(self, operand: Node) -> Node:
        dot = self._take()
        optional = self._skip("?") is not None
        name = self._next
        if name.kind not in ("name", "escaped"):
            raise self._no_field(dot, name)
        self._take()
        if name.kind == "name" and not optional and self._at("("):
            opening = self._take()
            return self._call(opening.offset, name.text, operand, self._arguments())
        text = name.text[1:-1] if name.kind == "escaped" else name.text
        if optional:
            return nodes.Select(dot.offset, operand, text, optional=True)
        return nodes.Select(dot.offset, operand, text)

    def _no_field(self, dot: Token, found: Token) -> _SyntaxError:
        if found.text in _CONSTANTS and found.kind == "symbol":
            return _SyntaxError(found.offset, f"mismatched input '{found.text}' expecting IDENTIFIER")
        text = "" if found.kind == "end" else found.text
        return _SyntaxError(found.offset, f"no viable alternative at input '{dot.text}{text}'")

    def _index(self, operand: Node) -> Node:
        opening = self._take()
        name = "_[?_]" if self._skip("?") else "_[_]"
        self._check_beginning(_BEGINNINGS.replace("'!', ", "'!', '?', "))
        index = self._expression()
        self._expect("]")
        return nodes.Call(opening.offset, name, None, [operand, index])

    def _arguments(self) -> list[Node]:
        if self._skip(")"):
            return []
        self._check_beginning(_BEGINNINGS.replace("'(', ", "'(', ')', "), ")")
        arguments = [self._expression()]
        while self._skip(","):
            arguments.append(self._expression())
        self._expect(")")
        return arguments

    def _call(self, offset: int, name: str, target: Node | None, arguments: list[Node]) -> Node:
        expanded = macros.expand(self.report, offset, name, target, arguments)
        return expanded or nodes.Call(offset, name, target, arguments)

    def _primary(self) -> Node:
        token = self._next
        if token.kind in ("int", "float", "uint", "string", "bytes") or self._at("-", *_CONSTANTS):
            return self._literal()
        if token.kind == "name" or self._at("."):
            return self._named()
        if self._skip("("):
            inner = self._expression()
            self._expect(")")
            return inner
        if self._skip("["):
            return self._list(token.offset)
        if self._skip("{"):
            return nodes.MapNode(token.offset, self._entries())
        raise self._no_beginning(_BEGINNINGS)

    def _check_beginning(self, expected: str, *other: str) -> None:
        if not _begins(self._next):
            raise self._no_beginning(expected, *other)

    def _no_beginning(self, expected: str, *other: str) -> _SyntaxError:
        """What stands where an expression should begin; too much if one begins right after it."""
        following = self._tokens[min(self._position + 1, len(self._tokens) - 1)]
        extraneous = self._next.kind != "end" and (_begins(following) or following.text in other)
        return self._unexpected(expected, extraneous=extraneous)

    def _named(self) -> Node:
        dot = self._skip(".")
        name = self._take()
        if name.kind != "name":
            raise _SyntaxError(name.offset, f"mismatched input '{name.text}' expecting IDENTIFIER")
        start = dot.offset if dot else name.offset
        prefix = "." if dot else ""
        if brace := self._struct_brace():
            return self._struct(prefix + name.text, brace)
        if name.text in RESERVED:
            broken = self.report(start, f"reserved identifier: {name.text}")
            if self._skip("("):
                self._arguments()
            return broken
        if self._at("("):
            opening = self._take()
            return self._call(opening.offset, prefix + name.text, None, self._arguments())
        return nodes.Ident(name.offset, prefix + name.text)

    def _struct_brace(self) -> int:
        """The position of the `{` if dotted names and one follow, else 0."""
        position = self._position
        while self._tokens[position].text == "." and self._tokens[position + 1].kind == "name":
            position += 2
        token = self._tokens[position]
        return position if token.kind == "symbol" and token.text == "{" else 0

    def _struct(self, name: str, brace: int) -> Node:
        name += "".join(token.text for token in self._tokens[self._position : brace])
        self._position = brace
        opening = self._take()
        fields: list[nodes.Initializer] = []
        more = False
        while not self._at("}"):
            optional = self._skip("?") is not None
            field = self._take()
            if field.kind not in ("name", "escaped"):
                self._position -= 1
                raise self._unexpected("{'}', ',', '?', IDENTIFIER, ESC_IDENTIFIER}")
            colon = self._expect_colon()
            text = field.text.strip("`")
            fields.append(nodes.Initializer(colon.offset, text, self._expression(), optional))
            more = self._skip(",") is not None
            if not more:
                break
        self._close("}", after_comma=more)
        return nodes.Struct(opening.offset, name, fields)

    def _list(self, offset: int) -> Node:
        elements: list[Node] = []
        optional: set[int] = set()
        more = False
        while not self._at("]"):
            if more and not self._at("?") and not _begins(self._next):
                raise self._end_of_list()
            if self._skip("?"):
                optional.add(len(elements))
            elements.append(self._expression())
            more = self._skip(",") is not None
            if not more:
                break
        self._close("]", after_comma=more)
        return nodes.ListNode(offset, elements, frozenset(optional))

    def _end_of_list(self) -> _SyntaxError:
        if self._next.kind == "end":
            return _SyntaxError(self._next.offset, "missing ']' at '<EOF>'")
        return self._unexpected("']'")

    def _entries(self) -> list[nodes.Entry]:
        entries: list[nodes.Entry] = []
        more = False
        while not self._at("}"):
            optional = self._skip("?") is not None
            key = self._expression()
            colon = self._expect_colon()
            entries.append(nodes.Entry(colon.offset, key, self._expression(), optional))
            more = self._skip(",") is not None
            if not more:
                break
        self._close("}", after_comma=more)
        return entries

    def _literal(self) -> Node:
        token = self._take()
        if token.kind == "symbol" and token.text != "-":
            return nodes.Literal_(token.offset, _CONSTANTS[token.text])
        sign = -1 if token.text == "-" else 1
        digits = self._take() if sign < 0 else token
        try:
            return nodes.Literal_(token.offset, _constant(digits, sign))
        except ValueError as error:
            return self.report(token.offset, str(error))


def _begins(token: Token) -> bool:
    """Whether an expression can begin with the token."""
    if token.kind == "symbol":
        return token.text in _OPENING
    return token.kind not in ("end", "escaped")


_OPENING = frozenset({"[", "{", "(", ".", "-", "!", "true", "false", "null"})


def _constant(token: Token, sign: int) -> object:
    if token.kind == "float":
        return sign * float(token.text)
    if token.kind == "string":
        return string_value(token.text)
    if token.kind == "bytes":
        return bytes_value(token.text[1:])
    digits = token.text.rstrip("uU") if token.kind == "uint" else token.text
    if len(digits) > _LONGEST_NUMBER:
        raise ValueError(f"invalid {token.kind} literal")
    value = sign * int(digits, 16 if digits.startswith("0x") else 10)
    if token.kind == "uint":
        if value > UINT_MAX:
            raise ValueError("invalid uint literal")
        return Uint(value)
    if not INT_MIN <= value <= INT_MAX:
        raise ValueError("invalid int literal")
    return value
