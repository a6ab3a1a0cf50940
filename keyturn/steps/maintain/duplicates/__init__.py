"""Step maintain, duplicates: who is on file twice, as it seems?"""
