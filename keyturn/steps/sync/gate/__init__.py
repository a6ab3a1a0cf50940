"""Part of sync: may the CIS be called now?"""
