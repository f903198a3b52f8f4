"""Files that follow: 1000 rotations of 20 files while 8 readers open and read them all the time. Fails if a reader ever finds a
file missing, empty, or only half there. And what 20 files cost in memory. Usage: follow_files.py BUILD_FOLDER"""

import hashlib
import json
import multiprocessing
import os
import pathlib
import signal
import sys
import tempfile
import time

from figures import put, row
from programs import Agent, Standin

FILES = 20
READERS = 8
ROTATIONS = 1000
SECRET = "follow"


def value(rotation, number):
    """Its end depends on all of it."""
    text = f"{rotation}.{number}." + "x" * 500
    return text + hashlib.sha256(text.encode()).hexdigest()


def is_whole(content):
    return len(content) > 64 and content[-64:] == hashlib.sha256(content[:-64].encode()).hexdigest()


def put_rotation(aws, rotation):
    fields = {f"f{number}": value(rotation, number) for number in range(FILES)}
    aws.control("POST", "secrets", {"secrets": [{"name": SECRET, "string": json.dumps(fields)}]})


def read_all_the_time(paths, stop, results):
    reads, faults = 0, []
    while not stop.is_set():
        for path in paths:
            try:
                content = path.read_text()
            except OSError as error:
                content = f"{error}"
            reads += 1
            if not is_whole(content) and len(faults) < 10:
                faults.append(f"{path}: {content[:60]!r}")
    results.put((reads, faults))


def wait_for(path, content):
    end = time.monotonic() + 30
    while path.read_text() != content:
        if time.monotonic() > end:
            sys.exit(f"{path} does not follow")


def rotate_under_readers(build, aws, folder):
    put_rotation(aws, 0)
    paths = [folder / f"f{number}" for number in range(FILES)]
    entries = ",".join(f"{path}={SECRET}:{path.name}" for path in paths)
    stop, results = multiprocessing.Event(), multiprocessing.Queue()
    with Agent(build, aws.url, SMA_FILES=entries, SMA_TTL_SECONDS="3600", SMA_LOG_LEVEL="ERROR") as agent:
        for number, path in enumerate(paths):
            while not path.exists():
                time.sleep(0.01)
            wait_for(path, value(0, number))
        readers = [multiprocessing.Process(target=read_all_the_time, args=(paths, stop, results)) for _ in range(READERS)]
        for reader in readers:
            reader.start()
        for rotation in range(1, ROTATIONS + 1):
            put_rotation(aws, rotation)
            os.kill(agent.pid, signal.SIGHUP)  # in place of refresh_seconds
            for number, path in enumerate(paths):
                wait_for(path, value(rotation, number))
        stop.set()
        found = [results.get() for _ in readers]
        for reader in readers:
            reader.join()
    faults = [fault for _, some in found for fault in some]
    reads = sum(count for count, _ in found)
    row(f"{ROTATIONS} rotations of {FILES} files under {READERS} readers", f"{reads} reads, {len(faults)} of them wrong", "0 wrong")
    if faults:
        sys.exit("\n".join(faults))


def measure_memory(build, aws, folder):
    names = [f"file-{number}" for number in range(FILES)]
    put(aws, *names)

    def anonymous(**settings):
        with Agent(build, aws.url, SMA_LOG_LEVEL="ERROR", **settings) as agent:
            for name in names:
                agent.get(name)
            while any(not (folder / name).exists() for name in names if settings):
                time.sleep(0.01)
            time.sleep(1)  # until all has come to rest
            return agent.status_kb("RssAnon")

    # The lower of three: what both hold besides differs by some pages.
    without = min(anonymous() for _ in range(3))
    files = min(anonymous(SMA_FILES=",".join(f"{folder / name}={name}" for name in names)) for _ in range(3))
    row(f"resident memory, {FILES} files, beside the same secrets cached", f"{files - without} kB more", "300 kB")


def measure_files(build, aws):
    with tempfile.TemporaryDirectory(dir="/dev/shm" if os.access("/dev/shm", os.W_OK) else None) as folder:
        rotate_under_readers(build, aws, pathlib.Path(folder) / "rotated")
        measure_memory(build, aws, pathlib.Path(folder) / "kept")


if __name__ == "__main__":
    with Standin(sys.argv[1]) as standin:
        measure_files(sys.argv[1], standin)
