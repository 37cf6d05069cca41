#!/usr/bin/env python3
"""Checks api/**/descriptions.txt, whose form tools/apigen/descriptions.cc tells.

Reports, for the groups in COMPLETE, every message and field without a text; for every file, lines that name nothing,
that are too long for a sentence or two, or that are no sentence. `--self-test` also checks the checker.
"""
import os
import re
import sys

LONGEST = 240  # characters of one text

API = "k8s.io/api/"
META = "k8s.io/apimachinery/pkg/"
COMPLETE = [META + "apis/meta/v1", META + "api/resource", META + "util/intstr", META + "runtime", META + "version"] + [
    API + g for g in (
        "core/v1", "apps/v1", "batch/v1", "networking/v1", "rbac/v1", "policy/v1", "autoscaling/v1", "autoscaling/v2",
        "events/v1", "discovery/v1", "coordination/v1", "storage/v1", "scheduling/v1", "certificates/v1",
        "admissionregistration/v1", "authentication/v1", "authorization/v1", "node/v1", "flowcontrol/v1", "resource/v1")] + [
    "k8s.io/kube-aggregator/pkg/apis/apiregistration/v1", "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"]


def parse_proto(text):
    """Message name -> JSON names of the fields a user sees; None for a message known for its numbers alone."""
    messages = {}
    for m in re.finditer(r"^message (\w+) \{(.*?)^\}", text, re.M | re.S):
        body, fields = m.group(2), []
        if "alias_only: true" in body:
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


def parse_texts(text):
    """[(line number, "Message" or "Message.field", text)], the numbers of lines that are none of it, and which
    message shares another's texts."""
    lines, wrong, likes = [], [], {}
    for number, row in enumerate(text.splitlines(), 1):
        if not row or row.startswith("#") or row.startswith("use "):
            continue
        if row.startswith("like "):
            _, to, like = row.split(" ")
            likes[to] = like
            continue
        name, colon, words = row.partition(": ")
        if not colon or not re.fullmatch(r"(\w+|\*\w*)(\.[$\w-]+)?", name):
            wrong.append(number)
        else:
            lines.append((number, name, words))
    return lines, wrong, likes


def covers(name, message, field):
    pattern, _, of = name.partition(".")
    if of != field:
        return False
    return message.endswith(pattern[1:]) if pattern[0] == "*" else message == pattern


def check(folder, proto, texts, common, complete):
    """The complaints about one folder; `common` are the lines of meta/v1."""
    messages = parse_proto(proto)
    lines, wrong, likes = parse_texts(texts)
    where = folder + "/descriptions.txt"
    found = [f"{where}:{n}: is no \"name: text\"" for n in wrong]
    wanted = [(m, "") for m in messages] + [(m, f) for m, fields in messages.items() for f in fields]
    seen = set()
    for n, name, words in lines:
        if name in seen:
            found.append(f"{where}:{n}: {name} stands twice")
        seen.add(name)
        if not any(covers(name, m, f) for m, f in wanted):
            found.append(f"{where}:{n}: {name} names nothing")
        if len(words) > LONGEST:
            found.append(f"{where}:{n}: {name} has {len(words)} characters, more than {LONGEST}")
        if not words.endswith(".") or words != words.strip() or "  " in words or not words.isascii():
            found.append(f"{where}:{n}: {name} is no plain sentence")
    if complete:
        for m, f in wanted:
            tail = "." + f if f else ""
            if m + tail in seen or likes.get(m, m) + tail in seen:
                continue
            if not any(covers(name, m, f) for _, name, _ in patterns(lines + common)):
                found.append(f"{where}: nothing about {m + tail}")
    return found


def patterns(lines):
    return [line for line in lines if line[1][0] == "*"]


def read(path):
    if not os.path.exists(path):
        return ""
    with open(path, encoding="utf-8") as file:
        return file.read()


def self_test():
    proto = 'message A {\n  optional string x = 1;\n  optional B y = 2 [(xebec.field) = {embedded: true}];\n}\n'
    say = lambda texts, common=(): check("f", proto, texts, list(common), True)
    assert say("A: One.\nA.x: Two.\n") == [], say("A: One.\nA.x: Two.\n")
    assert say("*A: One.\n", [(1, "*.x", "Two.")]) == []
    assert say("A: One.\n") == ["f/descriptions.txt: nothing about A.x"]
    assert "names nothing" in say("A: One.\nA.x: Two.\nA.z: Three.\n")[0]
    assert "more than" in say(f"A: {'w' * 300}.\nA.x: Two.\n")[0]
    assert "stands twice" in say("A: One.\nA: One.\nA.x: Two.\n")[0]
    assert "is no plain" in say("A: One\nA.x: Two.\n")[0]
    assert "is no" in say("A: One.\nA.x: Two.\nnonsense\n")[0]
    assert check("f", proto + proto.replace("A", "C"), "A: One.\nA.x: Two.\nC: Three.\nlike C A\n", [], True) == []


def main():
    if "--self-test" in sys.argv:
        self_test()
    root = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "api")
    common_file = os.path.join(root, META, "apis/meta/v1/descriptions.txt")
    complaints, texts, characters = [], 0, 0
    for path, _, files in sorted(os.walk(root)):
        folder = os.path.relpath(path, root)
        if "generated.proto" not in files or ("descriptions.txt" not in files and folder not in COMPLETE):
            continue
        own = read(os.path.join(path, "descriptions.txt"))
        common = parse_texts(read(common_file))[0]
        proto = read(os.path.join(path, "generated.proto"))
        is_common = folder == META + "apis/meta/v1"
        lines = parse_texts(own)[0]
        texts += len(lines)
        characters += sum(len(words) for _, _, words in lines)
        # Patterns of the common file speak of other groups' messages too.
        report = check(folder, proto, own, common, folder in COMPLETE)
        if is_common:
            report = [r for r in report if not re.search(r": \*[\w.]+ names nothing$", r)]
        complaints += report
    for complaint in complaints:
        print(complaint)
    print(f"{texts} texts of {characters} characters, {len(complaints)} complaints")
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
