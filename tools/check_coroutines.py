#!/usr/bin/env python3
"""Rejects expressions with co_await that g++ 12 compiles wrongly.

Within one statement that contains co_await it reports
  - a braced temporary:      co_await f(Options{...}), co_await f({...})
  - a capturing lambda:      co_await f([x] { ... })
  - a conditional operator:  x ? co_await f() : g()
Name the value first and std::move it in. `--self-test` also checks the checker.
"""
import os
import re
import sys


def strip(text):
    """Blanks comments, strings and characters, keeping line numbers and length."""
    pattern = re.compile(r'//[^\n]*|/\*.*?\*/|R"(\w*)\(.*?\)\1"|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])\'', re.S)
    return pattern.sub(lambda m: re.sub(r"[^\n]", " ", m.group(0)), text)


def expression_end(text, start):
    """The end of the full expression around `start`: a ';', or a '{'/')' that closes what began before it."""
    depth = 0
    for i in range(start, len(text)):
        c = text[i]
        if c in "([{":
            depth += 1
        elif c in ")]}":
            depth -= 1
            if depth < 0:
                return i
        elif c == ";" and depth == 0:
            return i
    return len(text)


def statement_start(text, pos):
    depth = 0
    for i in range(pos - 1, -1, -1):
        c = text[i]
        if c in ")]":
            depth += 1
        elif c in "([":
            if depth == 0 and text[max(0, i - 6):i].rstrip().endswith(("if", "while", "for", "switch")):
                return i + 1
            depth = max(0, depth - 1)
        elif c in ";{}" and depth == 0:
            return i + 1
    return 0


def problems(text):
    clean = strip(text)
    for match in re.finditer(r"\bco_await\b", clean):
        if re.search(r"operator\s*$", clean[:match.start()]):
            continue
        begin = statement_start(clean, match.start())
        end = expression_end(clean, match.end())
        after = clean[match.end():end]
        line = clean.count("\n", 0, match.start()) + 1
        if re.search(r"\?[^:?]*$", clean[begin:match.start()]) or re.match(r"[^;]*\?[^;]*:", after):
            yield line, "co_await inside a conditional operator"
        if re.search(r"[\w>]\s*\{|[(,]\s*\{", re.sub(r"\)\s*(mutable\s*)?(->\s*[\w:<>]+\s*)?\{.*", ")", after, flags=re.S)):
            yield line, "braced temporary in an expression with co_await"
        if re.search(r"[(,]\s*\[[^\]\s][^\]]*\]\s*[({]", after):
            yield line, "capturing lambda in an expression with co_await"


SELF_TEST = {
    "co_await f(Options{1, 2});": 1,
    "co_await f({1, 2});": 1,
    "auto x = co_await f([y] { g(y); });": 1,
    "auto x = a ? co_await f() : 0;": 1,
    "auto x = co_await f(std::move(options));": 0,
    "if (!co_await f(x)) { return; }": 0,
    "co_await f(Options(1, 2));": 0,
    "while (co_await q.pop()) { h({1}); }": 0,
    "co_await f(); g({1, 2});": 0,
}


def self_test():
    for text, expected in SELF_TEST.items():
        found = len(list(problems(text)))
        if (found > 0) != (expected > 0):
            sys.exit(f"self-test: {text!r}: {found} problems, expected {expected}")


def main():
    args = sys.argv[1:]
    if "--self-test" in args:
        args.remove("--self-test")
        self_test()
    failed = False
    for root in args:
        for folder, _, names in os.walk(root):
            for name in sorted(names):
                if name.endswith((".cc", ".h")):
                    path = os.path.join(folder, name)
                    for line, what in problems(open(path, encoding="utf-8").read()):
                        print(f"{path}:{line}: {what}")
                        failed = True
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
