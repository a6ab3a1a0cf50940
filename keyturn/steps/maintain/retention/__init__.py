"""What is forgotten because its time is over?"""
