"""Load: many secrets under many roles, all rotated every second, asked for by many clients for a minute. Checks each
answer against what could have been current, and prints the agent's memory second by second. Exit 1 where a value was
wrong, an answer was lost, memory grew after the tenth second, or the agent's metrics are not what clients and stand-in
counted. With `stuck`, every request is logged, and nobody reads it. Usage: load.py BUILD_FOLDER [SECONDS [stuck]]"""

import asyncio
import bisect
import collections
import json
import random
import re
import sys
import time
import urllib.parse

from programs import TOKEN, Agent, Standin, StuckAgent

BUILD = sys.argv[1]
SECONDS = int(sys.argv[2]) if len(sys.argv) > 2 else 60
STUCK = sys.argv[3:] == ["stuck"]
ACCOUNT = "123456789012"
ROLES = [f"load-{number}" for number in range(20)]
SECRETS = 1000  # over all roles; each is readable by one role only
CLIENTS = 200
TTL = 5
REFRESH_PERCENT = 1
PAUSE = 0.05  # between a client's answer and its next request
LONGEST_WAIT = 30
SETTLED = 10  # seconds until all secrets are cached
# The agent's clock is read once a turn of its loop, the stand-in writes milliseconds.
TOLERANCE = 0.05
FLAT_KB = 512


def role_arn(role):
    return f"arn:aws:iam::{ACCOUNT}:role/{role}"


def put_secrets(aws, count=SECRETS, roles=ROLES):
    secrets = [(roles[number % len(roles)], f"load/{number}") for number in range(count)]
    aws.control("POST", "secrets", {"secrets": [
        {"name": name, "string": name, "principals": [f"arn:aws:sts::{ACCOUNT}:assumed-role/{role}/"]} for role, name in secrets
    ]})
    return secrets


class Answers:
    """What clients got, to be judged at the end, when every rotation's moment is known from the answers themselves."""

    def __init__(self):
        self.served = []  # asked, answered, version's number, refreshNow
        self.created = {}  # when the version of that number became current; one moment for all secrets
        self.wrong = []
        self.lost = []
        self.waits = []

    def add(self, name, asked, refresh, status, body):
        answered = time.time()
        self.waits.append(answered - asked)
        fields = json.loads(body)
        value, _, number = fields.get("SecretString", "").partition("#")
        created = float(fields.get("CreatedDate", "nan"))
        known = self.created.setdefault(int(number or 0), created)
        if status != 200 or value != name or fields["Name"] != name or f":secret:{name}-" not in fields["ARN"] or created != known:
            self.wrong.append(f"{name}: {status} {body[:200]}")
        else:
            self.served.append((asked, answered, int(number or 0), refresh))

    def judge(self):
        numbers = sorted(self.created)
        for asked, answered, number, refresh in self.served:
            later = bisect.bisect_right(numbers, number)
            oldest = asked - (0 if refresh else TTL) - TOLERANCE
            if self.created[number] > answered + TOLERANCE:
                self.wrong.append(f"version {number} before it was made")
            elif later < len(numbers) and self.created[numbers[later]] < oldest:
                self.wrong.append(f"version {number} was served {asked - self.created[numbers[later]]:.3f} s after its successor came, refreshNow={refresh}")


async def read_answer(reader):
    head = await reader.readuntil(b"\r\n\r\n")
    length = int(re.search(rb"Content-Length: (\d+)", head).group(1))
    return int(head[9:12]), await reader.readexactly(length)


async def client(port, secrets, answers, end):
    choice = random.Random()
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    while time.time() < end:
        role, name = choice.choice(secrets)
        refresh = choice.randrange(100) < REFRESH_PERCENT
        query = {"secretId": name, "roleArn": role_arn(role), **({"refreshNow": "true"} if refresh else {})}
        asked = time.time()
        writer.write(f"GET /secretsmanager/get?{urllib.parse.urlencode(query)} HTTP/1.1\r\nHost: localhost\r\n"
                     f"X-Aws-Parameters-Secrets-Token: {TOKEN}\r\n\r\n".encode())
        try:
            status, body = await asyncio.wait_for(read_answer(reader), LONGEST_WAIT)
        except (OSError, EOFError, asyncio.TimeoutError) as reason:
            answers.lost.append(f"{name}: {reason!r}")
            writer.close()
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            continue
        answers.add(name, asked, refresh, status, body)
        await asyncio.sleep(PAUSE * choice.random() * 2)
    writer.close()


async def watch_memory(agent, resident, begun):
    for second in range(1, SECONDS + 1):
        await asyncio.sleep(max(0, begun + second - time.time()))
        resident.append(agent.resident_kb())
        print(f"second {second}: {resident[-1]} kB resident", flush=True)


async def run(agent, secrets, answers):
    resident = []
    begun = time.time()
    await asyncio.gather(watch_memory(agent, resident, begun), *(client(agent.port, secrets, answers, begun + SECONDS) for _ in range(CLIENTS)))
    return resident


def sums(text):
    """The metrics, by name; what differs in labels only is added up. Calls to AWS also by operation."""
    found = collections.Counter()
    for name, labels, value in re.findall(r"^(\w+)(?:{(.*)})? (\S+)$", text, re.MULTILINE):
        found[name] += float(value)
        operation = re.search('operation="(\\w+)"', labels)
        if name == "sma_aws_calls_total" and operation:
            found[operation.group(1)] += float(value)
    return found


def count_faults(metrics, answers, calls):
    """One line for each sum that is not what others counted."""
    got = sums(metrics)
    asked = len(answers.waits)
    operations = {name: got[name] for name in calls if got[name]}
    expected = {"sma_secret_answers_total": asked, "sma_http_requests_total": asked, "sma_aws_retries_total": 0,
                "sma_http_connections_evicted_total": 0, "sma_requests_rejected_total": 0, **{name: calls[name] for name in operations}}
    if sum(operations.values()) != got["sma_aws_calls_total"]:
        yield "a call of an operation that the stand-in has not seen"
    for name, count in expected.items():
        if got[name] != count:
            yield f"{name}: {got[name]:.0f} in the metrics, {count} counted"
    if bool(got["sma_log_lines_dropped_total"]) != STUCK:
        yield "lines of the log were dropped although they were read, or none was although nobody read them"


def main():
    roles = [word for role in ROLES for word in ("--role", role_arn(role))]
    answers = Answers()
    with Standin(BUILD, "--rotate-every", "1", *roles) as aws:
        secrets = put_secrets(aws)
        start, level = (StuckAgent, "DEBUG") if STUCK else (Agent, "WARN")
        with start(BUILD, aws.url, SMA_TTL_SECONDS=str(TTL), SMA_LOG_LEVEL=level) as agent:
            resident = asyncio.run(run(agent, secrets, answers))
            cpu = agent.cpu_seconds()
            time.sleep(1)  # fetches ahead of time end, which nobody waits for
            metrics = agent.ask("/metrics")[1].decode()
        calls = json.loads(aws.control("GET", "counts"))
    answers.judge()
    faults = list(count_faults(metrics, answers, calls))
    waits = sorted(answers.waits)
    growth = max(resident[SETTLED:], default=0) - resident[min(SETTLED, len(resident)) - 1]
    print(f"{SECRETS} secrets, {len(ROLES)} roles, {len(answers.created)} rotations seen, {CLIENTS} clients, {SECONDS} s, ttl_seconds {TTL}")
    print(f"{len(waits)} answers, {len(waits) / SECONDS:.0f}/s; median {waits[len(waits) // 2] * 1000:.1f} ms, 99% {waits[len(waits) * 99 // 100] * 1000:.1f} ms; agent's CPU {cpu:.1f} s")
    print("calls to AWS: " + ", ".join(f"{operation} {count}" for operation, count in sorted(calls.items())))
    for kind, found in (("wrong values", answers.wrong), ("lost answers", answers.lost), ("wrong sums in the metrics", faults)):
        print(f"{kind}: {len(found)}", *found[:10], sep="\n  ")
    flat = growth <= FLAT_KB
    print(f"memory after second {SETTLED}: {growth:+} kB at most: {'flat' if flat else 'NOT flat'}")
    sys.exit(0 if flat and not answers.wrong and not answers.lost and not faults else 1)


if __name__ == "__main__":
    main()
