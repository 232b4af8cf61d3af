"""Talks to the host with `websockets`, and prints what it saw, as JSON.

usage: client.py ws://HOST:PORT
"""

import asyncio
import json
import sys

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

# Longer than all of it takes.
DEADLINE_SECONDS = 120

SIZES = [0, 1, 125, 126, 65535, 65536, 300 << 10, 1 << 20]
PIPELINED = 200

base = sys.argv[1]


def session(path, **options):
    return connect(base + path, max_size=None, ping_interval=None, **options)


async def messages():
    echoed = 0
    async with session("/echo") as client:
        for size in SIZES:
            for message in ["x" * size, b"\0\xff" * (size // 2)]:
                await client.send(message)
                assert await client.recv() == message, f"{size} bytes"
                echoed += 1
        said = [f"{number}: ä€𝄞" for number in range(PIPELINED)]
        for message in said:
            await client.send(message)
        for message in said:
            assert await client.recv() == message, message
            echoed += 1
    return echoed


async def pings():
    async with session("/echo") as client:
        for data in ["", "a", "x" * 125]:
            await (await client.ping(data))
    return 3


async def pongs():
    async with session("/controls") as client:
        await client.send("ping are you there")
        return await client.recv()


async def subprotocol():
    async with session("/handshaker/1/2", subprotocols=["nobody", "b"]) as client:
        await client.send("what")
        assert json.loads(await client.recv())["subprotocol"] == "b"
        return client.subprotocol


async def closes():
    client = await session("/observer")
    await client.close(4001, "enough")
    return [client.close_code, client.close_reason]


async def is_closed():
    client = await session("/observer")
    await client.send("close 4002 go on")
    try:
        while True:
            await client.recv()
    except ConnectionClosed:
        return [client.close_code, client.close_reason]


async def main():
    seen = {
        "messages": await messages(),
        "pings": await pings(),
        "pinged": await pongs(),
        "subprotocol": await subprotocol(),
        "closes": await closes(),
        "is closed": await is_closed(),
    }
    print(json.dumps(seen))


asyncio.run(asyncio.wait_for(main(), DEADLINE_SECONDS))
