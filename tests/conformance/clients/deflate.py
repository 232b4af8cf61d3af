"""Talks to an echo with `websockets`, with each set of parameters of permessage-deflate (RFC 7692
section 7.1) in a session of its own, and prints what it saw, as JSON.

usage: deflate.py ws://HOST:PORT/PATH quick|full
"""

import asyncio
import collections
import itertools
import json
import random
import sys

from websockets.asyncio.client import connect
from websockets.extensions.permessage_deflate import ClientPerMessageDeflateFactory

# Nothing, the edges between the three forms of a frame's length (RFC 6455 section 5.2), and around
# what buffers and windows hold.
SIZES = [0, 1, 125, 126, 4095, 4096, 4097, 16383, 16384, 16385, 65535, 65536, 65537, 300 * 1024]
SIZES_QUICK = [0, 1, 126, 4097, 65536, 300 * 1024]

# Longer than any session takes.
DEADLINE_SECONDS = 30

WORDS = ["window", "Fenster", "fenêtre", "okno", "ventana", "🪟", "窓", " ", "\n"]


def text(size, source):
    """A text of so many bytes, which compression finds something in."""
    # A character that is cut in two at the end is left out, and the rest filled up.
    words = "".join(source.choices(WORDS, k=size + 1)).encode()[:size].decode(errors="ignore")
    return words + "x" * (size - len(words.encode()))


def binary(size, source):
    """So many bytes, of which compression finds something in every other stretch."""
    stretches = (source.randbytes(64) if i % 2 else bytes(64) for i in range(size // 64 + 1))
    return b"".join(stretches)[:size]


def messages(sizes, source):
    """What one session says: by itself, and then between empty messages, which have to keep the
    context as it is."""
    for size in sizes:
        yield text(size, source)
        yield binary(size, source)
    for size in [1, 5, 4096]:
        yield from ["", text(size, source), b"", "", binary(size, source), b"", b""]


def pieces(message, source):
    """The message in fragments, some of which are empty."""
    at = 0
    while at < len(message):
        step = source.choice([0, 1, 7, 1000, 20000])
        yield message[at:at + step]
        at += step
    yield message[at:]


async def one_by_one(client, said):
    for message in said:
        await client.send(message)
        answer = await client.recv()
        assert answer == message, f"{len(message)} were sent, {len(answer)} came back"


async def in_fragments(client, said, source):
    for message in said:
        await client.send(pieces(message, source))
        answer = await client.recv()
        assert answer == message, f"{len(message)} were sent in fragments, {len(answer)} came back"


async def pipelined(client, said):
    async def send():
        for message in said:
            await client.send(message)

    sender = asyncio.create_task(send())
    for message in said:
        answer = await client.recv()
        assert answer == message, f"{len(message)} were sent at once, {len(answer)} came back"
    await sender


def check(asked, agreed):
    """The answer is one to the offer (RFC 7692 section 7.1)."""
    no_server_takeover, no_client_takeover, server_bits, client_bits = asked
    assert agreed.remote_no_context_takeover or not no_server_takeover
    assert agreed.local_no_context_takeover or not no_client_takeover
    assert agreed.remote_max_window_bits <= (server_bits or 15)
    assert agreed.local_max_window_bits <= (15 if client_bits in (True, None) else client_bits)


async def session(uri, asked, sizes):
    source = random.Random(repr(asked))
    factory = ClientPerMessageDeflateFactory(*asked)
    said = list(messages(sizes, source))
    short = [message for message in said if len(message) < 20000]
    async with connect(uri, compression=None, extensions=[factory], max_size=None) as client:
        extensions = client.protocol.extensions
        assert len(extensions) == 1, "compression was not agreed on"
        check(asked, extensions[0])
        await one_by_one(client, said)
        await in_fragments(client, said, source)
        await pipelined(client, short)
    assert client.close_code == 1000, client.close_code
    return extensions[0], 2 * len(said) + len(short)


async def declined(uri):
    """A window of 256 bytes is one that deflate cannot have, so no answer may promise it."""
    factory = ClientPerMessageDeflateFactory(server_max_window_bits=8)
    async with connect(uri, compression=None, extensions=[factory]) as client:
        await one_by_one(client, ["", "a", b"b"])
        return not client.protocol.extensions


async def main():
    uri, extent = sys.argv[1:]
    quick = extent == "quick"
    takeovers = itertools.product([False, True], repeat=2)
    server_bits = [None, 9, 15] if quick else [None, *range(9, 16)]
    client_bits = [True, 9] if quick else [None, True, *range(9, 16)]
    seen = collections.Counter()
    for (server, client), *bits in itertools.product(takeovers, server_bits, client_bits):
        asked = (server, client, *bits)
        talk = session(uri, asked, SIZES_QUICK if quick else SIZES)
        try:
            agreed, echoed = await asyncio.wait_for(talk, DEADLINE_SECONDS)
        except Exception as error:
            raise AssertionError(f"with {asked} of {ClientPerMessageDeflateFactory}") from error
        seen["sets"] += 1
        seen["messages"] += echoed
        seen["server takes over"] += not agreed.remote_no_context_takeover
        seen["client takes over"] += not agreed.local_no_context_takeover
    print(json.dumps({**seen, "a window of 256 bytes is declined": await declined(uri)}))


asyncio.run(main())
