"""How does somebody's access end?"""
