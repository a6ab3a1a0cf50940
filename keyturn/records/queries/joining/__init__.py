"""How would the rows of two persons lie if the two were one, and how if they were two again? Planned here, written elsewhere."""
