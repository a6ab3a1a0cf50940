"""What is the CIS told of who may act for an account?"""
