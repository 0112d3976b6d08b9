"""A WebSocket client as small as can be: the generator must cost less than the server that it measures."""

from __future__ import annotations

import base64
import os
import socket
import struct


class SocketClient:
    """One connected client. ``receive`` returns the text messages that a readable socket holds."""

    def __init__(self, port: int, path: str = "/ws", cookie: str = "", origin: str = "") -> None:
        self.sock = socket.create_connection(("127.0.0.1", port), timeout=30)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        key = base64.b64encode(os.urandom(16)).decode()
        lines = [
            f"GET {path} HTTP/1.1",
            f"Host: 127.0.0.1:{port}",
            "Upgrade: websocket",
            "Connection: Upgrade",
            "Sec-WebSocket-Version: 13",
            f"Sec-WebSocket-Key: {key}",
            f"Origin: {origin or f'http://127.0.0.1:{port}'}",
        ]
        if cookie:
            lines.append(f"Cookie: {cookie}")
        self.sock.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
        self._buffer = b""
        while b"\r\n\r\n" not in self._buffer:
            chunk = self.sock.recv(65536)
            if not chunk:
                raise ConnectionError(f"the server closed during the handshake: {self._buffer[:200]!r}")
            self._buffer += chunk
        head, _, self._buffer = self._buffer.partition(b"\r\n\r\n")
        if b" 101 " not in head.splitlines()[0]:
            raise ConnectionError(f"no WebSocket here: {head[:200]!r}")

    def send(self, text: str) -> None:
        self._send_frame(0x81, text.encode())

    def _send_frame(self, opcode: int, payload: bytes) -> None:
        mask = os.urandom(4)
        masked = bytes(byte ^ mask[index % 4] for index, byte in enumerate(payload))
        if len(payload) < 126:
            head = struct.pack("!BB", opcode, 0x80 | len(payload))
        else:
            head = struct.pack("!BBH", opcode, 0x80 | 126, len(payload))
        self.sock.sendall(head + mask + masked)

    def receive(self) -> list[bytes]:
        """Read once and give the complete messages; raises ConnectionError at the end."""
        chunk = self.sock.recv(262144)
        if not chunk:
            raise ConnectionError("closed")
        self._buffer += chunk
        return self.buffered()

    def buffered(self) -> list[bytes]:
        """The complete messages among what was already read."""
        messages: list[bytes] = []
        while (frame := self._frame()) is not None:
            opcode, payload = frame
            if opcode in (1, 2):
                messages.append(payload)
            elif opcode == 9:
                self._send_frame(0x8A, payload)
        return messages

    def _frame(self) -> tuple[int, bytes] | None:
        data = self._buffer
        if len(data) < 2:
            return None
        length, offset = data[1] & 0x7F, 2
        if length == 126 and len(data) >= 4:
            length, offset = struct.unpack_from("!H", data, 2)[0], 4
        elif length == 127 and len(data) >= 10:
            length, offset = struct.unpack_from("!Q", data, 2)[0], 10
        elif length >= 126:
            return None
        if len(data) < offset + length:
            return None
        self._buffer = data[offset + length :]
        return data[0] & 0x0F, data[offset : offset + length]

    def close(self) -> None:
        self.sock.close()
