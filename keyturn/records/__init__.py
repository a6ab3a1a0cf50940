"""The tables: what is kept, and nothing of what is done with it."""
