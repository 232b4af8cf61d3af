// The echo guest in JavaScript: sends each message back in the kind in which it came.

const MAX_MESSAGE_BYTES = 16 * 1024 * 1024;

export const deployment = {
  describe() {
    return [
      {
        path: "/echo-js",
        subprotocols: [],
        maxMessageSize: MAX_MESSAGE_BYTES,
        properties: [],
      },
    ];
  },
};

class Endpoint {
  static open(session) {
    // The echo needs no handle, and a handle that is only forgotten goes back when the garbage
    // collector finds it.
    session[Symbol.dispose]();
    return new Endpoint();
  }

  onMessage(message) {
    return message;
  }

  // The host has logged the error, and QuickJS here has no `console`.
  onError(_error) {}

  onClose(_event) {}
}

export const endpoint = { Endpoint };
