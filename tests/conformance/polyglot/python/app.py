"""The echo guest in Python: what it tells the host when it is deployed."""

from wit_world import exports
from wit_world.imports.types import EndpointConfig

MAX_MESSAGE_BYTES = 16 * 1024 * 1024


class Deployment(exports.Deployment):
    """The export `sockhop:websocket/deployment`."""

    def describe(self) -> list[EndpointConfig]:
        return [
            EndpointConfig(
                path="/echo-py",
                subprotocols=[],
                max_message_size=MAX_MESSAGE_BYTES,
                properties=[],
            )
        ]
