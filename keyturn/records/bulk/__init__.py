"""How do many rows get into the tables at once? COPY into a temporary table, and from there a statement a table."""
