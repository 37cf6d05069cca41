#!/usr/bin/env python3
"""Checks that docs/ says what is there.

status.md: every test it names exists (program, file, suite), and every kind that is served is named. performance.md
and bench/README.md: every program of a command is built. compatibility.md: it has the form in which its test writes
it. All of docs/, README.md and bench/README.md: links lead somewhere. `--self-test` also checks the checker.
"""
import glob
import os
import re
import sys

STATUS = "docs/status.md"
# What stands for several kinds in status.md.
GROUPS = {
    "RBAC": ["Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding"],
    "admission policies and their bindings": [
        "ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding", "MutatingAdmissionPolicy",
        "MutatingAdmissionPolicyBinding"],
    "the four access reviews": [
        "SubjectAccessReview", "LocalSubjectAccessReview", "SelfSubjectAccessReview", "SelfSubjectRulesReview"],
    "componentstatuses": ["ComponentStatus"],
    "binding": ["Binding"],
}
CELLS = {"works", "fails", "–"}


class Tree:
    """The repository as far as documents speak of it."""

    def __init__(self, root):
        self.root = root
        cmake = "\n".join(read(path) for path in glob.glob(f"{root}/**/CMakeLists.txt", recursive=True) if "/build/" not in path)
        self.modules = set(re.findall(r"^xebec_module\((\w+)", cmake, re.M))
        self.programs = set(re.findall(r"^add_executable\(([\w-]+)", cmake, re.M))
        self.ctests = set(re.findall(r"add_test\(NAME (\w+)", cmake))
        self.sources = {os.path.relpath(path, root): None for folder in ("src", "tests", "tools")
                        for path in glob.glob(f"{root}/{folder}/**/*_test.cc", recursive=True)}
        suites = set()
        for path in self.sources:
            text = read(os.path.join(root, path))
            suites.update(re.findall(r"^(?:TEST|TEST_F|TEST_P)\(\s*(\w+),", text, re.M))
        self.suites = suites
        benches = {os.path.relpath(path, root) for path in glob.glob(f"{root}/src/**/*_bench.cc", recursive=True)}
        for module in self.modules:
            if any(f"/{module}/" in f"/{path}" or f"/{module.replace('_', '/')}/" in f"/{path}" for path in benches):
                self.programs.add(f"{module}_bench")
        self.kinds = served_kinds(read(f"{root}/api/resources.textproto"))

    def has_program(self, name):
        return name in self.programs or (name.endswith("_test") and name[:-5] in self.modules) or name in self.ctests or name in self.modules

    def has_detail(self, name):
        """What stands in brackets after a program: a suite (with * at its end), a file or a folder of tests."""
        if name.endswith("/"):
            return any(f"/{name}" in f"/{path}" for path in self.sources)
        if name.endswith("_test"):
            return any(path == f"{name}.cc" or path.endswith(f"/{name}.cc") for path in self.sources)
        if name.endswith("*"):
            return any(suite.startswith(name[:-1]) for suite in self.suites)
        return name in self.suites or any(f"/{name}.cc" in f"/{path}" for path in self.sources)


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def served_kinds(resources):
    """Kinds of the table of resources that are served by default and were not removed upstream."""
    kinds = set()
    for block in re.findall(r"^resources \{\n(.*?)^\}", resources, re.M | re.S):
        if "enabled_by_default: true" in block and "removed: true" not in block:
            kinds.add(re.search(r'kind: "(\w+)"', block).group(1))
    return kinds


def shown_by(text):
    """(test, detail) of the last column of status.md's tables, and of `(unit:...)` in running text."""
    found = []
    cells = [row.rstrip().rstrip("|").rsplit("|", 1)[1] for row in text.splitlines() if row.startswith("| ") and row.count("|") > 3]
    cells += re.findall(r"\((unit:[^()]*)\)", text)
    for cell in cells:
        for name, details in re.findall(r"([\w:*/-]+)(?:\s*\(([^()]*)\))?", cell):
            if name in ("state", "shown", "by") or set(name) <= {"-"}:
                continue
            found.append((name, [part.strip() for part in (details or "").split(",") if part.strip()]))
    return found


def check_test(tree, name):
    if name.startswith("e2e:"):
        return os.path.exists(f"{tree.root}/tests/e2e/{name[4:]}_test.py")
    if name.startswith("unit:"):
        return name[5:] in tree.modules or tree.has_program(f"{name[5:]}_test")
    return tree.has_program(name) or os.path.exists(f"{tree.root}/tests/e2e/{name.removeprefix('e2e_')}_test.py")


def check_status(tree, text):
    problems = []
    for name, details in shown_by(text):
        if not check_test(tree, name):
            problems.append(f"names a test that is not there: {name}")
            continue
        for detail in details:
            words = detail.split()
            if len(words) == 1 and re.fullmatch(r"[\w*/]+", detail) and not name.startswith("e2e:") and not tree.has_detail(detail):
                problems.append(f"names a part of {name} that is not there: {detail}")
    named = set(re.findall(r"\w+", text))
    for group, kinds in GROUPS.items():
        if group in text:
            named.update(kinds)
    return problems + [f"says nothing of the kind {kind}" for kind in sorted(tree.kinds - named)]


def check_commands(tree, text):
    problems = []
    for command in re.findall(r"`([^`\n]+)`", text):
        word = command.split()[0]
        name = os.path.basename(word)
        runs = word.startswith("build/") or re.fullmatch(r"xebec-[\w-]+", word)
        if runs and not tree.has_program(name):
            problems.append(f"names a program that is not built: {word}")
    return problems


def check_links(root, path, text):
    problems = []
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"[a-z]+:", target) or target.startswith("#"):
            continue
        if not os.path.exists(os.path.join(root, os.path.dirname(path), target.split("#")[0])):
            problems.append(f"{path}: a link leads nowhere: {target}")
    return problems


def check_compatibility(text, introduction):
    """As the run writes it: its introduction, and tables of clients whose cells say one of three things."""
    problems = [] if text.startswith(introduction) else ["does not begin as its test writes it"]
    width, tables = 0, 0
    for number, line in enumerate(text.splitlines(), 1):
        cells = [cell.strip() for cell in line.strip("|").split("|")] if line.startswith("|") else []
        if not cells:
            width = 0
        elif line.startswith("| | "):
            width, tables = len(cells), tables + 1
        elif width and not line.startswith("|---"):
            if len(cells) != width:
                problems.append(f"line {number}: {len(cells)} cells where {width} belong")
            elif any(cell not in CELLS for cell in cells[1:]):
                problems.append(f"line {number}: a cell says something else than {', '.join(sorted(CELLS))}")
    return problems if tables else problems + ["has no table of clients"]


def introduction_of(root):
    return re.search(r'INTRODUCTION = """(.*?)"""', read(f"{root}/tests/e2e/clients/report.py"), re.S).group(1)


def check(root):
    tree = Tree(root)
    problems = [f"{STATUS}: {what}" for what in check_status(tree, read(f"{root}/{STATUS}"))]
    for path in ("docs/performance.md", "bench/README.md"):
        problems += [f"{path}: {what}" for what in check_commands(tree, read(f"{root}/{path}"))]
    path = "docs/compatibility.md"
    problems += [f"{path}: {what}" for what in check_compatibility(read(f"{root}/{path}"), introduction_of(root))]
    for path in sorted(glob.glob(f"{root}/docs/*.md")) + [f"{root}/README.md", f"{root}/bench/README.md"]:
        path = os.path.relpath(path, root)
        problems += check_links(root, path, read(f"{root}/{path}"))
    return problems


def self_test(root):
    tree = Tree(root)
    status = read(f"{root}/{STATUS}")
    row = "| a | works | {} |\n"

    def said(text):
        return [what for what in check_status(tree, status + "\n" + text) if what not in check_status(tree, status)]

    assert len(said(row.format("unit:nothing"))) == 1
    assert len(said(row.format("e2e:nothing"))) == 1
    assert len(said(row.format("unit:apiserver (NoSuchSuite, no_such_test, nowhere/, NoSuch*)"))) == 4
    assert not said(row.format("unit:apiserver (walk/, compress_test), e2e:crash, sim"))
    assert any("PodTemplate" in what for what in check_status(tree, status.replace("PodTemplate", "")))
    assert check_commands(tree, "`build/release/bin/nothing_bench` and `xebec-nothing`") and not check_commands(tree, "`xebec-load -h`")
    assert check_links(root, "docs/x.md", "[a](nowhere.md) [b](status.md) [c](https://example.com)") == ["docs/x.md: a link leads nowhere: nowhere.md"]
    good = "Intro\n\n| | a | b |\n|---|---|---|\n| x | works | – |\n"
    assert not check_compatibility(good, "Intro")
    assert check_compatibility(good, "Other") and check_compatibility("Intro", "Intro")
    assert check_compatibility(good.replace("works", "worked"), "Intro") and check_compatibility(good.replace("works | –", "works"), "Intro")


def main():
    arguments = [a for a in sys.argv[1:] if a != "--self-test"]
    root = arguments[0] if arguments else os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    if "--self-test" in sys.argv:
        self_test(root)
    problems = check(root)
    for problem in problems:
        print(problem)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
