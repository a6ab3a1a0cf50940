"""Step decide: accept, refer or refuse?"""
