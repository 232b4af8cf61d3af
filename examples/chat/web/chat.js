// The chat's page: joins a room over a WebSocket, shows what is said there, and comes back when
// the connection is lost.
"use strict";

const DEFAULT_ROOM = "lobby";
const LOG_ENTRIES_MAX = 500;
const RETRY_FIRST_MS = 500;
const RETRY_MAX_MS = 30_000;
const NORMAL_CLOSURE = 1000;

const element = (id) => document.getElementById(id);
const entrance = element("entrance");
const nameField = element("name");
const roomField = element("room");
const joinButton = element("join");
const messageField = element("message");
const sendButton = element("send");
const log = element("log");
const memberList = element("members");
const status = element("status");

/** The wish to be in a room, from Join to Leave, over any number of connections; or null. */
let stay = null;

/** Shows how things stand: idle, connecting, connected, waiting or failed. */
function setStatus(state, text) {
  status.dataset.state = state;
  status.textContent = text;
  const inside = stay !== null;
  joinButton.textContent = inside ? "Leave" : "Join";
  nameField.disabled = roomField.disabled = inside;
  const open = state === "connected";
  messageField.disabled = sendButton.disabled = !open;
  messageField.placeholder = open ? "Say something" : inside ? "Waiting for the host" : "Join to talk";
}

/** Adds an entry to the log; what a peer wrote is only ever text. */
function show(kind, text, who, mine = false) {
  const atEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 40;
  const entry = document.createElement("li");
  entry.className = mine ? "entry mine" : "entry";
  entry.dataset.kind = kind;
  if (who !== undefined) {
    const name = document.createElement("span");
    name.className = "who";
    name.textContent = who;
    entry.append(name);
  }
  entry.append(text);
  log.append(entry);
  while (log.childElementCount > LOG_ENTRIES_MAX) {
    log.firstElementChild.remove();
  }
  if (atEnd || mine) {
    log.scrollTop = log.scrollHeight;
  }
}

function showMembers(connection) {
  const items = [...connection.members].map(([id, name]) => {
    const item = document.createElement("li");
    item.textContent = id === connection.id ? `${name} (you)` : name;
    item.className = id === connection.id ? "me" : "";
    item.dataset.id = id;
    return item;
  });
  if (connection.more) {
    const item = document.createElement("li");
    item.textContent = "and more";
    items.push(item);
  }
  memberList.replaceChildren(...items);
}

/** What each event of the host does. */
const handlers = {
  welcome(connection, event) {
    connection.id = event.id;
    connection.more = event.more;
    // Who joined or left while the list was made has told us already, and knows better.
    for (const member of event.members) {
      if (!connection.gone.has(member.id)) {
        connection.members.set(member.id, member.name);
      }
    }
    stay.failures = 0;
    setStatus("connected", `In ${event.room} as ${event.name}`);
    show("system", `You are in ${event.room}.`);
    showMembers(connection);
    messageField.focus();
  },
  joined(connection, event) {
    connection.members.set(event.id, event.name);
    show("joined", `${event.name} joined`);
    showMembers(connection);
  },
  said(connection, event) {
    show("said", event.text, event.name, event.id === connection.id);
  },
  left(connection, event) {
    connection.gone.add(event.id);
    connection.members.delete(event.id);
    show("left", `${event.name} left`);
    showMembers(connection);
  },
  error(connection, event) {
    show("system", `Not taken: ${event.text}.`);
    if (connection.id === null) {
      leave("failed", "The room did not let you in");
    }
  },
};

function connect() {
  const scheme = location.protocol === "https:" ? "wss" : "ws";
  const socket = new WebSocket(`${scheme}://${location.host}/chat/${encodeURIComponent(stay.room)}`);
  const connection = { id: null, members: new Map(), gone: new Set(), more: false };
  stay.socket = socket;
  const current = () => stay !== null && stay.socket === socket;
  setStatus("connecting", "Connecting…");

  socket.addEventListener("open", () => {
    socket.send(JSON.stringify({ type: "join", name: stay.name }));
  });
  socket.addEventListener("message", ({ data }) => {
    const event = JSON.parse(data);
    if (current() && Object.hasOwn(handlers, event.type)) {
      handlers[event.type](connection, event);
    }
  });
  socket.addEventListener("close", ({ code, reason }) => {
    if (current()) {
      closed(code, reason);
    }
  });
}

/** The connection is gone and we wanted it: come back, sooner at first, later and later. */
function closed(code, reason) {
  memberList.replaceChildren();
  if (code === NORMAL_CLOSURE) {
    leave("idle", "The host closed the session");
    return;
  }
  if (stay.failures === 0) {
    show("system", `Connection lost (${reason || code}).`);
  }
  const ceiling = Math.min(RETRY_MAX_MS, RETRY_FIRST_MS * 2 ** stay.failures);
  // Half of the wait is chance, so that not all clients of a host that restarts come at once.
  const wait = ceiling / 2 + Math.random() * ceiling / 2;
  stay.failures += 1;
  stay.timer = setTimeout(connect, wait);
  const seconds = Math.max(1, Math.round(wait / 1000));
  setStatus("waiting", `Connection lost; trying again in ${seconds} s`);
}

function join() {
  const room = roomField.value.trim() || DEFAULT_ROOM;
  stay = { name: nameField.value.trim(), room, failures: 0, timer: null, socket: null };
  roomField.value = room;
  location.hash = encodeURIComponent(room);
  connect();
}

function leave(state, text) {
  const { socket, timer } = stay;
  stay = null;
  clearTimeout(timer);
  socket.close(NORMAL_CLOSURE);
  memberList.replaceChildren();
  setStatus(state, text);
}

function roomOfAddress() {
  try {
    return decodeURIComponent(location.hash.slice(1)) || DEFAULT_ROOM;
  } catch {
    return DEFAULT_ROOM;
  }
}

entrance.addEventListener("submit", (event) => {
  event.preventDefault();
  if (stay === null) {
    join();
  } else {
    leave("idle", "Not connected");
    nameField.focus();
  }
});

element("composer").addEventListener("submit", (event) => {
  event.preventDefault();
  const text = messageField.value;
  if (status.dataset.state === "connected" && text.trim() !== "") {
    stay.socket.send(JSON.stringify({ type: "say", text }));
    messageField.value = "";
  }
});

// Another room in the address is another room to be in.
addEventListener("hashchange", () => {
  const room = roomOfAddress();
  roomField.value = room;
  if (stay !== null && stay.room !== room) {
    leave("idle", "Not connected");
    if (entrance.reportValidity()) {
      join();
    }
  }
});

addEventListener("online", () => {
  if (stay !== null && status.dataset.state === "waiting") {
    clearTimeout(stay.timer);
    connect();
  }
});

roomField.value = roomOfAddress();
setStatus("idle", "Not connected");
nameField.focus();
