"""The texts of files that ask many questions of an example round: ``sweep.toml``."""

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
