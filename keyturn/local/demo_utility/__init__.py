"""Which invented utility can Keyturn be tried on, without anybody's real data?"""
