"""What keeps people safe while nothing is asked: life support that runs out, protected addresses, cases of fraud?"""
