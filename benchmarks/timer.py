"""How everything here is timed, and told: one function each."""

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import time

THREADS = int(os.environ.get("KONV_NUM_THREADS") or os.cpu_count() or 1)


def median_time(call, seconds=1.5, least=7):
    """Seconds of a call: the median of as many as fit into the time, after three to warm up."""
    for _ in range(3):
        call()
    times, end = [], time.perf_counter() + seconds
    while len(times) < least or (time.perf_counter() < end and len(times) < 400):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def in_process(python, script, *arguments, **environment):
    """What a script prints as JSON in its last line, run in a process of its own; None where it lacks a module."""
    done = subprocess.run([python, script, *map(str, arguments)], capture_output=True, text=True, check=False,
                          env={**os.environ, **environment})
    if done.returncode == 0:
        return json.loads(done.stdout.strip().splitlines()[-1])
    if "ModuleNotFoundError" in done.stderr:
        return None
    sys.exit(f"{script} {' '.join(map(str, arguments))} failed:\n{done.stderr}")


def parser(text, plot=False):
    """The options that all scripts share."""
    made = argparse.ArgumentParser(description=text, formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument("--json", metavar="FILE", help="write the figures to this file")
    if plot:
        made.add_argument("--plot", metavar="FILE", help="draw them: a file that ends in .png or .svg")
    return made


def save(figures, path):
    if path:
        with open(path, "w", encoding="utf-8") as file:
            json.dump(figures, file, indent=1)


def machine():
    """A line about the machine."""
    name = platform.processor() or platform.machine()
    if os.path.exists("/proc/cpuinfo"):
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            name = next((line.split(":", 1)[1].strip() for line in file if line.startswith("model name")), name)
    return f"{name}, {THREADS} threads, Python {platform.python_version()}"
