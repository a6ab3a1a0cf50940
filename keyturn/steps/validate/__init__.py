"""Step validate: is each answer well formed and possible?"""
