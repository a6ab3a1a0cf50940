"""Are the details by which an account is to be found well formed?"""
