#!/usr/bin/env python3
"""Checks api/**/descriptions.txt, whose form tools/apigen/descriptions.cc tells.

Reports every message and field without a text, but for the groups in WIRE_ONLY, which no user meets in OpenAPI; and
lines that name nothing, that are too long for a sentence or two, or that are no sentence. `--self-test` also checks
the checker.
"""
import os
import re
import sys

LONGEST = 240  # characters of one text
COMMON = "k8s.io/apimachinery/pkg/apis/meta/v1"  # whose patterns count for every group
WIRE_ONLY = {  # never served as a resource, in any version
    "k8s.io/api/admission", "k8s.io/api/apidiscovery", "k8s.io/api/imagepolicy", "k8s.io/apiserver/pkg/apis/audit"}


class Group:
    """One folder: its messages, and the lines of its texts."""

    def __init__(self, proto, texts):
        self.messages = parse_proto(proto)  # name -> JSON names of the fields a user sees
        self.lines = []                     # (line number, "Message" or "Message.field", text)
        self.wrong, self.likes, self.uses = [], {}, []
        for number, row in enumerate(texts.splitlines(), 1):
            if not row or row.startswith("#"):
                continue
            name, colon, words = row.partition(": ")
            if row.startswith("use "):
                self.uses.append(row[4:])
            elif row.startswith("like "):
                _, to, like = row.split(" ")
                self.likes[to] = like
            elif colon and re.fullmatch(r"(\w+|\*\w*)(\.[$\w-]+)?", name):
                self.lines.append((number, name, words))
            else:
                self.wrong.append(number)
        self.names = {name for _, name, _ in self.lines}
        self.patterns = [name for name in self.names if name[0] == "*"]

    def describes(self, message, field):
        if message not in self.messages or (field and field not in self.messages[message]):
            return False
        tail = "." + field if field else ""
        return (message + tail in self.names or self.likes.get(message, message) + tail in self.names
                or any(covers(name, message, field) for name in self.patterns))


def parse_proto(text):
    messages = {}
    for m in re.finditer(r"^message (\w+) \{(.*?)^\}", text, re.M | re.S):
        body, fields = m.group(2), []
        if "alias_only: true" in body:  # known for its numbers, has no struct
            continue
        if "scalar: " not in body:
            starts = re.finditer(r"^  (?:optional|repeated|map<[^>]*>)\s[^;]*?(\w+) = \d+([^;]*);", body, re.M)
            for field in starts:
                if "embedded: true" in field.group(2):
                    continue
                name = re.search(r'json_name = "([^"]+)"', field.group(2))
                fields.append(name.group(1) if name else field.group(1))
        messages[m.group(1)] = fields
    return messages


def covers(name, message, field):
    pattern, _, of = name.partition(".")
    if of != field:
        return False
    return message.endswith(pattern[1:]) if pattern[0] == "*" else message == pattern


def rank(folder):
    """Later is to be preferred; None for a folder that is no version."""
    m = re.match(r"v(\d+)(?:(alpha|beta)(\d+))?$", os.path.basename(folder))
    return m and (2 if not m[2] else 1 if m[2] == "beta" else 0, int(m[1]), int(m[3] or 0))


def sources(folder, groups):
    """The folders whose texts count for `folder`."""
    out = [folder]
    if rank(folder):
        out += sorted((g for g in groups if g != folder and os.path.dirname(g) == os.path.dirname(folder) and rank(g)),
                      key=rank, reverse=True)
    return out + [use for g in out for use in groups[g].uses]


def check_lines(folder, group):
    where = folder + "/descriptions.txt"
    found = [f"{where}:{n}: is no \"name: text\"" for n in group.wrong]
    wanted = [(m, f) for m, fields in group.messages.items() for f in [""] + fields]
    seen = set()
    for n, name, words in group.lines:
        if name in seen:
            found.append(f"{where}:{n}: {name} stands twice")
        seen.add(name)
        if not (folder == COMMON and name[0] == "*") and not any(covers(name, m, f) for m, f in wanted):
            found.append(f"{where}:{n}: {name} names nothing")
        if len(words) > LONGEST:
            found.append(f"{where}:{n}: {name} has {len(words)} characters, more than {LONGEST}")
        if not words.endswith(".") or words != words.strip() or "  " in words or not words.isascii():
            found.append(f"{where}:{n}: {name} is no plain sentence")
    return found


def check_complete(folder, groups):
    common = groups[COMMON].patterns if COMMON in groups else []
    of = [groups[g] for g in sources(folder, groups)]
    found = []
    for message, fields in groups[folder].messages.items():
        for field in [""] + fields:
            if any(g.describes(message, field) for g in of) or any(covers(name, message, field) for name in common):
                continue
            found.append(f"{folder}/descriptions.txt: nothing about {message}{'.' + field if field else ''}")
    return found


def self_test():
    proto = 'message A {\n  optional string x = 1;\n  optional B y = 2 [(xebec.field) = {embedded: true}];\n}\n'

    def say(texts, **others):
        groups = {"g/v1": Group(proto, texts), **{folder.replace("_", "/"): Group(proto, t) for folder, t in others.items()}}
        return check_lines("g/v1", groups["g/v1"]) + check_complete("g/v1", groups)

    assert say("A: One.\nA.x: Two.\n") == []
    assert say("*A: One.\n*.x: Two.\n") == []
    assert say("A: One.\n") == ["g/v1/descriptions.txt: nothing about A.x"]
    assert say("A: One.\n", g_v2="A.x: Two.\n") == []
    assert say("use h/v1\nA: One.\n", h_v1="A.x: Two.\n") == []
    assert say("A: One.\n", h_v1="A.x: Two.\n") != []
    assert "names nothing" in say("A: One.\nA.x: Two.\nA.z: Three.\n")[0]
    assert "more than" in say(f"A: {'w' * 300}.\nA.x: Two.\n")[0]
    assert "stands twice" in say("A: One.\nA: One.\nA.x: Two.\n")[0]
    assert "is no plain" in say("A: One\nA.x: Two.\n")[0]
    assert "is no" in say("A: One.\nA.x: Two.\nnonsense\n")[0]
    alike = Group(proto + proto.replace("A", "C"), "A: One.\nA.x: Two.\nC: Three.\nlike C A\n")
    assert check_complete("g/v1", {"g/v1": alike}) == []


def read(path):
    if not os.path.exists(path):
        return ""
    with open(path, encoding="utf-8") as file:
        return file.read()


def main():
    if "--self-test" in sys.argv:
        self_test()
    root = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "api")
    groups = {}
    for path, _, files in os.walk(root):
        if "generated.proto" in files:
            groups[os.path.relpath(path, root)] = Group(read(os.path.join(path, "generated.proto")),
                                                        read(os.path.join(path, "descriptions.txt")))
    complaints = []
    for folder in sorted(groups):
        complaints += check_lines(folder, groups[folder])
        if os.path.dirname(folder) not in WIRE_ONLY:
            complaints += check_complete(folder, groups)
    for complaint in complaints:
        print(complaint)
    lines = [line for group in groups.values() for line in group.lines]
    print(f"{len(lines)} texts of {sum(len(words) for _, _, words in lines)} characters, {len(complaints)} complaints")
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
