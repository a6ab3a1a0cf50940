"""Which files may a customer give us?"""
