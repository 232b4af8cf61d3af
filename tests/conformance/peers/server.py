"""An echo by `websockets`, for guests that connect to it.

It prints where it listens, and how each session ended. On the texts `?subprotocol`, `?ping DATA`
and `?close CODE PHRASE` it says or does that; everything else comes back.
"""

import asyncio

from websockets.asyncio.server import serve
from websockets.exceptions import ConnectionClosed

SUBPROTOCOL = "echo.v1"


async def answer(session, message):
    word, _, rest = message.partition(" ") if isinstance(message, str) else ("", "", "")
    if word == "?subprotocol":
        await session.send(session.subprotocol or "none")
    elif word == "?ping":
        await (await session.ping(rest))
        await session.send(f"pong {rest}")
    elif word == "?close":
        code, _, phrase = rest.partition(" ")
        await session.close(int(code), phrase)
    else:
        await session.send(message)


async def echo(session):
    # A pong is read by a task of the library's own, so this one may wait for it.
    try:
        while True:
            await answer(session, await session.recv())
    except ConnectionClosed:
        pass
    await session.wait_closed()
    print(f"closed {session.close_code} {session.close_reason}", flush=True)


def select(_session, offered):
    # Who offers none is welcome as well, which the library's own choice does not allow.
    return SUBPROTOCOL if SUBPROTOCOL in offered else None


async def main():
    options = {"select_subprotocol": select, "max_size": 4 << 20, "ping_interval": None}
    async with serve(echo, "127.0.0.1", 0, **options) as server:
        host, port = server.sockets[0].getsockname()[:2]
        print(f"listening on {host}:{port}", flush=True)
        await server.serve_forever()


asyncio.run(main())
