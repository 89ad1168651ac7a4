"""A stand-in for the pyzmqrpc package: what its programs import and call is the same, and so is the wire."""

import pyzmqrpc_peer
from pyzmqrpc_peer import Sender, Server


class ICommand:
    pass


class IService:
    pass


class ZmqRpcServerThread:
    def __init__(self, zmq_rep_bind_address):
        self.port = int(zmq_rep_bind_address.rsplit(":", 1)[1])
        self.services = {}

    def register_service(self, command_class, service):
        def serve(state):
            command = command_class()
            command.set_command_state(state)
            return service(command)

        self.services[command_class.__name__] = serve

    def start(self):
        self.server = Server(self.services, port=self.port).__enter__()

    def join(self):
        self.server.thread.join()


class ZmqRpcClient:
    def __init__(self, zmq_req_endpoints):
        self.sender = Sender(*zmq_req_endpoints)

    def execute_remote(self, command):
        same = pyzmqrpc_peer.command_class(type(command).__name__)(**command.get_command_state())
        reply = self.sender.execute(same)
        return [reply["response_message"]]

    def destroy(self):
        self.sender.__exit__()
