"""Step match: do we already know this person, this premise?"""
