"""Measures the agent and prints each figure beside its yardstick. Usage: measure.py BUILD_FOLDER"""

import concurrent.futures
import http.client
import os
import pathlib
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import time

from any_program import measure_exec, measure_socket
from figures import PATH, SECRET, free_port, load, put, row, write_bundle, write_certificate
from follow_files import measure_files
from programs import KEYS, TOKEN, Agent, Bare, Nginx, Standin

BUILD = sys.argv[1]


def measure_answers(aws):
    with Agent(BUILD, aws.url) as agent:
        status, body = agent.get(SECRET)
        assert status == 200, body
        with Bare(BUILD, len(body)) as bare, Nginx(body.decode(), free_port()) as nginx:
            for name, headers in (("kept-alive connection", ()), ("new connection each", ("Connection: close",))):
                figures = {p: [] for p in (bare, agent, nginx)}
                for _ in range(3):  # taken in turns: the machine's mood changes
                    for program in figures:
                        if program is bare and headers:
                            continue
                        figures[program].append(load(program, *headers))
                best = {p: min(f) for p, f in figures.items() if f}
                if bare in best:
                    row(f"CPU an answer, bare epoll loop, {name}", f"{best[bare][0]:.1f} us, {best[bare][1]:.0f}/s")
                row(f"CPU an answer, nginx, {name}", f"{best[nginx][0]:.1f} us, {best[nginx][1]:.0f}/s")
                row(f"CPU an answer, agent, {name}", f"{best[agent][0]:.1f} us, {best[agent][1]:.0f}/s")
                if bare in best:
                    row("agent / bare epoll loop", f"{best[agent][0] / best[bare][0]:.2f}", "at most 1.25")
                row(f"agent / nginx, {name}", f"{best[agent][0] / best[nginx][0]:.2f}", "at most 1")


def measure_system_calls(aws):
    with Agent(BUILD, aws.url) as agent:
        agent.get(SECRET)
        connection = http.client.HTTPConnection("127.0.0.1", agent.port)
        headers = {"X-Aws-Parameters-Secrets-Token": TOKEN}
        ask = lambda: (connection.request("GET", PATH, headers=headers), connection.getresponse().read())
        ask()
        heap = resident_heap(agent.pid)
        with tempfile.NamedTemporaryFile("r") as counts:
            tracer = subprocess.Popen(["strace", "-c", "-o", counts.name, "-p", str(agent.pid)], stderr=subprocess.PIPE)
            tracer.stderr.readline()
            for _ in range(1000):
                ask()
            tracer.send_signal(2)
            tracer.wait()
            columns = [line.split() for line in counts.read().splitlines()]
        calls = [(c[-1], int(c[3])) for c in columns if len(c) >= 5 and c[3].isdigit() and c[-1] != "total"]
        per_answer = ", ".join(f"{name} {count / 1000:.2f}" for name, count in calls if count > 10)
        row("system calls an answer", per_answer, "one read, one write, epoll's share")
        row("heap growth over 1000 answers", f"{resident_heap(agent.pid) - heap} kB", "0")


def resident_heap(pid):
    smaps = pathlib.Path(f"/proc/{pid}/smaps").read_text()
    heap = re.search(r"\[heap\]\n(?:.*\n)*?Rss:\s+(\d+)", smaps)
    return int(heap.group(1)) if heap else 0


def measure_calls(aws):
    for name, settings, goal in (("with the cache", {}, "1"), ("with caching off", {"SMA_TTL_SECONDS": "0"}, "at most 2")):
        with Agent(BUILD, aws.url, **settings) as agent:
            aws.control("DELETE", "records")
            # Slow enough for all 200 to be there while the first call is under way.
            aws.control("POST", "faults", {"operation": "GetSecretValue", "beforeMs": 2000, "count": -1})
            with concurrent.futures.ThreadPoolExecutor(200) as pool:
                statuses = list(pool.map(lambda _: agent.get(SECRET)[0], range(200)))
            assert set(statuses) == {200}, statuses
            row(f"calls to AWS for 200 at once, {name}", aws.count("GetSecretValue"), goal)
            aws.control("DELETE", "faults")


def measure_expiry(aws):
    """How long a client that asks all the time waits when its secret expires, with AWS 150 ms away and a TTL of 2 s."""
    ttl, seconds = 2, 12
    with Agent(BUILD, aws.url, SMA_TTL_SECONDS=str(ttl)) as agent:
        agent.get(SECRET)
        aws.control("DELETE", "records")
        for operation in ("GetSecretValue", "DescribeSecret"):
            aws.control("POST", "faults", {"operation": operation, "beforeMs": 150, "count": -1})
        connection = http.client.HTTPConnection("127.0.0.1", agent.port)
        longest = [0] * (seconds // ttl)  # of each TTL
        start = time.perf_counter()
        while (begun := time.perf_counter()) < start + seconds:
            connection.request("GET", PATH, headers={"X-Aws-Parameters-Secrets-Token": TOKEN})
            assert connection.getresponse().read()
            period = int((begun - start) / ttl)
            longest[period] = max(longest[period], time.perf_counter() - begun)
            time.sleep(0.001)
        calls = aws.count("GetSecretValue") + aws.count("DescribeSecret")
        row("longest wait in a TTL of 2 s, secret in steady use, AWS 150 ms away, median", f"{statistics.median(longest) * 1000:.1f} ms", "below 150 ms")
        row("calls to AWS in a TTL", f"{calls / (seconds / ttl):.2f}", "at most 1.25")
        aws.control("DELETE", "faults")


def measure_memory(aws):
    with Agent(BUILD, aws.url, SMA_VALIDATE_CREDENTIALS="false") as agent:
        row("resident at rest", agent.resident_parts_kb(), "4600 kB")
    with Agent(BUILD, aws.url) as agent:
        with concurrent.futures.ThreadPoolExecutor(200) as pool:
            list(pool.map(lambda _: agent.get(SECRET), range(200)))
        row("resident after 200 at once", agent.resident_parts_kb(), "8000 kB")
    with Agent(BUILD, aws.url) as agent:
        put(aws, *(f"many/{i}" for i in range(1000)))
        for i in range(1000):
            agent.get(f"many/{i}")
        row("resident with 1000 secrets of 1 KB", agent.resident_parts_kb(), "12000 kB")


def anonymous_kb(pid):
    rollup = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text()
    return int(re.search(r"Anonymous:\s+(\d+)", rollup).group(1))


def measure_large_answers(aws):
    """What stays of the largest answers that AWS may send: 16 secrets at once, and a batch. Nothing of it is cached."""
    names = [f"large/{i}" for i in range(16)]
    put(aws, *names, size=1_000_000)
    with Agent(BUILD, aws.url, SMA_TTL_SECONDS="0") as agent:
        agent.get(SECRET)
        time.sleep(1)
        before = agent.peak_kb(), anonymous_kb(agent.pid)
        with concurrent.futures.ThreadPoolExecutor(16) as pool:
            assert {len(body) > 1_000_000 for _, body in pool.map(agent.get, names)} == {True}
        time.sleep(1)
        row("peak of resident memory with 16 answers of 1 MB at once, more than before", f"{agent.peak_kb() - before[0]} kB")
        row("anonymous memory 1 s after them, more than before", f"{anonymous_kb(agent.pid) - before[1]} kB", "2000 kB")
    aws.control("POST", "faults", {"operation": "BatchGetSecretValue", "kind": "huge", "bytes": (8 << 20) - 1, "beforeMs": 2000})
    with Agent(BUILD, aws.url, SMA_PREFETCH_SECRETS=SECRET) as agent:
        time.sleep(1)
        before = anonymous_kb(agent.pid)
        agent.read_output(r"(prefetch finished)")
        time.sleep(1)
        row("anonymous memory 1 s after a batch of 8 MB, more than before", f"{anonymous_kb(agent.pid) - before} kB", "2000 kB")
    aws.control("DELETE", "faults")


def measure_tls():
    certificate, key = write_certificate()
    with Standin(BUILD, "--tls", str(certificate), str(key)) as aws:
        with Agent(BUILD, aws.url, AWS_CA_BUNDLE=write_bundle(certificate)) as agent:
            row("resident after the first call over TLS, full CA bundle", agent.resident_parts_kb(), "7000 kB")


def measure_network():
    """In a network namespace, because name servers are on a port and in a file of their own."""
    command = ["unshare", "--map-root-user", "--net", "--mount", "python3", pathlib.Path(__file__).with_name("network.py"), BUILD]
    if subprocess.run(command).returncode != 0:
        row("round trips, name servers", "not measured, see standard error")


def measure_start(aws):
    port = free_port()
    environment = {"AWS_TOKEN": TOKEN, "AWS_REGION": "us-east-1", "AWS_ENDPOINT_URL": aws.url, "SMA_HTTP_PORT": str(port),
                   "SMA_LOG_TO_FILE": "false", "SMA_VALIDATE_CREDENTIALS": "false", **KEYS}
    times = []
    for _ in range(40):
        begun = time.perf_counter()
        process = subprocess.Popen([f"{BUILD}/secrets-manager-agent"], env=environment, stdout=subprocess.DEVNULL)
        while True:
            try:
                with socket.create_connection(("127.0.0.1", port)) as client:
                    client.sendall(b"GET /ping HTTP/1.1\r\nHost: a\r\n\r\n")
                    if client.recv(100).startswith(b"HTTP/1.1 200"):
                        break
            except OSError:
                time.sleep(0.0002)
        times.append(time.perf_counter() - begun)
        process.kill()
        process.wait()
    row("exec to an answered /ping, median", f"{statistics.median(times) * 1000:.1f} ms", "6 ms")


def measure_miss(aws):
    with Agent(BUILD, aws.url, SMA_TTL_SECONDS="0", SMA_LOG_LEVEL="WARN") as agent:
        agent.get(SECRET)
        before = agent.cpu_seconds()
        for _ in range(500):
            agent.get(SECRET)
        row("CPU of a miss", f"{(agent.cpu_seconds() - before) / 500 * 1e6:.0f} us", "300 us")


def main():
    print("| what | measured | goal |\n| --- | --- | --- |")
    row("binary", f"{os.path.getsize(f'{BUILD}/secrets-manager-agent') / 1e6:.2f} MB", "6 MB")
    with Standin(BUILD) as aws:
        put(aws, SECRET)
        measure_answers(aws)
        measure_system_calls(aws)
        measure_calls(aws)
        measure_expiry(aws)
        measure_memory(aws)
        measure_large_answers(aws)
        measure_start(aws)
        measure_miss(aws)
        measure_socket(BUILD, aws)
        measure_exec(BUILD, aws)
        measure_files(BUILD, aws)
    measure_tls()
    measure_network()


main()
