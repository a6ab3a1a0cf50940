"""Step confirm: what is the customer told, and by which channel?"""
