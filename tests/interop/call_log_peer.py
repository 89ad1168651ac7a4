"""The original's log server, and what its consumers send, each as far as the other side sees it."""

import contextlib
import http.server
import json
import threading
import urllib.error
import urllib.request
import uuid

TOKEN = "a token of the log server's"
REQUEST = {
    "correlation_id": str,
    "request_payload": dict,
    "virtual_host_name": str,
    "queue_name": str,
    "rabbitmq_username": str,
    "hostname": str,
    "exchange_name": str,
}
RESPONSE = {"correlation_id": str, "response_payload": dict, "traceback": (str, type(None))}


def fits(body, shape):
    with contextlib.suppress(ValueError, TypeError, AttributeError):
        uuid.UUID(body["correlation_id"])
        return all(isinstance(body[member], kind) for member, kind in shape.items())
    return False


class LogServer(http.server.ThreadingHTTPServer):
    """Keeps what it is told. `behaviour` says what becomes of a request before anything else:
    None, a status, or a function of the handler that may wait, and says whether to go on."""

    daemon_threads = True

    def __init__(self, port=0, behaviour=None):
        self.behaviour = behaviour
        self.requests, self.responses, self.refusals = {}, {}, []
        self.lock = threading.Lock()
        super().__init__(("127.0.0.1", port), Receiver)
        self.base_url = f"http://127.0.0.1:{self.server_port}/api/v1"
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def __exit__(self, *_):
        self.shutdown()
        self.server_close()

    def handle_error(self, request, client_address):
        """Who asks may go without a word."""

    def call_of(self, method):
        """The one call of a method: its request and its response."""
        (found,) = [each for each in self.requests.values() if each["exchange_name"] == method]
        return found, self.responses.get(found["correlation_id"])

    def answer_to(self, path, token, body):
        if token != TOKEN:
            return 401, "wrong token"
        shape = REQUEST if path == "/api/v1/rpc-requests" else RESPONSE
        if not fits(body, shape):
            return 422, [{"msg": "does not fit"}]
        with self.lock:
            kept = self.requests if shape is REQUEST else self.responses
            if shape is RESPONSE and body["correlation_id"] not in self.requests:
                return 400, "unknown request"
            if body["correlation_id"] in kept:
                return 500, "Internal Server Error"
            kept[body["correlation_id"]] = body
        return 201, "kept"


class Receiver(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_POST(self):
        text = self.rfile.read(int(self.headers["Content-Length"]))
        behaviour = self.server.behaviour
        if callable(behaviour):
            if not behaviour(self):
                self.close_connection = True
                return
            behaviour = None
        if behaviour is not None:
            status, detail = behaviour, "as the test wants it"
        else:
            try:
                body = json.loads(text)
            except ValueError:
                body = None
            status, detail = self.server.answer_to(self.path, self.headers["X-API-Token"], body)
            if status != 201:
                self.server.refusals.append((status, self.path, text))
        answer = json.dumps({"detail": detail}).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_):
        pass


class Consumer:
    """Tells a log server of its calls as the original's consumers do."""

    def __init__(self, base_url, token=TOKEN):
        self.base_url, self.token = base_url, token

    def post(self, name, body):
        """Status and answer."""
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        headers = {"X-API-Token": self.token, "Content-Type": "application/json"}
        request = urllib.request.Request(f"{self.base_url}/{name}", content, headers)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as refusal:
            with refusal:
                return refusal.code, json.loads(refusal.read() or b"null")

    def tell_request(self, payload, correlation_id=None, **members):
        body = {
            "correlation_id": correlation_id or str(uuid.uuid4()),
            "request_payload": payload,
            "virtual_host_name": "trees",
            "queue_name": "servers",
            "rabbitmq_username": "consumer",
            "hostname": "node1",
            "exchange_name": "dx_example",
        }
        body |= members
        status, answer = self.post("rpc-requests", body)
        assert status == 201, (status, answer)
        return body["correlation_id"]

    def tell_response(self, correlation_id, payload, traceback=None):
        body = {
            "correlation_id": correlation_id,
            "response_payload": payload,
            "traceback": traceback,
        }
        status, answer = self.post("rpc-responses", body)
        assert status == 201, (status, answer)

    def tell(self, payload, response, traceback=None, **members):
        correlation_id = self.tell_request(payload, **members)
        self.tell_response(correlation_id, response, traceback)
        return correlation_id
