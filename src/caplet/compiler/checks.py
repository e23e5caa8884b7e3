"""Rules about names and places of declarations.

Knows which names clash, how names are spelled and what may stand in what; types and values are not looked at.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from caplet.compiler.tree import (
    AbsoluteName,
    Application,
    Declaration,
    DeclarationKind,
    Expression,
    Member,
    Name,
    Ordinal,
    Param,
    RelativeName,
)

if TYPE_CHECKING:
    from caplet.compiler.modules import Module

__all__ = ["OrdinalCheck", "check_names", "check_param_names"]

_TYPE_KINDS: Final = {DeclarationKind.ENUM, DeclarationKind.STRUCT, DeclarationKind.INTERFACE}
_MEMBER_KINDS: Final = {DeclarationKind.FIELD, DeclarationKind.UNION, DeclarationKind.GROUP}
_SCOPE_KINDS: Final = {DeclarationKind.FILE, DeclarationKind.STRUCT, DeclarationKind.INTERFACE}
_WORD_START: Final = re.compile(r"_+(.)")


def check_names(module: Module, declaration: Declaration) -> None:
    """Checks the names inside a declaration, and inside everything nested in it."""
    _check_members(module, declaration, {})


def _check_members(module: Module, parent: Declaration, names: dict[str, Name]) -> None:
    for member in parent.nested:
        _check_duplicate(module, member, names)
        if member.name.text:
            _check_spelling(module, member)
        _check_place(module, member, parent)
        # The members of an unnamed union have their names in the struct around it.
        _check_members(module, member, {} if member.name.text else names)


def _check_duplicate(module: Module, member: Declaration, names: dict[str, Name]) -> None:
    first = names.setdefault(member.name.text, member.name)
    if first is member.name:
        return
    line, column = module.source.location(first.start)
    if member.name.text:
        message = f"'{member.name.text}' is defined already, at {line}:{column}; rename one of the two"
    else:
        message = f"the struct has an unnamed union already, at {line}:{column}; give one of the two a name"
    module.error(member.name.start, member.name.end, message)


def _check_spelling(module: Module, member: Declaration) -> None:
    name = member.name
    upper_wanted = member.kind in _TYPE_KINDS
    if member.kind == DeclarationKind.USING:
        target = _target_name(member.target)
        upper_wanted = not (target and target[0].islower())
    if upper_wanted and not "A" <= name.text[0] <= "Z":
        better = name.text.lstrip("_")
        module.error(
            name.start,
            name.end,
            f"the name of a type begins with a capital letter: '{better[:1].upper() + better[1:]}'",
        )
    elif not upper_wanted and not "a" <= name.text[0] <= "z":
        better = name.text.lstrip("_")
        kind = _with_article(member.kind.value)
        module.error(
            name.start,
            name.end,
            f"the name of {kind} begins with a lower-case letter: '{better[:1].lower() + better[1:]}'",
        )
    if "_" in name.text:
        better = _WORD_START.sub(lambda found: found.group(1).upper(), name.text.strip("_"))
        module.error(
            name.start,
            name.end,
            f"names are written in camelCase, without underscores: '{better}' (generated code follows the customs of its language)",
        )


def _check_place(module: Module, member: Declaration, parent: Declaration) -> None:
    if member.kind in _MEMBER_KINDS or member.kind in (DeclarationKind.ENUMERANT, DeclarationKind.METHOD):
        return
    if parent.kind not in _SCOPE_KINDS:
        module.error(
            member.start,
            member.end,
            f"{_with_article(member.kind.value)} declaration cannot stand in {_with_article(parent.kind.value)}; move it into the struct or file around",
        )


def _with_article(word: str) -> str:
    return f"{'an' if word[0] in 'aei' else 'a'} {word}"


def _target_name(expression: Expression | None) -> str:
    if isinstance(expression, Application):
        return _target_name(expression.function)
    if isinstance(expression, (Member, AbsoluteName)):
        return expression.name.text
    return expression.name if isinstance(expression, RelativeName) else ""


class OrdinalCheck:
    """Checks that ordinals, given in ascending order, start at 0 and have no gaps or duplicates.

    Args:
        module: the file, for diagnostics.
        incomplete: whether members did not parse, so that gaps are no surprise.
    """

    __slots__ = ("expected", "incomplete", "last", "module")

    def __init__(self, module: Module, incomplete: bool = False) -> None:
        self.module = module
        self.incomplete = incomplete
        self.expected = 0
        self.last: Ordinal | None = None

    def check(self, ordinal: Ordinal) -> None:
        """Checks the next ordinal."""
        if ordinal.value < self.expected:
            where = ""
            if self.last is not None:
                line, column = self.module.source.location(self.last.start)
                where = f" at {line}:{column}"
            self.module.error(
                ordinal.start,
                ordinal.end,
                f"the number @{ordinal.value} is used already{where}; every member needs its own",
            )
            return
        if ordinal.value > self.expected and not self.incomplete:
            gap = f"the number @{self.expected} is"
            if ordinal.value > self.expected + 1:
                gap = f"the numbers @{self.expected} to @{ordinal.value - 1} are"
            self.module.error(
                ordinal.start,
                ordinal.end,
                f"{gap} missing before @{ordinal.value}; numbers start at @0 and have no gaps",
            )
        self.expected = ordinal.value + 1
        self.last = ordinal


def check_param_names(module: Module, params: Sequence[Param]) -> None:
    """Checks the names of a method's parameters or results."""
    names: dict[str, Name] = {}
    for param in params:
        name = param.name
        first = names.setdefault(name.text, name)
        if first is not name:
            line, column = module.source.location(first.start)
            module.error(
                name.start, name.end, f"'{name.text}' is listed already, at {line}:{column}; rename one of the two"
            )
