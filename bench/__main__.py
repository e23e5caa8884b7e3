"""`python -m bench [--only NAME,NAME]`: measures rows, shows a table and writes `bench/results/latest.json`."""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
from importlib import metadata
from pathlib import Path

import caplet
from bench.row import Result, run_row
from bench.rows import ROWS

RESULTS = Path(__file__).parent / "results" / "latest.json"
PACKAGES = ("pycapnp", "protobuf", "capnpy", "msgspec", "numpy", "grpcio", "uvloop")


def processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())


def installed() -> dict[str, str]:
    """Return the version of every peer that is there."""
    versions = {}
    for name in PACKAGES:
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return versions


def machine() -> dict[str, object]:
    return {
        "system": platform.platform(),
        "processor": processor(),
        "cores": os.cpu_count(),
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "caplet": caplet.__version__,
        "accelerated": caplet.accelerated,
        "peers": installed(),
    }


def table(results: list[Result]) -> str:
    """Return the results as text: a peer's figure is followed by how many times as good Caplet is."""
    lines = []
    for result in results:
        row = result.row
        lines.append(f"{row.name:24} {result.caplet:12,.1f} {row.unit:6} ({row.better} is better)")
        for name, figure in result.peers.items():
            times = figure / result.caplet if row.better == "lower" else result.caplet / figure
            lines.append(f"    {name:20} {figure:12,.1f} {row.unit:6} caplet is {times:.2f} times as good")
        lines += [f"    {name:20} absent: {reason}" for name, reason in result.absent.items()]
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench", description="Caplet beside other implementations.")
    parser.add_argument("--only", default="", help="names of rows, separated by commas; all rows when empty")
    wanted = [name.strip() for name in parser.parse_args().only.split(",") if name.strip()] or list(ROWS)
    if unknown := [name for name in wanted if name not in ROWS]:
        sys.exit(f"no such row: {', '.join(unknown)} (there are {', '.join(ROWS)})")
    print(f"caplet with compiled modules: {caplet.accelerated}")
    results = []
    for name in wanted:
        results.append(run_row(ROWS[name]))
        print(table(results[-1:]), flush=True)
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    content = {"machine": machine(), "rows": [result.as_json() for result in results]}
    RESULTS.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    print(f"written: {RESULTS}")


if __name__ == "__main__":
    main()
