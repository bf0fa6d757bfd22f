"""What is given as Python values, as the texts that files and the command line give; refused where it is none."""

from __future__ import annotations

import datetime
import re
from decimal import Decimal

from landopt.job import seconds
from parcels.common.issues import Refused, error


def date(given: str | datetime.date | None) -> datetime.date:
    """A day, from a text too; today where none is given. Raises ``Refused`` for a text that is no day."""
    if given is None:
        return datetime.datetime.now(tz=datetime.UTC).date()
    if isinstance(given, datetime.datetime):
        return given.date()
    if isinstance(given, datetime.date):
        return given
    try:
        return datetime.date.fromisoformat(given)
    except ValueError:
        raise Refused(error("C004.no-date", at="as_of", given=given)) from None


def seconds_of(given: str | int | None) -> int | None:
    """Seconds, from a text such as ``5m`` too. Raises ``Refused`` for what is no time."""
    if given is None:
        return None
    try:
        return seconds(str(given))
    except ValueError:
        raise Refused(error("C004.no-time", at="time_limit", given=str(given))) from None


def rate(given: str) -> str:
    """A land reduction rate as a round may have it. Raises ``Refused`` for what is none."""
    from constraints.loading.keys import decimal_text
    from landopt.intake.roundfile import RATES

    text, (low, high) = decimal_text(given), RATES
    if text is None or not low <= Decimal(text) <= high:
        raise Refused(error("C004.outside", at="rate", key="rate", value=given, low=low, high=high))
    return text


def setting(name: str | tuple[str, ...], value: int | str) -> str:
    """A number of a rule as ``--set`` takes it."""
    if isinstance(name, tuple):
        rule, *key = name
        return f"{rule}[{','.join(key)}]:amount={value}"
    return f"{name}={value}" if re.search(r":[a-z_]+$", name) else f"{name}:amount={value}"


def fix(site: str, choice: str | tuple[str, str]) -> str:
    """An assignment as ``--fix`` takes it."""
    return f"{site}={choice}" if isinstance(choice, str) else f"{site}={choice[0]}:{choice[1]}"


def told(value: object) -> str:
    """A fact as text, as a file or the command line would give it."""
    if value is None:
        return "unknown"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | tuple | set | frozenset):
        return ";".join(str(each) for each in value)
    return value.isoformat() if isinstance(value, datetime.date) else str(value)
