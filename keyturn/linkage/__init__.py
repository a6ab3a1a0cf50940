"""What about the whole registry at once: who is on file twice, and what do its own data teach the model?"""
