"""What would Oracle CC&B answer? A stand-in that ships: a process with a store of its own, speaking real SOAP and REST.

It follows what Oracle's public documentation shows of the operations and their fields; nobody has compared it with a
real one. `python -m keyturn.connectors.cis.ccb.simulator --help` says how it is started.
"""
