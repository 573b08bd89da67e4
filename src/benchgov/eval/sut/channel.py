"""Small JSON messages, and open files beside them, between the processes around a system under test.

Light on purpose: the processes that use it start for every lane.
"""

from __future__ import annotations

import json
import os
import socket
import struct
from collections.abc import Sequence
from typing import Any

MAX_MESSAGE_BYTES = 1 << 20
_HEAD = struct.Struct("!I")
_MAX_FILES = 4


def send(channel: socket.socket, message: Any, files: Sequence[int] = ()) -> None:
    """Send one message; the other side gets files of its own for `files`.

    Raises:
        OSError: the other side is gone.
    """
    data = json.dumps(message).encode()
    socket.send_fds(channel, [_HEAD.pack(len(data))], list(files))
    channel.sendall(data)


def receive(channel: socket.socket) -> tuple[Any, list[int]] | None:
    """The next message and its files; None when the other side is gone, or says what is no message.

    Raises:
        TimeoutError: the channel has a timeout, and it is over.
    """
    files: list[int] = []
    try:
        head, files, _, _ = socket.recv_fds(channel, _HEAD.size, _MAX_FILES)
        for number in files:
            os.set_inheritable(number, False)
        head += _exactly(channel, _HEAD.size - len(head)) if head else b""
        (size,) = _HEAD.unpack(head)
        if size > MAX_MESSAGE_BYTES:
            raise ValueError("too long")
        return json.loads(_exactly(channel, size)), files
    except TimeoutError:
        raise
    except (OSError, ValueError, struct.error, RecursionError):
        for number in files:
            os.close(number)
        return None


def _exactly(channel: socket.socket, size: int) -> bytes:
    data = bytearray()
    while len(data) < size:
        piece = channel.recv(size - len(data))
        if not piece:
            raise ValueError("cut off")
        data += piece
    return bytes(data)
