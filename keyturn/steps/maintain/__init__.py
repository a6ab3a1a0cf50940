"""Step maintain: is it still true?"""
