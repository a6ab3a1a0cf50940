"""Are the answers about somebody who depends on service good?"""
