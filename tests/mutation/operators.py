"""Small changes to a module's syntax tree, one at a time: each is a fault that a test should notice."""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterator
from types import CodeType
from typing import NamedTuple

COMPARISONS = {  # the boundary first, then the flip
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}
ARITHMETIC = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.Mult,
    ast.Pow: ast.Mult,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
    ast.LShift: ast.RShift,
    ast.RShift: ast.LShift,
}
TWINS = {"min": "max", "any": "all", "minimum": "maximum", "floor": "ceil"}
TWINS |= {twin: name for name, twin in TWINS.items()}
SKIPPED_FIELDS = {"annotation", "returns", "decorator_list", "type_params", "format_spec"}


class Mutant(NamedTuple):
    """One change: the node at `parent.field` (of its list, item `index`) becomes `node`."""

    line: int
    before: str  # as source
    after: str
    place: str  # the function it is in, "Class.method"; "" at the module's level
    parent: ast.AST
    field: str
    index: int | None
    node: ast.AST

    @property
    def change(self) -> str:
        """What was changed, in one line."""
        return f"{self.before} → {self.after}"

    def compiled(self, tree: ast.Module, filename: str) -> CodeType:
        """The module with this change, compiled; `tree` is the one it was found in, and stays as it was."""
        kept = self._swap(self.node)
        try:
            return compile(ast.fix_missing_locations(tree), filename, "exec")
        finally:
            self._swap(kept)

    def _swap(self, node: ast.AST) -> ast.AST:
        value = getattr(self.parent, self.field)
        if self.index is None:
            setattr(self.parent, self.field, node)
            return value
        kept, value[self.index] = value[self.index], node
        return kept


def mutants(tree: ast.Module) -> list[Mutant]:
    """Every mutant of a module, in the order of its source."""
    return list(_below(tree, ""))


def sample(found: list[Mutant], at_most: int, seed: int) -> list[Mutant]:
    """A fixed choice among them: ranked by a digest of each, so that an edit elsewhere moves no other."""
    seen: dict[str, int] = {}
    ranks = []
    for mutant in found:
        name = f"{mutant.place}: {mutant.change}"
        seen[name] = seen.get(name, 0) + 1
        ranks.append(hashlib.sha256(f"{seed} {name} {seen[name]}".encode()).digest())
    chosen = sorted(range(len(found)), key=ranks.__getitem__)[:at_most]
    return [found[i] for i in sorted(chosen)]


def _below(parent: ast.AST, place: str) -> Iterator[Mutant]:
    for field, value in ast.iter_fields(parent):
        if field in SKIPPED_FIELDS:
            continue
        for index, node in enumerate(value) if isinstance(value, list) else [(None, value)]:
            if not isinstance(node, ast.AST) or _is_for_readers(node):
                continue
            for changed in _changes(node):
                line = getattr(node, "lineno", 0)
                before, after = (_one_line(n) for n in (node, changed))
                yield Mutant(line, before, after, place, parent, field, index, changed)
            named = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
            yield from _below(node, f"{place}.{node.name}".lstrip(".") if named else place)


def _is_for_readers(node: ast.AST) -> bool:
    """Docstrings, and what only a type checker or a direct start of the file runs."""
    match node:
        case ast.Expr(value=ast.Constant()):
            return True
        case ast.If(test=ast.Name(id="TYPE_CHECKING")):
            return True
        case ast.If(test=ast.Compare(left=ast.Name(id="__name__"))):
            return True
    return False


def _one_line(node: ast.AST) -> str:
    text = " ".join(ast.unparse(node).split())
    return text if len(text) <= 90 else text[:87] + "…"


def _changes(node: ast.AST) -> Iterator[ast.AST]:
    """What a node may become. New nodes share their children with the old one."""
    match node:
        case ast.Compare(ops=[op]):
            for other in COMPARISONS[type(op)]:
                yield _with(node, ops=[other()])
        case ast.Compare(ops=ops):  # a < b < c: each boundary
            for i, op in enumerate(ops):
                yield _with(node, ops=[*ops[:i], COMPARISONS[type(op)][0](), *ops[i + 1 :]])
        case ast.BinOp(left=left, op=op) if type(op) in ARITHMETIC and not _is_text(left):
            yield _with(node, op=ARITHMETIC[type(op)]())
        case ast.AugAssign(op=op) if type(op) in ARITHMETIC:
            yield _with(node, op=ARITHMETIC[type(op)]())
        case ast.BoolOp(op=op):
            yield _with(node, op=ast.Or() if isinstance(op, ast.And) else ast.And())
        case ast.UnaryOp(op=ast.Not() | ast.USub(), operand=operand):
            yield operand
        case ast.If(test=test) | ast.While(test=test) | ast.IfExp(test=test):
            if isinstance(test, ast.Name | ast.Attribute | ast.Call):
                yield _with(node, test=ast.UnaryOp(ast.Not(), test))
        case ast.Constant(value=bool(value)):
            yield ast.Constant(not value)
        case ast.Constant(value=int(value)):
            yield ast.Constant(value + 1)
        case ast.Constant(value=float(value)):
            yield ast.Constant(value * 2 or 1.0)
        case ast.Return(value=ast.expr() as value):
            if not (isinstance(value, ast.Constant) and value.value is None):
                yield ast.Return(ast.Constant(None))
        case ast.Expr(value=ast.Call()) | ast.Raise():
            yield ast.Pass()
        case ast.Assign(targets=[ast.Attribute() | ast.Subscript()]):
            yield ast.Pass()
        case ast.Continue():
            yield ast.Break()
        case ast.Break():
            yield ast.Continue()
        case ast.Call(func=func, keywords=keywords):
            yield from _calls(node, func, keywords)


def _calls(node: ast.Call, func: ast.expr, keywords: list[ast.keyword]) -> Iterator[ast.AST]:
    match func:
        case ast.Name(id=name) if name in TWINS:
            yield _with(node, func=ast.Name(TWINS[name], ast.Load()))
        case ast.Attribute(value=value, attr=name) if name in TWINS:
            yield _with(node, func=ast.Attribute(value, TWINS[name], ast.Load()))
    for i in range(len(keywords)):
        yield _with(node, keywords=keywords[:i] + keywords[i + 1 :])


def _is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str))


def _with(node: ast.AST, **changed: object) -> ast.AST:
    """The node again, with some fields changed."""
    fields = {**dict(ast.iter_fields(node)), **changed}
    return ast.copy_location(type(node)(**fields), node)
