"""The texts of files that ask many questions of an example round: ``sweep.toml`` and ``stress.toml``."""

from __future__ import annotations

from landopt.invent.policy import Numbers


def sweep_text(numbers: Numbers) -> str:
    """``sweep.toml``: three numbers of sales that the bureau could run, two shares of open supply."""
    few = max(1, numbers.listings * 4 // 5)
    return f"""\
# landopt sweep . sweep.toml: every combination is solved; one table. 全部组合各求解一次，输出一张表。
time_limit_s = 60

[[vary]]
name = "listings"
set = "round.cap.listings:amount"
values = [{few}, {numbers.listings}, {numbers.listings + numbers.listings - few}]

[[vary]]
name = "competitive"
set = "round.share.competitive:share"
values = ["0.50", "{numbers.competitive}"]
"""


def stress_text() -> str:
    """``stress.toml``: areas, prices, budgets and quotas vary, platforms withdraw, sales fail."""
    return """\
# landopt stress PLAN stress.toml: every draw is planned anew. The chances are invented: put your own counts here.
# 逐次抽样并重新安排。比例均为虚构，请换成本单位的统计数。
[stress]
draws = 100
seed = 1

[[vary]]
what = "area"
by = "10%"

[[vary]]
what = "price"
by = "10%"

[[vary]]
what = "budget"
by = "10%"

[[vary]]
what = "drop_out"
chance = "0.08"

[[vary]]
what = "failed_sale"
where = "method in ['listing', 'auction', 'bid']"
chance = "0.10"

[[vary]]
what = "quota"
where = "round.quota.new-land"
by = "20%"
"""
