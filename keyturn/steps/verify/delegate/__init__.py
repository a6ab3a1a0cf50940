"""Is it truly the owner who lets somebody else act?"""
