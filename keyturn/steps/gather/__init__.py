"""Step gather: what must still be asked?"""
