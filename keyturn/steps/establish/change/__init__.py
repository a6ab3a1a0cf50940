"""What does an accepted change write?"""
