"""A kubectl of some version, what it must have said, and the list that its checks register themselves in."""
import contextlib
import json
import subprocess
import time

CHECKS = []

CONFIG_MAP = """
apiVersion: v1
kind: ConfigMap
metadata: {name: %s, labels: {app: hue}}
data: {colour: %s}
"""


def deployment(name, replicas=0, image="g1g1/hue-learn:v3.0"):
    labels = {"app": name}
    container = {"name": "main", "image": image, "ports": [{"containerPort": 80}]}
    return json.dumps({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name, "labels": labels},
                       "spec": {"replicas": replicas, "selector": {"matchLabels": labels},
                                "template": {"metadata": {"labels": labels}, "spec": {"containers": [container]}}}})


def check(name, since=(1, 0)):
    """A row of a table; versions before `since` do not have it."""
    def register(function):
        CHECKS.append((name, since, function))
        return function
    return register


class Kubectl:
    def __init__(self, binary, version, env, namespace):
        self.binary, self.version, self.env, self.namespace = binary, version, env, namespace

    def __call__(self, *args, stdin=None, fails=False, both=False, env=None):
        command = [self.binary, "-n", self.namespace, *args]
        done = subprocess.run(command, env=dict(self.env, **(env or {})), input=stdin, capture_output=True, text=True, timeout=60)
        if (done.returncode != 0) != fails:
            raise AssertionError(f"kubectl {' '.join(args)}: exit code {done.returncode}: {done.stderr.strip()} {done.stdout.strip()[-300:]}")
        return done.stdout + done.stderr if both or fails else done.stdout

    def get(self, *args):
        return json.loads(self("get", *args, "-o", "json"))

    @contextlib.contextmanager
    def talk(self, *args):
        process = subprocess.Popen([self.binary, "-n", self.namespace, *args], env=self.env, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, text=True)
        try:
            yield process
        finally:
            process.kill()
            process.communicate()

    def until(self, what, condition, seconds=20):
        end = time.monotonic() + seconds
        while True:
            value = condition()
            if value:
                return value
            if time.monotonic() > end:
                raise AssertionError(f"{what}: not within {seconds} s")
            time.sleep(0.1)


def same(got, wanted):
    if got != wanted:
        raise AssertionError(f"{got!r} instead of {wanted!r}")


def has(text, *wanted):
    for part in wanted:
        if part not in text:
            raise AssertionError(f"{part!r} is not in {text!r}")
