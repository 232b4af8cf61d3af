"""Talks to a host with `websockets` and prints what it saw, as JSON; the test compares it."""

import asyncio
import json
import sys

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus


async def echo(base):
    seen = []
    async with connect(f"{base}/echo", max_size=None) as client:
        for text in ["text", "", "Grüße"]:
            await client.send(text)
            seen.append(await client.recv())
        for size in [0, 1, 125, 126, 65535, 65536, 1 << 20]:
            data = bytes(i % 251 for i in range(size))
            await client.send(data)
            answer = await client.recv()
            seen.append(len(answer) if answer == data else "not what was sent")
    return seen


async def fragments(base):
    async with connect(f"{base}/echo") as client:
        await client.send(["one ", "two ", "three"])
        return await client.recv()


async def ping(base):
    async with connect(f"{base}/echo") as client:
        await (await client.ping(b"are you there?"))
        return "pong"


async def closed(client):
    try:
        await client.recv()
    except ConnectionClosed as end:
        return end
    raise AssertionError("a message came instead of the end")


async def close_by_client(base):
    async with connect(f"{base}/observer") as client:
        await client.close(1000, "done")
        end = await closed(client)
        return [end.sent.code, end.sent.reason, end.rcvd.code]


async def close_by_guest(base):
    async with connect(f"{base}/observer") as client:
        await client.send("close 4001 go away")
        end = await closed(client)
        return [end.rcvd.code, end.rcvd.reason, end.sent.code]


async def close_without_code(base):
    async with connect(f"{base}/observer") as client:
        await client.send("close 1005")
        return (await closed(client)).rcvd.code


async def too_big(base):
    async with connect(f"{base}/observer") as client:
        await client.send(bytes(64 * 1024 + 1))
        return (await closed(client)).rcvd.code


async def rejected(base):
    try:
        async with connect(f"{base}/configured?do=deny"):
            return "accepted"
    except InvalidStatus as refusal:
        return [refusal.response.status_code, refusal.response.body.decode()]


async def subprotocol(base):
    async with connect(f"{base}/configured?do=choose", subprotocols=["a", "b"]) as client:
        return client.subprotocol


async def broadcast(base):
    uri = f"{base}/broadcast"
    async with connect(uri) as a, connect(uri) as b, connect(uri) as c:
        await b.send("hello")
        return [await client.recv() for client in (a, b, c)]


async def pipelined(base):
    async with connect(f"{base}/echo") as client:
        async def send():
            for number in range(1000):
                await client.send(str(number))

        sender = asyncio.create_task(send())
        answers = [int(await client.recv()) for _ in range(1000)]
        await sender
        return len(answers) if answers == list(range(1000)) else "not in order"


async def clean_ends(base):
    clients = [await connect(f"{base}/echo") for _ in range(5)]
    await asyncio.gather(*(client.close() for client in clients))
    return all(client.close_code == 1000 for client in clients)


async def main():
    base = f"ws://{sys.argv[1]}"
    scenes = [
        echo, fragments, ping, close_by_client, close_by_guest, close_without_code, too_big,
        rejected, subprotocol, broadcast, pipelined, clean_ends,
    ]
    seen = {scene.__name__.replace("_", " "): await scene(base) for scene in scenes}
    print(json.dumps(seen))


asyncio.run(main())
