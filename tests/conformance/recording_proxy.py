"""A reverse proxy that keeps every request as it came in, with its answer, and passes both on."""

import http.client
import http.server
import threading
from typing import NamedTuple


class RecordedRequest(NamedTuple):
    method: str
    target: str
    headers: list  # of name and value, as sent
    body: bytes
    answer: bytes

    def header(self, name):
        values = [value for field, value in self.headers if field.lower() == name.lower()]
        assert len(values) < 2, name
        return values[0] if values else None


class RecordingProxy:
    def __init__(self, upstream_port):
        self.requests = []
        self.rewrite = lambda answer: answer  # what bodies of answers become on their way
        proxy = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                upstream = http.client.HTTPConnection("127.0.0.1", upstream_port, timeout=120)
                upstream.request("POST", self.path, body, dict(self.headers.items()))
                answer = upstream.getresponse()
                content = proxy.rewrite(answer.read())
                upstream.close()
                proxy.requests.append(RecordedRequest(self.command, self.path, self.headers.items(), body, content))
                self.send_response(answer.status)
                for name, value in answer.headers.items():
                    if name.lower() not in ("connection", "content-length", "date", "server"):
                        self.send_header(name, value)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_):
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.address = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever)
        self._thread.start()

    def calls(self, operation):
        """The requests of one operation of Secrets Manager."""
        return [request for request in self.requests if request.header("X-Amz-Target") == "secretsmanager." + operation]

    def stop(self):
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
