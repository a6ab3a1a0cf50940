"""How fast, and how right, is Keyturn? Each file measures one thing and can be run again: `make bench`."""
