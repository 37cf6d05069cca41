"""What the tests with a node have in common: a cluster for each file, the book's manifests, a clean namespace after each test."""
import os
import unittest

from cluster import SOURCE, Cluster, wait_until
from watching import ApiClient

BOOK = os.path.join(SOURCE, "examples/book")
POD = os.path.join(BOOK, "hue-learn-pod.yaml")
DEPLOYMENT = os.path.join(BOOK, "hue-learn-deployment.yaml")
DEPLOYMENT_V4 = os.path.join(BOOK, "hue-learn-deployment-v4.yaml")


def ready(pod):
    return any(c["type"] == "Ready" and c["status"] == "True" for c in pod["status"].get("conditions", []))


def leaving(pod):
    return "deletionTimestamp" in pod["metadata"]


def images(pods):
    return {c["image"] for pod in pods for c in pod["spec"]["containers"]}


class HueTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.cluster = Cluster()
        cls.addClassCleanup(cls.cluster.close)
        cls.cluster.start()

    def tearDown(self):
        outcome = self._outcome
        result = getattr(outcome, "result", None)
        failed = any(error for _, error in getattr(outcome, "errors", []) or []) or bool(
            getattr(result, "failures", None) or getattr(result, "errors", None))
        if failed:
            print(self.cluster.tail(), flush=True)
            print(self.cluster.kubectl("get", "pods,deployments,replicasets,events", "-A", "-o", "wide", check=False).stdout, flush=True)
        self.cluster.kubectl("delete", "deployments,pods,services", "-l", "!component", "--grace-period=1", "--timeout=60s", timeout=90, check=False)
        wait_until("all pods to be gone", lambda: not self.cluster.get("pods")["items"], seconds=60)

    def k(self, binary, *args, **options):
        return self.cluster.kubectl(*args, binary=binary, **options)

    def api(self):
        return ApiClient(self.k(None, "config", "view", "--raw", "-o", "json"), self.cluster.dir)

    def running(self, selector, count):
        """Waits for exactly `count` Pods of the selector, all ready; returns them."""
        def look():
            live = [p for p in self.cluster.get("pods", "-l", selector)["items"] if not leaving(p)]
            return live if len(live) == count and all(ready(p) for p in live) else None

        return wait_until(f"{count} running pods of {selector}", look, seconds=90)

    def pod_running(self, name):
        wait_until(f"pod {name} to run", lambda: ready(self.cluster.get("pod", name)))
