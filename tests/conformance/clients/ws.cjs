// Talks to an echo with npm's `ws`, with and without permessage-deflate, and prints what it saw, as
// JSON. `ws` is found by NODE_PATH.
//
// usage: node ws.cjs ws://HOST:PORT/PATH quick|full
"use strict";

const assert = require("node:assert/strict");
const { randomFillSync } = require("node:crypto");
const { once } = require("node:events");
const { WebSocket } = require("ws");

// Longer than any scene takes.
const DEADLINE_MILLISECONDS = 30_000;

const SIZES = [0, 1, 125, 126, 1024, 65535, 65536, 300 * 1024, 4 << 20, 16 << 20];
const SIZES_QUICK = [0, 1, 126, 65536, 1 << 20];

// What each way of compression offers. A threshold of 0 compresses what is short as well.
const DEFLATE = {
  off: false,
  default: { threshold: 0 },
  "no takeover": { threshold: 0, serverNoContextTakeover: true, clientNoContextTakeover: true },
  "server takes over": { threshold: 0, clientNoContextTakeover: true },
  "client takes over": { threshold: 0, serverNoContextTakeover: true },
  "small windows": { threshold: 0, serverMaxWindowBits: 9, clientMaxWindowBits: 9 },
};

async function connected(uri, perMessageDeflate) {
  const socket = new WebSocket(uri, { perMessageDeflate, maxPayload: 0 });
  const arrived = [];
  const waiting = [];
  socket.on("message", (data, isBinary) => {
    const message = isBinary ? data : data.toString();
    const next = waiting.shift();
    next ? next(message) : arrived.push(message);
  });
  socket.next = () =>
    arrived.length > 0
      ? Promise.resolve(arrived.shift())
      : new Promise((resolve) => waiting.push(resolve));
  await once(socket, "open");
  const agreed = socket.extensions.startsWith("permessage-deflate");
  assert.equal(agreed, perMessageDeflate !== false, `agreed on "${socket.extensions}"`);
  return socket;
}

// Half of it repeats itself, half of it does not.
function binary(size) {
  const data = Buffer.alloc(size, "abcdefg");
  return randomFillSync(data, size >> 1);
}

// So many bytes of UTF-8.
function text(size) {
  return "ä€𝄞 ".repeat(size / 10) + "x".repeat(size % 10);
}

async function echoes(socket, message) {
  socket.send(message);
  assert.deepEqual(await socket.next(), message);
}

const scenes = {
  async sizes(socket, sizes) {
    for (const size of sizes) {
      await echoes(socket, binary(size));
      await echoes(socket, text(size));
      await echoes(socket, "");
    }
    return 3 * sizes.length;
  },

  async fragments(socket) {
    const parts = ["one ", "", "zwei ", "три ", "四".repeat(30_000)];
    parts.forEach((part, i) => socket.send(part, { fin: i === parts.length - 1 }));
    assert.equal(await socket.next(), parts.join(""));
    return 1;
  },

  async pipelined(socket) {
    const numbers = [...Array(1000).keys()].map((number) => `${number}: ${text(number)}`);
    numbers.forEach((number) => socket.send(number));
    for (const number of numbers) assert.equal(await socket.next(), number);
    return numbers.length;
  },

  async pings(socket) {
    for (const size of [0, 1, 125]) {
      const data = binary(size);
      // Between the fragments of a message, which it does not belong to.
      socket.send("a", { fin: false });
      socket.ping(data);
      socket.send("b", { fin: true });
      const [answer] = await once(socket, "pong");
      assert.deepEqual(answer, data);
      assert.equal(await socket.next(), "ab");
    }
    return 3;
  },
};

async function closes(uri, perMessageDeflate) {
  const reasons = [[], [1000, ""], [1000, "done"], [1001, ""], [3000, "é".repeat(61)], [4999, ""]];
  for (const reason of reasons) {
    const socket = await connected(uri, perMessageDeflate);
    socket.close(...reason);
    const [code] = await once(socket, "close");
    assert.equal(code, reason[0] ?? 1005);
  }
  // And one that leaves without a word, which the host has to live with.
  const socket = await connected(uri, perMessageDeflate);
  socket.send(binary(100_000));
  socket.terminate();
  return reasons.length;
}

async function within(what, promise) {
  const late = new Promise((_, reject) => {
    setTimeout(reject, DEADLINE_MILLISECONDS, new Error("it does not end")).unref();
  });
  return Promise.race([promise, late]).catch((error) => {
    throw new Error(what, { cause: error });
  });
}

async function main() {
  const [uri, extent] = process.argv.slice(2);
  const sizes = extent === "quick" ? SIZES_QUICK : SIZES;
  const seen = {};
  for (const [way, perMessageDeflate] of Object.entries(DEFLATE)) {
    const counts = {};
    for (const [name, scene] of Object.entries(scenes)) {
      const socket = await connected(uri, perMessageDeflate);
      counts[name] = await within(`${name}, deflate ${way}`, scene(socket, sizes));
      socket.close();
      await once(socket, "close");
    }
    counts.closes = await within(`closes, deflate ${way}`, closes(uri, perMessageDeflate));
    seen[way] = counts;
  }
  console.log(JSON.stringify(seen));
}

main();
