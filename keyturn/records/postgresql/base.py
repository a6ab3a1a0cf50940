"""Is the connection that the last request left still there?

Django asks `SELECT 1` before the first query of each request, which costs as much as a query of ours. A server that ends,
or ends a connection, says so: the socket has something to read that nobody asked for. Where it has nothing, the connection is
as it was left; only where it has something, Django's question is put.
"""

import select

from django.db.backends.postgresql import base
from psycopg import Connection
from psycopg.pq import ConnStatus, TransactionStatus


class DatabaseWrapper(base.DatabaseWrapper):
    def is_usable(self) -> bool:
        return self.connection is not None and (_is_as_it_was_left(self.connection) or bool(super().is_usable()))


def _is_as_it_was_left(connection: Connection) -> bool:
    """Connected, between two transactions, and nothing has come since."""
    own = connection.pgconn
    if own.status != ConnStatus.OK or own.transaction_status != TransactionStatus.IDLE:
        return False
    waiting = select.poll()
    waiting.register(own.socket, select.POLLIN)
    return not waiting.poll(0)
