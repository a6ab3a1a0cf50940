"""Who is told of a change, at which contact?"""
