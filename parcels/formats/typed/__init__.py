"""Tables as people type them: titles, unit rows, deep headings, totals, notes, hidden rows; one way for all."""
