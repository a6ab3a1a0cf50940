"""May somebody else act for an account, and have they accepted?"""
