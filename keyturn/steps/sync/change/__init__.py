"""What is the CIS told of a change?"""
