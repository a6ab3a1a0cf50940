"""Step identify: who is asking, and for whom?"""
