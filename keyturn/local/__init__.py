"""How does the whole of Keyturn run on one machine, with nothing installed or configured first?"""
