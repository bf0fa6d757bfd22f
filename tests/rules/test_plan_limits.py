"""Limits of the plan that the texts give: switched off, soft, and of the format of a policy when switched on."""

from pathlib import Path

from click.testing import CliRunner

from constraints.loading.load import load_file, load_pack, pack_names
from constraints.loading.plan_limits import plan_limits

LIMITS = [each for name in pack_names(off=True) for each in plan_limits(name)]


def test_no_limit_of_a_text_holds_until_a_policy_takes_it() -> None:
    """None stands among the rules of its pack; none is hard, for each is the city's, or said to be about so much."""
    packed = {rule.id for name in pack_names(off=True) for rule in load_pack(name)}
    assert len(LIMITS) == 7
    for each in LIMITS:
        assert each.rule.id not in packed
        assert each.rule.kind == "limit"
        assert not each.rule.spec["hard"]
        assert each.rule.cite.number or each.rule.cite.doc
    named = {name for each in LIMITS for name in each.rule.domain}
    assert {"L2-B04", "L2-B18"} <= named


def test_what_the_desk_prints_is_a_policy(tmp_path: Path) -> None:
    """``rules limits --toml`` gives the text of rules that load; a date leaves out what was not in force."""
    from cli import desk

    printed = CliRunner().invoke(desk, ["rules", "limits", "--toml", "--as-of", "2026-11-22"]).output
    path = tmp_path / "policy.toml"
    path.write_text(printed, encoding="utf-8")
    assert [rule.id for rule in load_file(path)] == ["gz.limit.space2024.area", "gz.limit.space2024.share"]
    every = CliRunner().invoke(desk, ["rules", "limits", "--lang", "en"]).output
    assert "7 limits, none switched on" in every
