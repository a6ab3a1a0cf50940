"""Who is told of an invitation, and of what became of it?"""
