"""kill -9 of xebec and a new start: containers do not notice, nothing is lost, watches go on."""
import subprocess
import unittest

from cluster import kubectls, processes_of, wait_until
from hue import DEPLOYMENT, HueTest, images
from watching import Watch

KINDS = "pods,deployments,replicasets,services,endpointslices,configmaps,secrets,serviceaccounts,roles,rolebindings,leases"


def container_ids(pods):
    return {c["containerID"].removeprefix("containerd://"): c["state"]["running"]["startedAt"]
            for pod in pods for c in pod["status"]["containerStatuses"]}


class Crash(HueTest):
    def inventory(self):
        # Leases go on being renewed; of everything else the version must be the same too.
        out = {}
        for item in self.cluster.get(KINDS, "-A")["items"]:
            meta = item["metadata"]
            version = None if item["kind"] in ("Lease", "EndpointSlice") else meta["resourceVersion"]
            out[(item["kind"], meta["namespace"], meta["name"])] = (meta["uid"], version)
        return out

    def test_a_crash_disturbs_nobody(self):
        self.k(None, "create", "-f", DEPLOYMENT)
        containers = container_ids(self.running("app=hue", 3))
        processes = {id: processes_of(id) for id in containers}
        self.assertTrue(all(processes.values()), processes)
        # Two clients wait for what comes: one for config maps, one (kubectl) for the end of an update that is paused.
        watch = Watch(self.api(), "/api/v1/namespaces/default/configmaps")
        self.addCleanup(watch.end)
        self.k(None, "rollout", "pause", "deployment/hue-learn")
        self.k(None, "set", "image", "deployment/hue-learn", "hue-learner=g1g1/hue-learn:v4.0")
        waiting = subprocess.Popen([next(iter(kubectls().values())), "rollout", "status", "deployment/hue-learn", "--timeout=120s"], env=self.cluster.env(),
                                   stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.addCleanup(waiting.stdout.close)
        self.addCleanup(waiting.kill)
        self.assertIn("0 out of 3 new replicas have been updated", waiting.stdout.readline())
        for i in range(10):
            self.k(None, "create", "configmap", f"kept-{i}", f"--from-literal=i={i}")
        wait_until("the watch to have seen them", lambda: len(watch.events) >= 10)

        def quiet():
            before = self.inventory()
            return before if before == self.inventory() else None

        before = wait_until("the cluster to be quiet", quiet)
        connections, version = watch.connections, int(watch.version)
        self.cluster.kill()
        self.assertEqual({id: processes_of(id) for id in containers}, processes)
        self.cluster.start()

        after = self.inventory()
        self.assertEqual({k: v for k, v in after.items() if k in before}, before)
        self.assertEqual(container_ids(self.running("app=hue", 3)), containers)
        self.assertEqual({id: processes_of(id) for id in containers}, processes)
        name = self.running("app=hue", 3)[0]["metadata"]["name"]
        self.assertIn("Started...", self.k(None, "logs", name))
        self.assertEqual(self.k(None, "exec", name, "--", "echo", "alive"), "alive\n")

        self.k(None, "create", "configmap", "later", "--from-literal=a=b")
        wait_until("the watch to go on", lambda: any(thing["metadata"]["name"] == "later" for _, thing in watch.events))
        self.assertIsNone(watch.error)
        self.assertGreater(watch.connections, connections)
        names = [thing["metadata"]["name"] for kind, thing in watch.events if kind == "ADDED"]
        self.assertEqual(names, [f"kept-{i}" for i in range(10)] + ["later"])
        self.assertTrue(all(int(thing["metadata"]["resourceVersion"]) > version for _, thing in watch.events[10:]))

        self.k(None, "rollout", "resume", "deployment/hue-learn")
        rest, _ = waiting.communicate(timeout=120)
        self.assertEqual(waiting.returncode, 0, rest)
        self.assertIn('deployment "hue-learn" successfully rolled out', rest)
        self.assertEqual(images(self.running("app=hue", 3)), {"g1g1/hue-learn:v4.0"})
        self.k(None, "delete", "configmaps", *[f"kept-{i}" for i in range(10)], "later")

if __name__ == "__main__":
    unittest.main()
