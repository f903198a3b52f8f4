"""Load against an AWS that misbehaves: it sends some answers twice, so that the next request on the connection gets the
answer to another one, answers some calls with an empty 200, and deletes and restores secrets all the time. Roles' keys end
every few seconds. Exit 1 if a client got another secret's value, a deleted secret, or an error for a secret that stands.
Usage: hostile_load.py BUILD_FOLDER [SECONDS]"""

import asyncio
import json
import random
import sys
import time

import load
from programs import Agent, Standin

SECONDS = int(sys.argv[2]) if len(sys.argv) > 2 else 60
SECRETS = 200  # over all roles
ROLES = load.ROLES[:5]
CLIENTS = 50
TTL = 1
KEYS_SECONDS = 5  # how long a role's keys live
DELETED_SECONDS = 15
# A deleted secret may be served until its TTL is over, and its value may stand in while AWS's answers are unreadable. Of so
# many renewals in a row one gets a good answer.
LONGEST_SERVED = 8 * TTL
FAULTS = [
    {"operation": "GetSecretValue", "kind": "twice", "every": 10},
    {"operation": "DescribeSecret", "kind": "twice", "every": 11},
    {"operation": "AssumeRole", "kind": "twice", "every": 3},
    {"operation": "GetSecretValue", "status": 200, "body": "{}", "every": 19},
    {"operation": "DescribeSecret", "status": 200, "body": "{}", "every": 13},
    {"operation": "GetSecretValue", "status": 200, "body": '{"status":"login required"}', "every": 29},
]


class Answers:
    """Judges each answer by when its secret stood. Moments are those of this process, around the stand-in's own."""

    def __init__(self):
        self.deleted = {}  # name: when its deletion was begun, and when its restoration was complete (None: not yet)
        self.cached = set()  # restored secrets that were answered since: an unreadable answer does not show any more
        self.counts = {}
        self.wrong = []
        self.lost = []

    def add(self, name, asked, refresh, status, body):
        self.counts[status] = self.counts.get(status, 0) + 1
        fields = json.loads(body)
        since, restored = self.deleted.get(name, (None, 0))
        if status == 200:
            value = fields.get("SecretString", "").partition("#")[0]
            if value != name or fields["Name"] != name or f":secret:{name}-" not in fields["ARN"]:
                self.wrong.append(f"{name}: {body[:200]}")
            elif since and restored is None and asked > since + LONGEST_SERVED:
                self.wrong.append(f"{name} was served {asked - since:.3f} s after its deletion")
            elif restored and asked > restored:
                self.cached.add(name)
        elif refresh and status == 502:
            pass  # refreshNow passes on that AWS's answer is unreadable
        elif since is None or (restored and asked > restored and (status != 502 or name in self.cached)):
            self.wrong.append(f"{name}, which stands: {status} {body[:200]}")


async def revoke(aws, names, answers, end):
    """Deletes one secret after the other, and restores each after a while."""
    def put(name, deleted):
        aws.control("POST", "secrets", {"secrets": [{"name": name, "deleted": deleted, "versions": []}]})

    while time.time() < end:
        chosen = random.sample(names, len(names) // 10)
        for name in chosen:
            answers.deleted[name] = (time.time(), None)
            answers.cached.discard(name)
            put(name, True)
        await asyncio.sleep(DELETED_SECONDS)
        for name in chosen:
            put(name, False)
            answers.deleted[name] = (answers.deleted[name][0], time.time())
        await asyncio.sleep(TTL)


async def run(port, aws, secrets, answers):
    end = time.time() + SECONDS
    names = [name for _, name in secrets]
    await asyncio.gather(revoke(aws, names, answers, end), *(load.client(port, secrets, answers, end) for _ in range(CLIENTS)))


def main():
    answers = Answers()
    with Standin(load.BUILD, "--rotate-every", "1") as aws:
        for role in ROLES:
            aws.control("POST", "roles", {"arn": load.role_arn(role), "lifetime": KEYS_SECONDS})
        secrets = load.put_secrets(aws, SECRETS, ROLES)
        with Agent(load.BUILD, aws.url, SMA_TTL_SECONDS=str(TTL), SMA_LOG_LEVEL="NONE") as agent:
            for role, name in secrets:  # so that each has a value that can stand in
                agent.get(f"{name}&roleArn={load.role_arn(role)}")
            for fault in FAULTS:
                aws.control("POST", "faults", {"count": -1, **fault})
            asyncio.run(run(agent.port, aws, secrets, answers))
        calls = json.loads(aws.control("GET", "counts"))
    print("an AWS that misbehaves: answers by status: " + ", ".join(f"{status}: {count}" for status, count in sorted(answers.counts.items())))
    print("calls to AWS: " + ", ".join(f"{operation} {count}" for operation, count in sorted(calls.items())))
    for kind, found in (("wrong answers", answers.wrong), ("lost answers", answers.lost)):
        print(f"{kind}: {len(found)}", *found[:10], sep="\n  ")
    sys.exit(1 if answers.wrong or answers.lost else 0)


main()
