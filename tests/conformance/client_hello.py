"""A relay that reads the ClientHello of each connection, and may cut off those that are too large for it."""

import socket
import struct
import threading

SUPPORTED_GROUPS, KEY_SHARE = 10, 51
NAMES = {0x11EC: "X25519MLKEM768", 29: "X25519", 23: "P-256", 24: "P-384", 25: "P-521"}


def groups_and_shares(hello):
    """The names of the groups, and of those with a key share. Source: RFC 8446 §4.1.2, §4.2.7, §4.2.8."""
    at = 5 + 4 + 2 + 32  # record, message, version, random
    at += 1 + hello[at]  # session id
    at += 2 + struct.unpack_from("!H", hello, at)[0]  # cipher suites
    at += 1 + hello[at]  # compression methods
    at += 2
    extensions = {}
    while at < len(hello):
        kind, size = struct.unpack_from("!HH", hello, at)
        extensions[kind] = hello[at + 4 : at + 4 + size]
        at += 4 + size
    groups = [struct.unpack_from("!H", extensions[SUPPORTED_GROUPS], i)[0] for i in range(2, len(extensions[SUPPORTED_GROUPS]), 2)]
    shares, at = [], 2
    while at < len(extensions[KEY_SHARE]):
        group, size = struct.unpack_from("!HH", extensions[KEY_SHARE], at)
        shares.append(group)
        at += 4 + size
    return [NAMES[each] for each in groups], [NAMES[each] for each in shares]


def read_record(stream):
    """The first TLS record, whole."""
    record = b""
    while len(record) < 5 or len(record) < 5 + struct.unpack_from("!H", record, 3)[0]:
        part = stream.recv(4096)
        if not part:
            break
        record += part
    return record


class HelloRelay:
    """Relays to `port`. `largest`: a longer ClientHello is answered with a reset (`resets`) or an end of the stream."""

    def __init__(self, port, largest=None, resets=True):
        self.hellos = []
        self._target, self._largest, self._resets = port, largest, resets
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            try:
                client, _ = self._socket.accept()
            except OSError:
                return
            threading.Thread(target=self._relay, args=(client,), daemon=True).start()

    def _relay(self, client):
        with client:
            hello = read_record(client)
            self.hellos.append(hello)
            if self._largest is not None and len(hello) > self._largest:
                if self._resets:
                    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                return
            with socket.create_connection(("127.0.0.1", self._target)) as server:
                server.sendall(hello)
                back = threading.Thread(target=self._pump, args=(server, client), daemon=True)
                back.start()
                self._pump(client, server)
                back.join()

    @staticmethod
    def _pump(source, target):
        try:
            while part := source.recv(65536):
                target.sendall(part)
            target.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def stop(self):
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
