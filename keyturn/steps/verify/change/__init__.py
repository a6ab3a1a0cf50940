"""Is it truly the customer who wants something changed?"""
