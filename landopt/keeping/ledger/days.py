"""Days that are told to the ledger: written as ISO and nothing else, and none that a document or an event cannot have.

A document may be older than its entry: it is often signed first and entered later, and a round of past years may be
entered today.  It cannot be older than both the facts it approves and the round that it decides. Rounds of years to
come are tried out with their own days, so that a day may lie after today, but not by more than the longest right runs.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterable

from parcels.common.issues import Issue, Refused, error, stop_on_errors
from parcels.common.place import Place

FOUNDED = "1949-10-01"
"""No document of this state is older: a year such as 0001 or 0206 is a slip of the hand."""
LONGEST_YEARS = 70
"""The longest term of a land-use right: a later year such as 9999 is a slip of the hand.

Housing: 城镇国有土地使用权出让和转让暂行条例, 国务院令第55号, art. 12, grade V1 (rule ``cn.order55.art12.housing``).
"""


def today() -> str:
    """The date of today where this machine stands, ISO: what is dated in an office is dated by its own calendar."""
    return datetime.datetime.now(datetime.UTC).astimezone().date().isoformat()


def day_of(moment: str) -> str:
    """The local day of an entry's clock."""
    return datetime.datetime.fromisoformat(moment).astimezone().date().isoformat()


def is_day(text: str) -> bool:
    """Whether a text is a day as the ledger keeps it (2026-04-30): other ways to write one do not sort as texts."""
    if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text) is None:
        return False
    try:
        datetime.date.fromisoformat(text)
    except ValueError:
        return False
    return True


def require_day(text: str, at: str) -> None:
    """Refuse what is no day (B024)."""
    if not is_day(text):
        raise Refused(error("B024.not-date", at=at, text=text))


def past_issues(days: Iterable[str], at: Place | str, last: str | None) -> list[Issue]:
    """What speaks against days on which something is said to have been signed or to have happened.

    ``last`` is the last day of the round ("" where it says none): rounds of years to come may be tried out; ``None``
    where no round is known, and with it no end.
    """
    found: list[Issue] = []
    begin = max(today(), last) if last is not None else "9929-12-31"
    end = f"{int(begin[:4]) + LONGEST_YEARS:04}{begin[4:]}"
    for day in days:
        if not is_day(day):
            found.append(error("B024.not-date", at=at, text=day))
        elif day < FOUNDED:
            found.append(error("B028.founded", at=at, day=day, founded=FOUNDED))
        elif day > end:
            found.append(error("B028.future", at=at, day=day, last=end))
    return found


def require_document_day(day: str, as_of: str, opened: str, last: str) -> None:
    """Refuse the date of a document that cannot have approved a plan.

    Parameters
    ----------
    as_of
        The day of the facts that the plan rests on.
    opened
        The clock of the entry that opened the round.
    last
        The last day of the round.

    Raises
    ------
    Refused
        If it is no day (B024), older than both facts and round, or later than any right of the round runs (B028).
    """
    stop_on_errors(past_issues([day], "--date", last))
    if day < min(as_of, day_of(opened)):
        raise Refused(error("B028.before", at="--date", day=day, as_of=as_of, opened=day_of(opened)))


def require_until(until: str) -> None:
    """Refuse a last day of keys that is no day (B024) or is over when the round is opened (B028)."""
    require_day(until, "--until")
    if until < today():
        raise Refused(error("B028.over", at="--until", day=until, today=today()))
