"""The echo guest in Python: one session.

componentize-py looks for the resources of an exported interface in a module with the
interface's name, so this class cannot live in `app.py`.
"""

from typing import Self

from wit_world.exports import endpoint
from wit_world.imports.session import Session
from wit_world.imports.types import CloseEvent, Message


class Endpoint(endpoint.Endpoint):
    """Sends each message back in the kind in which it came."""

    @classmethod
    def open(cls, session: Session) -> Self:
        # The echo needs no handle. componentize-py 0.25 never frees an exported resource, so
        # what `self` kept would outlive its session: leaving the block gives the handle back.
        with session:
            return cls()

    def on_message(self, message: Message) -> Message:
        return message

    def on_error(self, error: endpoint.SessionError) -> None:
        """Nothing to add: the host has logged the error."""

    def on_close(self, event: CloseEvent) -> None:
        """Nothing to release."""
