"""The array reading of the law: verdicts, terms and prices of whole classes of cases at once."""
