#!/usr/bin/env python3
"""Runs clang-tidy over files with their own compile commands, made fit for clang.

usage: tidy.py BUILD_DIR JOBS FILE...       Files that are not compiled by the build are passed over; a header stands
for the files of its folder that include it.

The build is g++'s and has precompiled headers, which clang cannot read: their source (cmake/pch) is included instead.
What was clean is remembered in BUILD_DIR/tidy, by the content of all that the file includes.
"""
import concurrent.futures
import hashlib
import json
import os
import re
import shlex
import subprocess
import sys

TIDY = "clang-tidy-16"
# clang 16 does not see libstdc++ 12's <expected> without the first; the others quiet the consequences.
CLANG_FLAGS = ["-U__cpp_concepts", "-D__cpp_concepts=202002L", "-Wno-builtin-macro-redefined", "-Wno-macro-redefined",
               "-Wno-unknown-warning-option", "-Wno-unused-command-line-argument"]
GCC_ONLY = {"-fpch-preprocess", "-Winvalid-pch", "-c"}
ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def clang_command(entry):
    """The entry's arguments without the launcher, the compiler, g++'s own flags and precompiled headers."""
    words = shlex.split(entry["command"])
    compiler = next(i for i, word in enumerate(words) if re.search(r"(^|/)(g|c|clang)\+\+(-\d+)?$", word))
    out, rest = [], iter(words[compiler + 1:])
    for word in rest:
        if word == "-o":
            next(rest)
        elif word == "-include":
            header = next(rest)
            tier = re.search(r"xebec_pch_(\w+)\.dir/cmake_pch\.hxx$", header)
            out += ["-include", os.path.join(ROOT, "cmake/pch", tier.group(1) + ".h") if tier else header]
        elif word not in GCC_ONLY and not word.startswith("-fsanitize"):
            out.append(word.replace("-std=c++23", "-std=c++2b"))
    return out + CLANG_FLAGS


def commands_of(build):
    with open(os.path.join(build, "compile_commands.json")) as file:
        entries = json.load(file)
    return {os.path.realpath(os.path.join(e["directory"], e["file"])): e for e in entries}


def includers(header, known):
    """Files of the header's folder that include it: its own .cc, its test."""
    folder = os.path.dirname(header)
    name = re.compile(r'#include "([^"]*/)?' + re.escape(os.path.basename(header)) + '"')
    own = [f for f in known if os.path.dirname(f) == folder]
    return [f for f in own if name.search(open(f).read())]


def chosen(files, known):
    out = set()
    for file in files:
        path = os.path.realpath(file)
        if path.endswith(".h"):
            out.update(includers(path, known))
        elif path in known:
            out.add(path)
    return sorted(out)


def fingerprint(arguments, directory):
    """Of the checks and of everything of ours that the file includes."""
    listing = subprocess.run(["clang++-16", "-MM", *arguments], cwd=directory, capture_output=True, text=True)
    names = listing.stdout.replace("\\\n", " ").split()[1:] + [os.path.join(ROOT, ".clang-tidy")]
    digest = hashlib.sha256()
    for name in names:
        path = os.path.realpath(os.path.join(directory, name))
        if path.startswith(ROOT):
            with open(path, "rb") as file:
                digest.update(file.read())
    return digest.hexdigest()


def check(path, entry, build):
    """The findings in a file, as text; empty when it is clean."""
    arguments = clang_command(entry)
    mark = os.path.join(build, "tidy", fingerprint(arguments, entry["directory"]))
    if os.path.exists(mark):
        return ""
    run = subprocess.run([TIDY, "--quiet", path, "--", *[a for a in arguments if a != entry["file"]]],
                         cwd=entry["directory"], capture_output=True, text=True)
    if run.returncode == 0:
        open(mark, "w").close()
        return ""
    errors = [line for line in run.stderr.splitlines() if "warnings generated" not in line and "treated as error" not in line]
    return run.stdout + "\n".join(errors if not run.stdout.strip() else [])


def main(build, jobs, files):
    known = commands_of(build)
    todo = chosen(files, known)
    os.makedirs(os.path.join(build, "tidy"), exist_ok=True)
    bad = 0
    with concurrent.futures.ThreadPoolExecutor(int(jobs)) as pool:
        for path, text in zip(todo, pool.map(lambda p: check(p, known[p], build), todo)):
            if text:
                bad += 1
                print(text.replace(ROOT + "/", "").rstrip(), flush=True)
    print(f"clang-tidy: {len(todo)} files, {bad} with findings")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2], sys.argv[3:]))
