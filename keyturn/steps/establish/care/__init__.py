"""What is written when somebody depends on service, or when staff put a file right?"""
