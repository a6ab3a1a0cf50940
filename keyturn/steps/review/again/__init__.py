"""Links that the machine made, looked at again: are they right, and what follows where they are not?"""
