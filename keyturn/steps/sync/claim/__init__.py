"""What is the CIS told when a login gets an account?"""
