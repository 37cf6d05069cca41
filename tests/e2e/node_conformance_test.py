"""What upstream's tests of a node ask of Pods, many at once; endpoints; and the garbage collector's orphans and foreground."""
import json
import unittest

from cluster import wait_until
from hue import HueTest


def container(command, name="c", **fields):
    return {"name": name, "image": "busybox", "imagePullPolicy": "IfNotPresent", "command": ["sh", "-c", command], **fields}


def pod(name, command="sleep 1000", spec=None, **fields):
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name},
            "spec": {"restartPolicy": "Never", "terminationGracePeriodSeconds": 1, "containers": [container(command, **fields)], **(spec or {})}}


def deployment(name, command="sleep 1000", replicas=1, **fields):
    template = {"metadata": {"labels": {"app": name}},
                "spec": {"terminationGracePeriodSeconds": 1, "containers": [container(command, **fields)]}}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name},
            "spec": {"replicas": replicas, "selector": {"matchLabels": {"app": name}}, "template": template}}


def from_key(kind, name, key):
    return [{"name": "A", "valueFrom": {kind: {"name": name, "key": key}}}]


SCRATCH = {"volumes": [{"name": "d", "emptyDir": {}}]}


def sub_path(value):
    return {"spec": SCRATCH, "env": [{"name": "P", "value": value}],
            "volumeMounts": [{"name": "d", "mountPath": "/v", "subPathExpr": "$(P)"}]}


# Pod, and how it ends: phase, exit code, reason and message of its container.
ENDS = [
    (pod("said", "echo -n why > /dev/termination-log; exit 3"), ("Failed", 3, "Error", "why")),
    (pod("fell-back", "echo one; echo two; exit 1", terminationMessagePolicy="FallbackToLogsOnError"), ("Failed", 1, "Error", "one\ntwo\n")),
    (pod("succeeded", "echo one", terminationMessagePolicy="FallbackToLogsOnError"), ("Succeeded", 0, "Completed", "")),
    (pod("too-much", "head -c 10000 /dev/zero | tr '\\0' a > /dev/termination-log"), ("Succeeded", 0, "Completed", "a" * 4096)),
    (pod("hungry", "exec tail /dev/zero", resources={"limits": {"memory": "32Mi"}}), ("Failed", 137, "OOMKilled", "")),
    (pod("late", "trap '' TERM; while :; do sleep 1; done", spec={"activeDeadlineSeconds": 2}), ("Failed", 137, "Error", "")),
    (pod("again", "if [ -f /v/x ]; then exit 0; fi; touch /v/x; exit 1", spec={**SCRATCH, "restartPolicy": "OnFailure"},
         volumeMounts=[{"name": "d", "mountPath": "/v"}]), ("Succeeded", 0, "Completed", "")),
]

# Pod, and what its container waits for: reason and message.
WAITS = [
    (pod("no-key", env=from_key("configMapKeyRef", "cm", "zz")), "CreateContainerConfigError", "couldn't find key zz in ConfigMap default/cm"),
    (pod("no-secret", env=from_key("secretKeyRef", "none", "zz")), "CreateContainerConfigError", 'secret "none" not found'),
    (pod("never", image="nosuch:1", imagePullPolicy="Never"), "ErrImageNeverPull",
     'Container image "nosuch:1" is not present with pull policy of Never'),
    (pod("absolute", **sub_path("/tmp")), "CreateContainerConfigError", "error SubPath `/tmp` must not be an absolute path"),
    (pod("backwards", **sub_path("../x")), "CreateContainerConfigError", "unable to provision SubPath `../x`: must not contain '..'"),
]


class NodeConformance(HueTest):
    def create(self, *objects):
        self.k(None, "create", "-f", "-", stdin=json.dumps({"apiVersion": "v1", "kind": "List", "items": list(objects)}))

    def events(self, name):
        return {e["message"] for e in self.cluster.get("events", f"--field-selector=involvedObject.name={name}")["items"]}

    def test_pods_end_and_wait_as_upstream_says(self):
        self.addCleanup(self.k, None, "delete", "configmap", "cm")
        self.create({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "cm"}, "data": {"a": "1"}})
        self.create(*[entry[0] for entry in ENDS + WAITS],
                    pod("unnamed", readinessProbe={"httpGet": {"port": "nope"}, "periodSeconds": 1}),
                    pod("big", resources={"requests": {"cpu": "1000"}}))
        for ended, wanted in ENDS:
            name = ended["metadata"]["name"]
            with self.subTest(name):
                wait_until(f"{name} to end", lambda: self.cluster.get("pod", name)["status"]["phase"] in ("Failed", "Succeeded"))
                status = self.cluster.get("pod", name)["status"]
                state = status["containerStatuses"][0]["state"]["terminated"]
                self.assertEqual((status["phase"], state["exitCode"], state["reason"], state.get("message", "")), wanted)
        self.assertEqual(self.cluster.get("pod", "late")["status"]["reason"], "DeadlineExceeded")
        self.assertEqual(self.cluster.get("pod", "again")["status"]["containerStatuses"][0]["restartCount"], 1)
        for waiting, reason, message in WAITS:
            name = waiting["metadata"]["name"]
            with self.subTest(name):
                state = wait_until(f"{name} to wait for {reason}", lambda: [
                    s for s in [self.cluster.get("pod", name)["status"]["containerStatuses"][0]["state"]["waiting"]] if s["reason"] == reason])
                self.assertEqual(state[0]["message"], message)
        wait_until("the probe's error", lambda: 'Readiness probe errored and resulted in unknown state: strconv.Atoi: parsing "nope": invalid syntax'
                   in self.events("unnamed"))
        wait_until("the scheduler's words", lambda: "0/1 nodes are available: 1 Insufficient cpu. no new claims to deallocate, preemption: "
                   "0/1 nodes are available: 1 Preemption is not helpful for scheduling." in self.events("big"))

    def test_endpoints_are_the_ready_pods(self):
        self.create(deployment("web", "mkdir /w; touch /w/index.html; httpd -f -p 8080 -h /w", replicas=2,
                               readinessProbe={"httpGet": {"path": "/", "port": 8080}, "periodSeconds": 1}))
        self.k(None, "expose", "deployment/web", "--port=80", "--target-port=8080")
        pods = self.running("app=web", 2)

        def ready_addresses():
            slices = self.cluster.get("endpointslices", "-l", "kubernetes.io/service-name=web")["items"]
            return {a for s in slices for e in s.get("endpoints") or [] if e["conditions"]["ready"] for a in e["addresses"]}

        def addresses(field):
            return {a["ip"] for s in self.cluster.get("endpoints", "web").get("subsets", []) for a in s.get(field, [])}

        everyone = {p["status"]["podIP"] for p in pods}
        wait_until("both in the slice", lambda: ready_addresses() == everyone)
        wait_until("both in the Endpoints", lambda: addresses("addresses") == everyone)
        self.k(None, "exec", pods[0]["metadata"]["name"], "--", "rm", "/w/index.html")
        rest = {pods[1]["status"]["podIP"]}
        wait_until("only the ready one in the slice", lambda: ready_addresses() == rest)
        wait_until("the other one not ready in the Endpoints",
                   lambda: addresses("addresses") == rest and addresses("notReadyAddresses") == everyone - rest)

    def test_orphans_stay_and_foreground_waits(self):
        self.create(deployment("orphaned"), deployment("waited-for"))
        kept = self.running("app=orphaned", 1)[0]
        self.running("app=waited-for", 1)
        self.k(None, "delete", "deployment", "orphaned", "--cascade=orphan", "--timeout=60s")
        orphan = self.cluster.get("replicasets.apps", "-l", "app=orphaned")["items"][0]
        self.assertNotIn("ownerReferences", orphan["metadata"])
        self.k(None, "delete", "deployment", "waited-for", "--cascade=foreground", "--timeout=60s")
        self.assertEqual(self.cluster.get("replicasets.apps", "-l", "app=waited-for")["items"], [])
        self.assertEqual(self.cluster.get("pods", "-l", "app=waited-for")["items"], [])
        self.assertEqual([p["metadata"]["uid"] for p in self.running("app=orphaned", 1)], [kept["metadata"]["uid"]])
        self.k(None, "delete", "replicasets.apps", "-l", "app=orphaned")


if __name__ == "__main__":
    unittest.main()
