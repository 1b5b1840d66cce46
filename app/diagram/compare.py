"""Two networks beside each other: where the one is built differently from the other."""

from collections.abc import Mapping

from app.diagram.drawing import block_names, form_key
from resnet_core.architecture import Path, Plan, Unit

ABSENT = "count"  # the other network has no such block


def unlike_blocks(plan: Plan, other: Plan) -> dict[str, tuple[str, ...]]:
    """The blocks of `plan` that differ in `other`, and in what: shortcut, branch, count (not there).

    Nothing where the two have no block in common that would be worth a comparison.
    """
    mine, theirs = block_names(plan), block_names(other)
    if not _are_comparable(mine, theirs):
        return {}
    found = {block: unlike_parts(unit, theirs.get(block)) for block, unit in mine.items()}
    return {block: parts for block, parts in found.items() if parts}


def unlike_parts(unit: Unit, other: Unit | None) -> tuple[str, ...]:
    """In what two units of the same name differ."""
    if other is None:
        return (ABSENT,)
    if form_key(unit) == form_key(other):
        return ()
    parts = []
    if _kinds(unit.shortcut) != _kinds(other.shortcut) or unit.merge != other.merge:
        parts.append("shortcut")
    if _without_skip(unit) != _without_skip(other) or not parts:
        parts.append("branch")
    return tuple(parts)


def _are_comparable(mine: Mapping[str, Unit], theirs: Mapping[str, Unit]) -> bool:
    """Blocks of the same name with the same paths somewhere besides stem and head."""
    named = [block for block, unit in mine.items() if unit.name and block in theirs]
    return any(len(mine[block].branches) == len(theirs[block].branches) for block in named)


def _kinds(path: Path | None) -> list | None:
    return None if path is None else [(op.kind, op.outputs[0], op.kernel, op.value) for op in path.ops]


def _without_skip(unit: Unit) -> tuple:
    """Everything but what the shortcut and its gate are; `before` counts as part of the branch."""
    paths, _, before, after = form_key(unit)
    main = [op for role, *ops in paths if role == "branch" for op in ops]
    return (*before, *main, *after)
