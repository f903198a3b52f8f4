"""What it costs to reach the agent in other ways: by its Unix socket, and through `exec`."""

import os
import select
import socket
import statistics
import subprocess
import tempfile
import time

from figures import PATH, SECRET, put, row
from programs import TOKEN, Agent

REQUEST = f"GET {PATH} HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Aws-Parameters-Secrets-Token: {TOKEN}\r\n\r\n".encode()
CLIENTS = 32


def connected(address):
    client = socket.socket(socket.AF_UNIX if isinstance(address, str) else socket.AF_INET)
    client.connect(address)
    return client


def cpu_an_answer(agent, address, seconds=2):
    """Microseconds, under 32 kept-alive clients. wrk knows no Unix sockets, so both are asked by this function."""
    clients = {client.fileno(): client for client in (connected(address) for _ in range(CLIENTS))}
    waiting = select.epoll()
    for number, client in clients.items():
        client.sendall(REQUEST)
        waiting.register(number, select.EPOLLIN)
    answers, size = 0, 0
    before, end = agent.cpu_seconds(), time.monotonic() + seconds
    while time.monotonic() < end:
        for number, _ in waiting.poll():
            answer = clients[number].recv(65536)
            size = size or len(answer)
            assert answer.startswith(b"HTTP/1.1 200") and len(answer) == size, answer
            clients[number].sendall(REQUEST)
            answers += 1
    used = agent.cpu_seconds() - before
    for client in clients.values():
        client.close()
    return used / answers * 1e6


def measure_socket(build, aws):
    path = os.path.join(tempfile.mkdtemp(), "agent.sock")
    with Agent(build, aws.url, SMA_UNIX_SOCKET=path) as agent:
        agent.get(SECRET)
        addresses = {"TCP": ("127.0.0.1", agent.port), "the socket": path}
        figures = {name: [] for name in addresses}
        for _ in range(5):  # taken in turns: the machine's mood changes
            for name, address in addresses.items():
                figures[name].append(cpu_an_answer(agent, address))
    best = {name: min(values) for name, values in figures.items()}
    for name, value in best.items():
        row(f"CPU of a cached answer over {name}", f"{value:.1f} us")
    row("the socket / TCP", f"{best['the socket'] / best['TCP']:.2f}", "at most 1")


def milliseconds(command, environment):
    begun = time.perf_counter()
    subprocess.run(command, env=environment, check=True)
    return (time.perf_counter() - begun) * 1000


def measure_exec(build, aws):
    """20 references of 10 secrets, all of them cached."""
    names = [f"exec/{i}" for i in range(10)]
    put(aws, *names)
    with Agent(build, aws.url) as agent:
        references = {f"V{i}": f"{{{{secret:{names[i % 10]}}}}}" for i in range(20)}
        environment = {"AWS_TOKEN": TOKEN, "SMA_HTTP_PORT": str(agent.port), **references}
        bare, ours = ["/bin/true"], [os.path.abspath(f"{build}/secrets-manager-agent"), "exec", "/bin/true"]
        milliseconds(ours, environment)
        pairs = [(milliseconds(bare, environment), milliseconds(ours, environment)) for _ in range(100)]
    more = statistics.median(theirs[1] for theirs in pairs) - statistics.median(theirs[0] for theirs in pairs)
    row("exec with 20 references of 10 cached secrets, more than a bare start, median", f"{more:.1f} ms", "5 ms")
