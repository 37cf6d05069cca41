"""What kubectl can do where there is a node with a Pod that speaks and serves a page."""
import json
import os
import re
import subprocess
import tempfile
import urllib.request

from kubectl_client import has, same

SHARED_ROWS = ["create, get, list, update, delete", "patch: JSON", "patch: merge", "patch: strategic merge",
               "server-side apply and its conflict", "list with limit and continue", "watch",
               "watch through kill -9 of the server", "informer", "leader election", "errors in upstream's reasons and words",
               "authentication by a service account's token", "scale and status", "discovery", "logs", "exec", "port-forward"]
NODE_ROWS = ["cp", "attach", "run --rm -i", "describe and get a node and a running Pod"]

SPEAKER = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "speaker"}, "spec": {
    "terminationGracePeriodSeconds": 0,
    "containers": [{"name": "main", "image": "busybox", "imagePullPolicy": "IfNotPresent",
                    "command": ["sh", "-c", "echo a page >/tmp/index.html; echo one; echo two; exec httpd -f -p 80 -h /tmp"],
                    "readinessProbe": {"tcpSocket": {"port": 80}, "periodSeconds": 1}}]}}


def logs(k):
    same(k("logs", "speaker"), "one\ntwo\n")
    same(k("logs", "speaker", "--tail=1"), "two\n")
    with k.talk("logs", "-f", "speaker") as following:
        same(following.stdout.readline(), "one\n")


def execute(k):
    same(k("exec", "speaker", "--", "echo", "said"), "said\n")
    done = subprocess.run([k.binary, "-n", k.namespace, "exec", "-i", "speaker", "--", "sh"], env=k.env, capture_output=True, text=True,
                          input="echo out; echo err >&2; exit 3\n", timeout=30, check=False)
    same((done.returncode, done.stdout, done.stderr.splitlines()[0]), (3, "out\n", "err"))


def port_forward(k):
    with k.talk("port-forward", "pod/speaker", ":80") as forwarding:
        port = re.search(r"127\.0\.0\.1:(\d+)", forwarding.stdout.readline())[1]
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/index.html", timeout=10) as answer:
            same(answer.read(), b"a page\n")


def attach(k):
    """What is said after it has been attached to, by what runs beside it."""
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "echo-" + str(k.version[1])}, "spec": {
        "terminationGracePeriodSeconds": 0, "containers": [{"name": "main", "image": "busybox", "imagePullPolicy": "IfNotPresent", "stdin": True,
                                                            "command": ["sh", "-c", "while read line; do echo got $line; done"]}]}}
    name = pod["metadata"]["name"]
    k("create", "-f", "-", stdin=json.dumps(pod))
    k("wait", "pod/" + name, "--for=condition=Ready", "--timeout=30s")
    done = subprocess.Popen([k.binary, "-n", k.namespace, "attach", "-i", name], env=k.env, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                            stderr=subprocess.DEVNULL, text=True)
    try:
        done.stdin.write("hello\n")
        done.stdin.flush()
        same(done.stdout.readline(), "got hello\n")
    finally:
        done.kill()
        done.communicate()
    k("delete", "pod", name, "--wait=false")


def run_removed(k):
    """A Pod that is run, spoken with, and removed."""
    name = "ran-" + str(k.version[1])
    done = k("run", name, "--image=busybox", "--image-pull-policy=IfNotPresent", "--restart=Never", "--rm", "-i", "--", "cat", stdin="said\n")
    has(done, "said\n", f'pod "{name}" deleted')
    has(k("get", "pod", name, fails=True), "not found")


def copy(k):
    folder = tempfile.mkdtemp(dir=k.env["HOME"])
    with open(os.path.join(folder, "sent"), "wb") as f:
        f.write(os.urandom(100000))
    there = "speaker:/tmp/" + os.path.basename(folder)
    k("cp", folder + "/sent", there)
    k("cp", there, folder + "/back")
    with open(folder + "/sent", "rb") as sent, open(folder + "/back", "rb") as back:
        same(sent.read() == back.read(), True)


def described(k):
    has(k("describe", "pod", "speaker"), "Running", "busybox", "Started", "Readiness:")
    has(k("describe", "node"), "speaker", "Ready", "Allocatable:")
    has(k("get", "nodes", "-o", "wide"), "Ready", "containerd://")


def run(kubectl, report, client, thorough):
    checks = {"logs": logs, "exec": execute, "port-forward": port_forward}
    if thorough:
        checks.update(zip(NODE_ROWS, [copy, attach, run_removed, described]))
    for name, call in checks.items():
        try:
            call(kubectl)
            report.add(client, name)
        except (AssertionError, TypeError, OSError, subprocess.TimeoutExpired) as error:
            report.add(client, name, f"{type(error).__name__}: {error}")
