"""Step verify: is it truly them?"""
