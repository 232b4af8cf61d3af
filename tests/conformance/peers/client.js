// Talks to the host with Bun's WebSocket, and prints what it saw, as JSON.
//
// usage: bun client.js ws://HOST:PORT

import assert from "node:assert/strict";

// Longer than all of it takes.
const DEADLINE_MILLISECONDS = 120_000;

const SIZES = [0, 1, 125, 126, 65535, 65536, 300 << 10, 1 << 20];
const PIPELINED = 200;

const base = process.argv[2];

// A session, and what happens in it, one event after the other.
async function open(path, subprotocols = []) {
  const socket = new WebSocket(base + path, subprotocols);
  socket.binaryType = "nodebuffer";
  const happened = [];
  const waiting = [];
  const happens = (event) => {
    const next = waiting.shift();
    next ? next(event) : happened.push(event);
  };
  socket.addEventListener("open", () => happens(["open"]));
  socket.addEventListener("message", ({ data }) => happens(["message", data]));
  socket.addEventListener("pong", ({ data }) => happens(["pong", Buffer.from(data).toString()]));
  socket.addEventListener("close", ({ code, reason }) => happens(["close", code, reason]));
  const next = async (kind) => {
    const event =
      happened.shift() ?? (await new Promise((resolve) => waiting.push(resolve)));
    assert.equal(event[0], kind, `${event} in place of ${kind}`);
    return event.length > 2 ? event.slice(1) : event[1];
  };
  await next("open");
  return { socket, next };
}

async function messages() {
  const { socket, next } = await open("/echo");
  let echoed = 0;
  for (const size of SIZES) {
    for (const message of ["x".repeat(size), Buffer.alloc(size >> 1 << 1, "\0\u00ff", "latin1")]) {
      socket.send(message);
      const answer = await next("message");
      assert.ok(typeof answer === typeof message && answer.length === message.length);
      assert.ok(typeof answer === "string" ? answer === message : message.equals(answer));
      echoed += 1;
    }
  }
  const said = [...Array(PIPELINED).keys()].map((number) => `${number}: ä€𝄞`);
  said.forEach((message) => socket.send(message));
  for (const message of said) {
    assert.equal(await next("message"), message);
    echoed += 1;
  }
  socket.close(1000);
  await next("close");
  return echoed;
}

async function pings() {
  const { socket, next } = await open("/echo");
  const said = ["", "a", "x".repeat(125)];
  for (const data of said) {
    socket.ping(data);
    assert.equal(await next("pong"), data);
  }
  socket.close(1000);
  await next("close");
  return said.length;
}

async function pongs() {
  const { socket, next } = await open("/controls");
  socket.send("ping are you there");
  const told = await next("message");
  socket.close(1000);
  await next("close");
  return told;
}

async function subprotocol() {
  const { socket, next } = await open("/handshaker/1/2", ["nobody", "b"]);
  socket.send("what");
  assert.equal(JSON.parse(await next("message")).subprotocol, "b");
  const { protocol } = socket;
  socket.close(1000);
  await next("close");
  return protocol;
}

async function closes() {
  const { socket, next } = await open("/observer");
  socket.close(4001, "enough");
  return next("close");
}

async function isClosed() {
  const { socket, next } = await open("/observer");
  socket.send("close 4002 go on");
  return next("close");
}

setTimeout(() => {
  console.error("it does not end");
  process.exit(1);
}, DEADLINE_MILLISECONDS).unref();
const seen = {
  messages: await messages(),
  pings: await pings(),
  pinged: await pongs(),
  subprotocol: await subprotocol(),
  closes: await closes(),
  "is closed": await isClosed(),
};
console.log(JSON.stringify(seen));
