"""What is not so, as every part of an audit says it: the rule (or check) that tells, and a text made last."""

from __future__ import annotations

from parcels.common.catalogue import Text

Problem = tuple[str, Text]
