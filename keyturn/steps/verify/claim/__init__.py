"""Is the account truly theirs: which contacts on file may be asked, and was the answer right?"""
