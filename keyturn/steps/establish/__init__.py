"""Step establish: what do we write down?"""
