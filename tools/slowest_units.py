#!/usr/bin/env python3
"""Prints the slowest compilations of the last build, from ninja's log: slowest_units.py BUILD_DIR [COUNT]"""
import os
import sys

build_dir = sys.argv[1]
count = int(sys.argv[2]) if len(sys.argv) > 2 else 10
latest = {}
for line in open(os.path.join(build_dir, ".ninja_log"), encoding="utf-8"):
    if line.startswith("#"):
        continue
    start, end, _, output, _ = line.rstrip("\n").split("\t")
    if output.endswith(".o"):
        latest[output] = (int(end) - int(start)) / 1000
for output, seconds in sorted(latest.items(), key=lambda item: -item[1])[:count]:
    print(f"{seconds:7.1f} s  {output}")
