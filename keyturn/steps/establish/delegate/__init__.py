"""What does an accepted invitation write?"""
