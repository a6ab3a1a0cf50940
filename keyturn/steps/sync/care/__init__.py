"""How does the CIS hear that somebody depends on service?"""
