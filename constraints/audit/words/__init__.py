"""What a plan says in words, read a second time from the facts: names, terms, prices, conditions, dates, counts."""
