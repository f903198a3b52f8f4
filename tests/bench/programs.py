"""The programs that are measured: the agent, the stand-in for AWS, a bare epoll responder, nginx."""

import http.client
import json
import os
import pathlib
import re
import ssl
import subprocess
import tempfile
import time

KEYS = {"AWS_ACCESS_KEY_ID": "AKIASTANDINEXAMPLE00", "AWS_SECRET_ACCESS_KEY": "standin/EXAMPLE+secret/access/key0000000"}
TOKEN = "bench-token"


class Program:
    """A child process whose CPU time and memory can be read; ended with the block that uses it."""

    def __init__(self, command, environment=None, folder=None):
        self.output = self.open_output()
        self.process = subprocess.Popen(command, env=environment, cwd=folder, stdout=self.output, stderr=subprocess.STDOUT)
        self.pid = self.process.pid

    def open_output(self):
        return tempfile.TemporaryFile("w+")

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.process.terminate()
        self.process.wait()

    def read_output(self, pattern):
        """The first group of a pattern, once the program has printed it."""
        for _ in range(500):
            self.output.seek(0)
            found = re.search(pattern, self.output.read())
            if found:
                return found.group(1)
            time.sleep(0.01)
        self.output.seek(0)
        raise RuntimeError(f"{self.process.args[0]} printed: {self.output.read()}")

    def cpu_seconds(self):
        """On-CPU time of all its threads and children, to the nanosecond."""
        pids = [self.pid] + [int(p) for p in pathlib.Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()]
        total = 0
        for pid in pids:
            for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
                total += int((task / "schedstat").read_text().split()[0])
        return total / 1e9

    def resident_kb(self):
        return self.status_kb("VmRSS")

    def resident_parts_kb(self):
        """What it wrote itself, and what it maps of files: the kernel maps a file in pieces whose size depends on how the file
        was written."""
        return f"{self.status_kb('RssAnon')} kB anonymous, {self.status_kb('RssFile')} kB file-backed"

    def peak_kb(self):
        return self.status_kb("VmHWM")

    def status_kb(self, name):
        return int(re.search(name + r":\s+(\d+)", pathlib.Path(f"/proc/{self.pid}/status").read_text()).group(1))


class Standin(Program):
    def __init__(self, build, *options):
        super().__init__([f"{build}/standin", "--listen", "127.0.0.1:0", *options])
        self.url = self.read_output(r"listening on (\S+)")
        self.port = int(self.url.rsplit(":", 1)[1])

    def control(self, method, path, body=None):
        if self.url.startswith("https:"):
            connection = http.client.HTTPSConnection("127.0.0.1", self.port, context=ssl._create_unverified_context())
        else:
            connection = http.client.HTTPConnection("127.0.0.1", self.port)
        connection.request(method, "/_standin/" + path, json.dumps(body) if body is not None else None)
        return connection.getresponse().read()

    def count(self, operation):
        return json.loads(self.control("GET", "counts")).get(operation, 0)


class Agent(Program):
    def __init__(self, build, aws, program=None, **settings):
        environment = {"AWS_TOKEN": TOKEN, "AWS_REGION": "us-east-1", "AWS_ENDPOINT_URL": aws, "SMA_HTTP_PORT": "0",
                       "SMA_LOG_TO_FILE": "false", **KEYS, **settings}
        super().__init__([os.path.abspath(program or f"{build}/secrets-manager-agent")], environment, tempfile.mkdtemp())
        self.port = int(self.read_output(r"listening on http://127\.0\.0\.1:(\d+)"))

    def get(self, secret_id):
        return self.ask("/secretsmanager/get?secretId=" + secret_id)

    def ask(self, path):
        connection = http.client.HTTPConnection("127.0.0.1", self.port)
        connection.request("GET", path, headers={"X-Aws-Parameters-Secrets-Token": TOKEN})
        answer = connection.getresponse()
        return answer.status, answer.read()


class StuckAgent(Agent):
    """Its standard output and error are one pipe, of which nobody reads more than the start line."""

    def __init__(self, build, aws, **settings):
        reading, self.writing = os.pipe()
        self.unread = open(reading, buffering=1)
        super().__init__(build, aws, **settings)

    def open_output(self):
        return self.writing

    def read_output(self, pattern):
        os.close(self.writing)
        for line in self.unread:
            found = re.search(pattern, line)
            if found:
                return found.group(1)
        raise RuntimeError(f"{self.process.args[0]} ended")


class Bare(Program):
    def __init__(self, build, body_bytes):
        super().__init__([f"{build}/bare_epoll", str(body_bytes)])
        self.port = int(self.read_output(r"^(\d+)"))


class Nginx(Program):
    def __init__(self, body, port):
        folder = tempfile.mkdtemp()
        configuration = pathlib.Path(folder) / "nginx.conf"
        quoted = body.replace("\\", "\\\\").replace("'", "\\'").replace("$", "")
        configuration.write_text(f"""
daemon off; master_process off; worker_processes 1; pid {folder}/pid; error_log /dev/null;
events {{ worker_connections 2048; }}
http {{ access_log off; keepalive_requests 100000000; client_body_temp_path {folder}; proxy_temp_path {folder};
  fastcgi_temp_path {folder}; uwsgi_temp_path {folder}; scgi_temp_path {folder};
  server {{ listen 127.0.0.1:{port}; default_type application/json; location / {{ return 200 '{quoted}'; }} }} }}
""")
        super().__init__(["nginx", "-c", str(configuration)])
        self.port = port
        for _ in range(200):
            try:
                http.client.HTTPConnection("127.0.0.1", port).request("GET", "/")
                return
            except OSError:
                time.sleep(0.01)
