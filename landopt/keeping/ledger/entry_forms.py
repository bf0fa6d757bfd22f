"""What the entries of a ledger must hold, kind by kind: whoever folds them may rely on it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from landopt.keeping.ledger.days import is_day

RESULT_COLUMNS = {
    "parcel_id": ("parcel_id", "宗地编号", "宗地号", "地块编号"),
    "outcome": ("outcome", "结果", "供应结果"),
    "date": ("date", "日期", "结果日期"),
    "price_yuan": ("price_yuan", "成交价", "成交价格"),
    "document": ("document", "文件", "文号", "依据文件"),
    "supervision_no": ("supervision_no", "电子监管号"),
    "taken_by": ("taken_by", "受让人", "土地使用权人", "竞得人"),
    "deliver_by": ("deliver_by", "约定交地日期", "交地期限"),
    "start_by": ("start_by", "约定开工日期", "开工期限"),
    "complete_by": ("complete_by", "约定竣工日期", "竣工期限"),
}


OUTCOME_WORDS = {
    "公告": "announced",
    "已公告": "announced",
    "成交": "contracted",
    "签约": "contracted",
    "已签约": "contracted",
    "流拍": "failed",
    "流标": "failed",
    "失效": "lapsed",
    "撤回": "withdrawn",
    "交地": "delivered",
    "已交地": "delivered",
    "开工": "started",
    "已开工": "started",
    "竣工": "completed",
    "已竣工": "completed",
    "收回": "taken_back",
    "已收回": "taken_back",
}
"""Headings of a table of results, and words for an outcome, as an office writes them."""
Test = Callable[[Any], bool]


def _text(value: Any) -> bool:
    return isinstance(value, str)


def _maybe(test: Test) -> Test:
    return lambda value: value is None or test(value)


def _number(value: Any) -> bool:
    return type(value) is int and value > 0


def _hex(length: int) -> Test:
    shape = re.compile(rf"[0-9a-f]{{{length}}}")
    return lambda value: isinstance(value, str) and shape.fullmatch(value) is not None


def _list(test: Test) -> Test:
    return lambda value: isinstance(value, list) and all(test(each) for each in value)


def _date(value: Any) -> bool:
    return isinstance(value, str) and is_day(value)


def _record(**wanted: Test) -> Test:
    def holds(value: Any) -> bool:
        return isinstance(value, Mapping) and all(test(value.get(name)) for name, test in wanted.items())

    return holds


OUTCOMES = (
    *("announced", "contracted", "failed", "lapsed", "withdrawn"),
    *("delivered", "started", "completed", "taken_back"),
)
"""What may become of an adopted assignment: notice out, contract signed, no bid (流拍), lapsed, withdrawn.

After the contract: land delivered, work started, work completed, the right taken back (收回)."""
_ASSIGNMENT = _record(
    parcel_ids=lambda value: _list(_text)(value) and bool(value),
    demand_id=_maybe(_text),
    method=_text,
    period=_maybe(_text),
)
_RESULT = _record(
    parcel_id=_text,
    outcome=lambda value: value in OUTCOMES,
    date=_date,
    document=_maybe(_text),
    **dict.fromkeys(("deliver_by", "start_by", "complete_by"), _maybe(_date)),
)
_MATTER = _record(what=_text, date=_date, document=_text, parcels=_list(_text), by=_text, text=_text, answer=_text)
_KEY = _record(id=_hex(64), public=_hex(64), name=_text, until=_maybe(_date))
FORMS: dict[str, Test] = {
    "open": _record(keys=_maybe(_list(_KEY)), need=_maybe(_number)),
    "adopt": _record(document=_text, date=_date, assignments=_list(_ASSIGNMENT), signers=_maybe(_list(_hex(64)))),
    "record": _record(results=_list(_RESULT)),
    "sign": _record(entry=_number, head=_hex(64), key=_hex(64), public=_hex(64), sig=_hex(128)),
    "revoke": _record(key=_hex(64), reason=_text),
    "supersede": _record(entry=_number, reason=lambda value: _text(value) and bool(value.strip())),
    "token": _record(entry=_number, head=_hex(64), token=_text),
    "matter": _record(matters=_list(_MATTER)),
    "close": _record(),
    "override": _record(),
}


def well_formed(kind: str, body: Mapping[str, Any]) -> bool:
    """Whether an entry holds what its kind must."""
    test = FORMS.get(kind)
    return test is not None and test(body)
