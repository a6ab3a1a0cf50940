"""Step sync: what must the CIS be told, and what do its answers mean?"""
