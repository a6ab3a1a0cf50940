"""What is written down when a login gets an account, or gives it up?"""
