"""What a type checker must know of the door; read by mypy in test_typing, never run."""

from __future__ import annotations

from typing import assert_type

import pandas as pd

import landopt as lo

rnd = lo.read("my-round")
assert_type(rnd, lo.Round)
plan = rnd.solve(gap="0.001", limits={"round.cap.listings": 25, ("round.quota", "Nansha"): 3})
assert_type(plan, lo.Plan)
assert_type(plan.unserved, pd.DataFrame)
assert_type(plan.whynot("P-1", method="auction"), lo.Reply)
assert_type(plan.whynot("P-1"), dict[str, lo.Reply])
assert_type(plan.explain("P-1").text("zh"), str)
assert_type(plan.diff(plan).moves, pd.DataFrame)
assert_type(lo.ask(use="RES")["agreement"].verdict, str)
assert_type(lo.audit("plan").stands, bool)
rnd.solve(gap=object())  # type: ignore[arg-type]
plan.explian("P-1")  # type: ignore[attr-defined]
lo.reed("my-round")  # type: ignore[attr-defined]
