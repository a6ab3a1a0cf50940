"""How well, and how fast, are people known again? Every number of the matching table, measured (`make bench-matching`)."""
