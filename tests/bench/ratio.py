"""Prints the median of what a cached answer costs beside a bare epoll loop, and what a new connection costs beside nginx,
over interleaved runs of a second each. Usage: ratio.py BUILD_FOLDER RUNS [OTHER_AGENT...]

Each run takes every program in turn, so that all of them meet the same moods of the machine, and divides within the run.
OTHER_AGENT is the file of another build of the agent, for instance of the commit before a change."""

import contextlib
import statistics
import sys

from figures import SECRET, free_port, load, put, row
from programs import Agent, Bare, Nginx, Standin

BUILD, RUNS, OTHERS = sys.argv[1], int(sys.argv[2]), sys.argv[3:]


def ratios(agents, yardstick, *headers):
    """For each agent the ratios of its CPU time an answer to the yardstick's, one a run."""
    found = {name: [] for name in agents}
    for _ in range(RUNS):
        least = load(yardstick, *headers, seconds=1)[0]
        for name, agent in agents.items():
            found[name].append(load(agent, *headers, seconds=1)[0] / least)
    return found


def print_medians(what, found):
    for name, all_runs in found.items():
        quartiles = statistics.quantiles(all_runs, n=4)
        row(f"{what}, {name}", f"{statistics.median(all_runs):.3f}", f"{quartiles[0]:.3f} to {quartiles[2]:.3f}")


def main():
    print(f"| ratio of CPU time an answer | median of {RUNS} runs | the middle half of them |\n| --- | --- | --- |")
    with Standin(BUILD) as aws, contextlib.ExitStack() as stack:
        put(aws, SECRET)
        programs = [f"{BUILD}/secrets-manager-agent", *OTHERS]
        agents = {program: stack.enter_context(Agent(BUILD, aws.url, program=program)) for program in programs}
        body = [agent.get(SECRET)[1] for agent in agents.values()][0]
        bare = stack.enter_context(Bare(BUILD, len(body)))
        nginx = stack.enter_context(Nginx(body.decode(), free_port()))
        print_medians("cached answer / bare epoll loop", ratios(agents, bare))
        print_medians("new connection / nginx", ratios(agents, nginx, "Connection: close"))


main()
