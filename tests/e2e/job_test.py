"""Jobs over real containers: indexed completions, a failure that uses its retries up, and the end of its time."""
import json
import unittest

from cluster import wait_until
from hue import HueTest


def job(name, command, **spec):
    container = {"name": "c", "image": "busybox", "imagePullPolicy": "IfNotPresent", "command": ["sh", "-c", command]}
    return json.dumps({"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": name},
                       "spec": {**spec, "template": {"spec": {"restartPolicy": "Never", "containers": [container]}}}})


class Jobs(HueTest):
    def test_jobs_end_as_they_should(self):
        self.addCleanup(self.k, None, "delete", "jobs", "--all", "--timeout=60s")
        self.k(None, "create", "-f", "-", stdin=job("three", "echo index $JOB_COMPLETION_INDEX", completions=3, parallelism=2, completionMode="Indexed"))
        self.k(None, "create", "-f", "-", stdin=job("failing", "exit 3", backoffLimit=0))
        self.k(None, "create", "-f", "-", stdin=job("brief", "true", ttlSecondsAfterFinished=1))
        self.k(None, "wait", "job/three", "--for=condition=complete", "--timeout=60s")
        three = self.cluster.get("job", "three")["status"]
        self.assertEqual((three["succeeded"], three["completedIndexes"], three.get("uncountedTerminatedPods", {})), (3, "0-2", {}))
        said = sorted(self.k(None, "logs", "-l", "job-name=three", "--tail=-1").split("\n"))
        self.assertEqual([line for line in said if line], ["index 0", "index 1", "index 2"])
        self.k(None, "wait", "job/failing", "--for=condition=failed", "--timeout=60s")
        conditions = {c["type"]: c for c in self.cluster.get("job", "failing")["status"]["conditions"]}
        self.assertEqual((conditions["Failed"]["reason"], conditions["Failed"]["message"]),
                         ("BackoffLimitExceeded", "Job has reached the specified backoff limit"))
        wait_until("the brief Job to go", lambda: "brief" not in self.k(None, "get", "jobs", "-o", "name"))


if __name__ == "__main__":
    unittest.main()
