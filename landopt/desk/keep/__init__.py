"""Commands that keep and show: audit, report, round."""
