"""What happens to a CIS's connection on the way? A line between client and PostgreSQL that can be cut at a word."""

import socket
import threading
from contextlib import suppress
from enum import StrEnum

from psycopg.conninfo import conninfo_to_dict, make_conninfo


class Cut(StrEnum):
    NEVER = "never"
    BEFORE_COMMIT = "before_commit"  # the commit never reaches the server
    AFTER_COMMIT = "after_commit"  # it does, and the answer never comes back
    AT_FIRST_WRITE = "at_first_write"  # in the middle of the transaction
    SILENT = "silent"  # nothing is closed, and nothing answers any more


class Wire:
    """A relay on a port of this machine to the PostgreSQL at `url`. `cut` may be changed at any time."""

    def __init__(self, url: str) -> None:
        self._target = conninfo_to_dict(url)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._open: list[socket.socket] = []
        self.cut = Cut.NEVER
        self.heard = threading.Event()
        port = self._listener.getsockname()[1]
        self.url = make_conninfo(url, host="127.0.0.1", port=port, sslmode="disable", gssencmode="disable")
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._hang_up()

    def _hang_up(self) -> None:
        """Shut, and leave the closing to the garbage: another thread may be reading under the same descriptor."""
        for line in tuple(self._open):  # a caller who dials again at once is not of those
            with suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            server = self._dial()
            self._open += [client, server]
            threading.Thread(target=self._up, args=(client, server), daemon=True).start()
            threading.Thread(target=self._down, args=(server, client), daemon=True).start()

    def _dial(self) -> socket.socket:
        host, port = str(self._target.get("host") or "127.0.0.1"), int(self._target.get("port") or 5432)
        if not host.startswith("/"):
            return socket.create_connection((host, port))
        line = socket.socket(socket.AF_UNIX)
        line.connect(f"{host}/.s.PGSQL.{port}")
        return line

    def _up(self, client: socket.socket, server: socket.socket) -> None:
        with suppress(OSError):
            while said := client.recv(65536):
                if self.cut is Cut.SILENT:
                    return self.heard.set()
                if self.cut is Cut.BEFORE_COMMIT and b"COMMIT" in said:
                    return self._hang_up()
                if self.cut is Cut.AT_FIRST_WRITE and b"INSERT INTO person" in said:
                    return self._hang_up()
                server.sendall(said)
                if self.cut is Cut.AFTER_COMMIT and b"COMMIT" in said:
                    server.recv(65536)  # PostgreSQL answers when it has committed
                    return self._hang_up()
        return None

    def _down(self, server: socket.socket, client: socket.socket) -> None:
        with suppress(OSError):
            while said := server.recv(65536, socket.MSG_PEEK):
                if self.cut is Cut.AFTER_COMMIT and b"COMMIT" in said:
                    return
                client.sendall(server.recv(len(said)))
