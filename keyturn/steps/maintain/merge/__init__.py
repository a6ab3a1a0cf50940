"""Two persons on file are one: made one, and two again."""
