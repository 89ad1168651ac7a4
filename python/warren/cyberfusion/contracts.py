"""What handlers build on. It stands for `cyberfusion.RabbitMQConsumer.contracts`, and is imported
under that name: its names are the original's."""

from typing import Optional

from pydantic import BaseModel


class RPCRequestBase(BaseModel):
    """The fields of a request."""


class RPCResponseData(BaseModel):
    """The fields of a response's data."""


class RPCResponseBase(BaseModel):
    """A response."""

    success: bool
    message: str
    data: Optional[RPCResponseData] = None


class HandlerBase:
    """Answers the requests of one exchange; one object for each request."""

    @property
    def lock_attribute(self) -> Optional[str]:
        """The request's field by which requests wait for each other.

        None: all requests of the exchange do.
        """
        return None

    def __call__(self, request: RPCRequestBase) -> RPCResponseBase:
        """Answer it."""
        raise NotImplementedError
