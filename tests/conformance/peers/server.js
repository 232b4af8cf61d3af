// An echo by Bun, for guests that connect to it.
//
// It prints where it listens, and how each session ended. On the texts `?subprotocol`, `?ping DATA`
// and `?close CODE PHRASE` it says or does that; everything else comes back.

const SUBPROTOCOL = "echo.v1";

const server = Bun.serve({
  hostname: "127.0.0.1",
  port: 0,
  fetch(request, server) {
    const offered = (request.headers.get("sec-websocket-protocol") ?? "").split(/\s*,\s*/);
    const subprotocol = offered.includes(SUBPROTOCOL) ? SUBPROTOCOL : undefined;
    const headers = subprotocol ? { "sec-websocket-protocol": subprotocol } : {};
    if (server.upgrade(request, { headers, data: { subprotocol } })) {
      return undefined;
    }
    return new Response("not a WebSocket handshake\n", { status: 400 });
  },
  websocket: {
    perMessageDeflate: true,
    maxPayloadLength: 4 << 20,
    idleTimeout: 0,
    sendPings: false,
    message(socket, message) {
      const [, word, rest] = /^(\?\w+) ?(.*)$/s.exec(message) ?? [];
      if (typeof message !== "string" || word === undefined) {
        socket.send(message, true);
      } else if (word === "?subprotocol") {
        socket.send(socket.data.subprotocol ?? "none");
      } else if (word === "?ping") {
        socket.ping(rest);
      } else if (word === "?close") {
        const [, code, phrase] = /^(\d+) (.*)$/.exec(rest);
        socket.close(Number(code), phrase);
      }
    },
    pong(socket, data) {
      socket.send(`pong ${data}`);
    },
    close(_socket, code, phrase) {
      console.log(`closed ${code} ${phrase}`);
    },
  },
});

console.log(`listening on ${server.hostname}:${server.port}`);
