#!/usr/bin/env python3
"""Runs one file's own compile command with -fsyntax-only, so that a single file is checked in seconds."""
import json
import os
import shlex
import subprocess
import sys

build_dir, name = sys.argv[1], os.path.abspath(sys.argv[2])
for entry in json.load(open(os.path.join(build_dir, "compile_commands.json"))):
    if os.path.abspath(os.path.join(entry["directory"], entry["file"])) != name:
        continue
    words = shlex.split(entry["command"])
    compiler = next(i for i, w in enumerate(words) if w.endswith(("g++", "c++", "clang++")))
    words = words[compiler:]
    command, skip = [], False
    for word in words:
        if skip:
            skip = False
        elif word in ("-o", "-include"):
            skip = True
        elif word not in ("-c", "-fpch-preprocess", "-Winvalid-pch"):
            command.append(word)
    sys.exit(subprocess.call(command + ["-fsyntax-only"], cwd=entry["directory"]))
sys.exit(f"{name}: not in the build; run ./dev build once after adding a file")
