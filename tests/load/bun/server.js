// A plain Bun server, set up as Bun's documentation says: an echo, and a topic that reaches all.

const TOPIC = "all";

const server = Bun.serve({
  hostname: "127.0.0.1",
  port: 0,
  fetch(request, server) {
    const broadcast = new URL(request.url).pathname === "/broadcast";
    if (server.upgrade(request, { data: { broadcast } })) {
      return undefined;
    }
    return new Response("not a WebSocket handshake\n", { status: 400 });
  },
  websocket: {
    perMessageDeflate: false,
    open(socket) {
      if (socket.data.broadcast) {
        socket.subscribe(TOPIC);
      }
    },
    message(socket, message) {
      if (socket.data.broadcast) {
        // The server's own, which its publisher gets too.
        server.publish(TOPIC, message);
      } else {
        socket.send(message);
      }
    },
  },
});

process.on("SIGTERM", () => process.exit(0));
console.log(`listening on ws://${server.hostname}:${server.port}`);
