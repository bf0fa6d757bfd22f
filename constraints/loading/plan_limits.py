"""Limits over the whole plan that a pack's texts give (``limits.toml``): held by no round until a policy does."""

from __future__ import annotations

from dataclasses import dataclass

from constraints.loading.load import load
from constraints.loading.pack_files import pack_folder
from constraints.loading.rule_file import read_text
from constraints.types import Rule


@dataclass(frozen=True, slots=True)
class PlanLimit:
    """A limit that is switched off: its rule, and its lines as they go into a policy."""

    pack: str
    rule: Rule
    toml: str


def plan_limits(name: str, as_of: str | None = None) -> tuple[PlanLimit, ...]:
    """The limits of a pack in file order, those in force on ``as_of`` if it is given; none if it has no such file.

    Raises
    ------
    Refused
        With every fault of the file.
    """
    path = pack_folder(name) / "limits.toml"
    if not path.is_file():
        return ()
    rules = {rule.id: rule for rule in load(path, "policy").rules}
    texts = {str(block.table["id"]): "\n".join(block.lines).strip() for block in read_text(path).blocks["rule"]}
    return tuple(
        PlanLimit(name, rules[identifier], f"{text}\n")
        for identifier, text in texts.items()
        if as_of is None or (rules[identifier].start <= as_of < (rules[identifier].until or "9999-12-31"))
    )
