"""Step review: what staff may do with a referred request?"""
