"""May a proved claim be granted by machine, or must staff look?"""
