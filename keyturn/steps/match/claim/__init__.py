"""Which account, and who on it, do a claim's details name?"""
