#!/usr/bin/env python3
"""Runs clang-tidy over files with their own compile commands, made fit for clang.

usage: tidy.py BUILD_DIR JOBS FILE...       Files that are not compiled by the build are passed over; a header stands
for the files of its folder that include it.

The build is g++'s and has precompiled headers, which clang cannot read: their source (cmake/pch) is included instead.
Most of the time goes into the headers, which are the same for all files of a folder: those are checked some at once, as
one translation unit, and taken apart again where names of their unnamed namespaces clash.
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

TIDY, CLANG = "clang-tidy-16", "clang++-16"
# clang 16 does not see libstdc++ 12's <expected> without the first two; the others quiet the consequences.
CLANG_FLAGS = ["-U__cpp_concepts", "-D__cpp_concepts=202002L", "-Wno-builtin-macro-redefined", "-Wno-macro-redefined",
               "-Wno-unknown-warning-option", "-Wno-unused-command-line-argument"]
GCC_ONLY = {"-fpch-preprocess", "-Winvalid-pch", "-c"}
GROUP = 8
ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


class File:
    """A source file and how it is compiled."""

    def __init__(self, path, entry):
        self.path = path
        self.directory = entry["directory"]
        self.arguments = [a for a in clang_arguments(entry["command"]) if a != entry["file"]]

    def key(self):
        """Files with equal keys may be checked as one."""
        return os.path.dirname(self.path), self.directory, tuple(self.arguments)

    def fingerprint(self):
        """Of the checks and of everything of ours that the file includes."""
        listing = subprocess.run([CLANG, "-MM", *self.arguments, self.path], cwd=self.directory, capture_output=True,
                                 text=True, check=True)
        names = listing.stdout.replace("\\\n", " ").split()[1:] + [os.path.join(ROOT, ".clang-tidy")]
        digest = hashlib.sha256(" ".join(self.arguments).encode())
        for name in names:
            path = os.path.realpath(os.path.join(self.directory, name))
            if path.startswith(ROOT):
                with open(path, "rb") as file:
                    digest.update(file.read())
        return digest.hexdigest()


def clang_arguments(command):
    """The words of a g++ command without launcher, compiler, g++'s own flags and precompiled headers."""
    words = shlex.split(command)
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


def files_of(build):
    with open(os.path.join(build, "compile_commands.json")) as file:
        entries = json.load(file)
    paths = [os.path.realpath(os.path.join(e["directory"], e["file"])) for e in entries]
    return {p: File(p, e) for p, e in zip(paths, entries) if p.startswith(ROOT) and "/build/" not in p}


def includers(header, known):
    """Files of the header's folder that include it: its own .cc, its test."""
    name = re.compile(r'#include "([^"]*/)?' + re.escape(os.path.basename(header)) + '"')
    own = [path for path in known if os.path.dirname(path) == os.path.dirname(header)]
    return [path for path in own if name.search(open(path).read())]


def chosen(names, known):
    out = set()
    for name in names:
        path = os.path.realpath(name)
        if path.endswith(".h"):
            out.update(includers(path, known))
        elif path in known:
            out.add(path)
    return [known[path] for path in sorted(out)]


def groups(files):
    by_key = {}
    for file in files:
        by_key.setdefault(file.key(), []).append(file)
    for same in by_key.values():
        for at in range(0, len(same), GROUP):
            yield same[at:at + GROUP]


class Checker:
    def __init__(self, build):
        self.marks = os.path.join(os.path.realpath(build), "tidy")
        os.makedirs(self.marks, exist_ok=True)

    def mark(self, file):
        return os.path.join(self.marks, file.fingerprint())

    def check(self, files):
        """The findings in the files, as text; empty when they are clean."""
        marks = {file: self.mark(file) for file in files}
        todo = [file for file in files if not os.path.exists(marks[file])]
        if not todo:
            return ""
        good, text, broken = self.run(todo)
        if good:
            for file in todo:
                open(marks[file], "w").close()
            return ""
        if len(todo) == 1:
            return text
        if not broken:  # findings are few: which files they are in shows when those are checked alone
            rest = [file for file in todo if file.path + ":" not in text]
            for file in rest:
                open(marks[file], "w").close()
            return text
        middle = len(todo) // 2
        return self.check(todo[:middle]) + self.check(todo[middle:])

    def run(self, files):
        """(clean, findings, whether they are the compiler's errors)."""
        path = files[0].path
        if len(files) > 1:
            text = "".join(f'#include "{file.path}"  // NOLINT\n' for file in files)
            path = os.path.join(self.marks, hashlib.sha256(text.encode()).hexdigest()[:16] + ".cc")
            with open(path, "w") as file:
                file.write(text)
        command = [TIDY, "--quiet", "--config-file=" + os.path.join(ROOT, ".clang-tidy"), path, "--",
                   *files[0].arguments, "-I" + ROOT]
        run = subprocess.run(command, cwd=files[0].directory, capture_output=True, text=True)
        if len(files) > 1:
            os.unlink(path)
        text = run.stdout if run.stdout.strip() else run.stderr
        return run.returncode == 0, text, "[clang-diagnostic-error" in text


def main(build, jobs, names):
    todo = chosen(names, files_of(build))
    checker = Checker(build)
    found = 0
    with concurrent.futures.ThreadPoolExecutor(int(jobs)) as pool:
        for text in pool.map(checker.check, list(groups(todo))):
            if text:
                found += len(re.findall(r": (?:error|warning): ", text))
                print(text.replace(ROOT + "/", "").rstrip(), flush=True)
    print(f"clang-tidy: {len(todo)} files, {found} findings")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2], sys.argv[3:]))
