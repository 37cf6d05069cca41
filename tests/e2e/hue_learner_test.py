"""The book's chapter 6 from "creating pods" to "updating a deployment", with real containers and real kubectls."""
import json
import subprocess
import time
import unittest

from cluster import kubectls, wait_until
from hue import DEPLOYMENT, DEPLOYMENT_V4, POD, HueTest, images, leaving, ready
from watching import Watch

POD_NAME = r"^hue-learn-[0-9a-z]+-[bcdfghjklmnpqrstvwxz2456789]{5}$"


class Availability:
    """Every state of the Deployment's Pods and status from now on, by watches."""

    def __init__(self, client):
        self.available = []  # ready Pods that are not leaving, after each change of a Pod
        self.total = []
        self.reported = []  # status.availableReplicas, after each change of the Deployment
        self.pods = Watch(client, "/api/v1/namespaces/default/pods", self.pod_changed)
        self.deployments = Watch(client, "/apis/apps/v1/namespaces/default/deployments", self.deployment_changed)

    def pod_changed(self, *_):
        pods = self.pods.objects.values()
        self.available.append(sum(1 for p in pods if ready(p) and not leaving(p)))
        self.total.append(sum(1 for p in pods if not leaving(p)))

    def deployment_changed(self, kind, thing):
        if kind != "DELETED":
            self.reported.append(thing["status"].get("availableReplicas", 0))

    def settled(self, image, count):
        pods = list(self.pods.objects.values())
        return len(pods) == count and images(pods) == {image} and all(ready(p) for p in pods)

    def end(self):
        self.pods.end()
        self.deployments.end()


class HueLearner(HueTest):
    def test_a_pod_is_created_looked_at_and_deleted(self):
        for binary in kubectls().values():
            self.assertEqual(self.k(binary, "create", "-f", POD), "pod/hue-learner created\n")
            self.running("app=hue,tier=internal-service", 1)
            table = self.k(binary, "get", "pods").splitlines()
            self.assertEqual(table[0].split(), ["NAME", "READY", "STATUS", "RESTARTS", "AGE"])
            self.assertEqual(table[1].split()[:4], ["hue-learner", "1/1", "Running", "0"])
            wide = self.k(binary, "get", "pods", "-o", "wide").splitlines()
            self.assertEqual(wide[0].split()[:7], ["NAME", "READY", "STATUS", "RESTARTS", "AGE", "IP", "NODE"])
            self.check_json(self.cluster.get("pods", binary=binary))
            described = self.k(binary, "describe", "pod", "hue-learner")
            for line in [r"^Name: +hue-learner$", r"^Namespace: +default$", r"^Labels: +app=hue$", r"^ +tier=internal-service$",
                         r"^Annotations: +version: 3\.0$", r"^Status: +Running$", r"^IP: +\d+\.\d+\.\d+\.\d+$",
                         r"^    Container ID: +containerd://[0-9a-f]{64}$", r"^    Image: +g1g1/hue-learn:v3\.0$",
                         r"^    State: +Running$", r"^    Ready: +True$", r"^    Restart Count: +0$", r"^      cpu: +200m$",
                         r"^      memory: +256Mi$", r"^      DISCOVER_QUEUE: +dns$", r"^QoS Class: +Burstable$",
                         r"^  Ready +True *$", r"^  PodScheduled +True *$",
                         r"  Normal +Scheduled .*Successfully assigned default/hue-learner to ",
                         r'  Normal +Pulled .*Container image "g1g1/hue-learn:v3\.0" already present on machine|Successfully pulled image "g1g1/hue-learn:v3\.0"',
                         r"  Normal +Created ", r"  Normal +Started "]:
                self.assertRegex(described, "(?m)" + line)
            self.assertEqual(self.k(binary, "delete", "pod", "hue-learner", timeout=60), 'pod "hue-learner" deleted\n')

    def check_json(self, pods):
        self.assertEqual((pods["kind"], pods["apiVersion"]), ("List", "v1"))
        pod = pods["items"][0]
        self.assertEqual(pod["metadata"]["labels"], {"app": "hue", "runtime-environment": "production", "tier": "internal-service"})
        self.assertEqual(pod["metadata"]["annotations"]["version"], "3.0")
        container = pod["spec"]["containers"][0]
        self.assertEqual(container["image"], "g1g1/hue-learn:v3.0")
        self.assertEqual(container["resources"], {"requests": {"cpu": "200m", "memory": "256Mi"}})
        self.assertEqual(container["env"], [{"name": "DISCOVER_QUEUE", "value": "dns"}, {"name": "DISCOVER_STORE", "value": "dns"}])
        self.assertEqual(container["terminationMessagePath"], "/dev/termination-log")
        self.assertEqual(container["imagePullPolicy"], "IfNotPresent")
        spec, status = pod["spec"], pod["status"]
        self.assertEqual((spec["restartPolicy"], spec["dnsPolicy"], spec["schedulerName"], spec["serviceAccountName"]),
                         ("Always", "ClusterFirst", "default-scheduler", "default"))
        self.assertEqual(spec["terminationGracePeriodSeconds"], 30)
        self.assertEqual((status["phase"], status["qosClass"]), ("Running", "Burstable"))
        self.assertEqual(status["podIPs"], [{"ip": status["podIP"]}])
        self.assertEqual(status["hostIPs"], [{"ip": status["hostIP"]}])
        self.assertEqual({c["type"]: c["status"] for c in status["conditions"]},
                         dict.fromkeys(["PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady", "PodScheduled"], "True"))
        state = status["containerStatuses"][0]
        self.assertEqual((state["ready"], state["started"], state["restartCount"], state["image"]), (True, True, 0, "g1g1/hue-learn:v3.0"))
        self.assertRegex(state["containerID"], "^containerd://[0-9a-f]{64}$")
        self.assertIn("startedAt", state["state"]["running"])

    def test_labels_select(self):
        for name, labels in [("one", "app=hue,tier=front"), ("two", "app=hue,tier=back"), ("three", "app=music")]:
            self.k(None, "run", name, "--image=busybox", "--labels=" + labels, "--", "sleep", "1000")
        for binary in kubectls().values():
            for selector, expected in [("app=hue", "one two"), ("app==hue,tier=back", "two"), ("app!=hue", "three"), ("tier", "one two"),
                                       ("!tier", "three"), ("tier in (front,side)", "one"), ("tier notin (front)", "three two"),
                                       ("app in (hue,music),tier notin (back)", "one three"), ("app=none", "")]:
                got = self.k(binary, "get", "pods", "-l", selector, "-o", "jsonpath={.items[*].metadata.name}")
                self.assertEqual(" ".join(sorted(got.split())), expected, selector)
            listed = self.k(binary, "get", "pods", "-L", "tier", "--sort-by=.metadata.name").splitlines()
            self.assertEqual((listed[0].split()[-1], listed[1].split()[-1], listed[3].split()[-1]), ("TIER", "front", "back"))
            self.assertEqual(self.k(binary, "label", "pod", "three", "tier=side", "--overwrite"), "pod/three labeled\n")
            self.assertEqual(self.k(binary, "get", "pods", "-l", "tier=side", "-o", "name"), "pod/three\n")
            self.k(binary, "label", "pod", "three", "tier-")
            self.assertEqual(self.k(binary, "get", "pods", "--field-selector=metadata.name=two", "-o", "name"), "pod/two\n")
        self.assertEqual(self.k(None, "delete", "pods", "-l", "app=hue", "--grace-period=1"), 'pod "one" deleted\npod "two" deleted\n')

    def test_deletion_keeps_to_the_grace_period(self):
        # A shell as the first process does not hear SIGTERM.
        for binary in kubectls().values():
            self.k(binary, "run", "deaf", "--image=busybox", "--", "sh", "-c", "sleep 1000; true")
            self.pod_running("deaf")
            began = time.monotonic()
            self.k(binary, "delete", "pod", "deaf", "--grace-period=3", "--wait=false")
            leaving_pod = self.cluster.get("pod", "deaf")
            self.assertEqual(leaving_pod["metadata"]["deletionGracePeriodSeconds"], 3)
            self.assertIn("Terminating", self.k(binary, "get", "pod", "deaf"))
            wait_until("the pod to go", lambda: not self.cluster.get("pods")["items"], seconds=20)
            self.assertGreaterEqual(time.monotonic() - began, 2.5)
            self.k(binary, "run", "deaf", "--image=busybox", "--", "sh", "-c", "sleep 1000; true")
            self.pod_running("deaf")
            began = time.monotonic()
            self.k(binary, "delete", "pod", "deaf", "--grace-period=0", "--force")
            self.assertLess(time.monotonic() - began, 10)
            self.assertEqual(self.cluster.get("pods")["items"], [])

    def test_pods_that_end_are_reported_at_once(self):
        self.k(None, "run", "fine", "--image=busybox", "--restart=Never", "--", "true")
        self.k(None, "run", "broken", "--image=busybox", "--restart=Never", "--", "sh", "-c", "sleep 1; exit 3")
        phase = lambda name: self.cluster.get("pod", name)["status"]["phase"]
        # Well below the minute after which a lost event would be noticed.
        wait_until("the good end", lambda: phase("fine") == "Succeeded", seconds=30)
        wait_until("the bad end", lambda: phase("broken") == "Failed", seconds=30)
        ended = self.cluster.get("pod", "broken")["status"]
        self.assertEqual(ended["containerStatuses"][0]["state"]["terminated"]["exitCode"], 3)
        self.assertFalse(ready(self.cluster.get("pod", "broken")))

    def test_a_deployment_is_created_updated_and_rolled_back(self):
        for binary in kubectls().values():
            self.book_transcript(binary)
            history = self.k(binary, "rollout", "history", "deployment/hue-learn")
            self.assertRegex(history, r"(?s)deployment\.apps/hue-learn.*REVISION +CHANGE-CAUSE\n1 .*\n2 ")
            self.assertIn("g1g1/hue-learn:v3.0", self.k(binary, "rollout", "history", "deployment/hue-learn", "--revision=1"))
            self.assertEqual(self.k(binary, "rollout", "undo", "deployment/hue-learn"), "deployment.apps/hue-learn rolled back\n")
            self.rolled_out(binary)
            self.assertEqual(images(self.running("app=hue", 3)), {"g1g1/hue-learn:v3.0"})
            self.pause_and_resume(binary)
            self.assertEqual(self.k(binary, "scale", "deployment/hue-learn", "--replicas=1"), "deployment.apps/hue-learn scaled\n")
            self.running("app=hue", 1)
            self.assertEqual(self.k(binary, "delete", "deployment", "hue-learn"), 'deployment.apps "hue-learn" deleted\n')
            wait_until("the pods to go with it", lambda: not self.cluster.get("pods", "-l", "app=hue")["items"], seconds=60)

    def rolled_out(self, binary):
        self.assertIn('deployment "hue-learn" successfully rolled out', self.k(binary, "rollout", "status", "deployment/hue-learn", timeout=90))

    def book_transcript(self, binary):
        """What the chapter types and sees, with the words of kubectls of today."""
        self.assertEqual(self.k(binary, "create", "-f", DEPLOYMENT), "deployment.apps/hue-learn created\n")
        self.running("app=hue", 3)
        self.rolled_out(binary)
        table = [line.split() for line in self.k(binary, "get", "deployment", "hue-learn").splitlines()]
        self.assertEqual(table[0], ["NAME", "READY", "UP-TO-DATE", "AVAILABLE", "AGE"])
        self.assertEqual(table[1][:4], ["hue-learn", "3/3", "3", "3"])
        rows = [line.split() for line in self.k(binary, "get", "pods", "--no-headers").splitlines()]
        self.assertEqual(len(rows), 3)
        for row in rows:
            self.assertRegex(row[0], POD_NAME)
            self.assertEqual(row[1:4], ["1/1", "Running", "0"])
        described = self.k(binary, "describe", "deployment", "hue-learn")
        for line in [r"^Replicas: +3 desired \| 3 updated \| 3 total \| 3 available \| 0 unavailable$", r"^StrategyType: +RollingUpdate$",
                     r"^RollingUpdateStrategy: +25% max unavailable, 25% max surge$", r"^  Available +True +MinimumReplicasAvailable$",
                     r"^  Progressing +True +NewReplicaSetAvailable$", r"^NewReplicaSet: +hue-learn-\w+ \(3/3 replicas created\)$",
                     r"  Normal +ScalingReplicaSet .*Scaled up replica set hue-learn-\w+ (from 0 )?to 3"]:
            self.assertRegex(described, "(?m)" + line)
        self.assertEqual(self.first_image(binary), '"g1g1/hue-learn:v3.0"\n')
        watched = Availability(self.api())
        try:
            applied = self.k(binary, "apply", "-f", DEPLOYMENT_V4)
            self.assertEqual(applied, "deployment.apps/hue-learn configured\n")
            self.rolled_out(binary)
            wait_until("the watch to have seen all of the update", lambda: watched.settled("g1g1/hue-learn:v4.0", 3), seconds=60)
        finally:
            watched.end()
        self.assertIsNone(watched.pods.error)
        # 25% of 3, rounded down, may be missing: none; and rounded up may be too many: one.
        self.assertGreaterEqual(min(watched.available), 3, watched.available)
        self.assertLessEqual(max(watched.total), 4, watched.total)
        self.assertGreaterEqual(min(watched.reported), 3, watched.reported)
        self.assertEqual(self.first_image(binary), '"g1g1/hue-learn:v4.0"\n')

    def first_image(self, binary):
        listed = self.k(binary, "get", "pods", "-o", "json")
        return subprocess.run(["jq", ".items[0].spec.containers[0].image"], input=listed, capture_output=True, text=True, check=True).stdout

    def pause_and_resume(self, binary):
        self.assertEqual(self.k(binary, "rollout", "pause", "deployment/hue-learn"), "deployment.apps/hue-learn paused\n")
        before = {r["metadata"]["name"]: r["spec"]["replicas"] for r in self.cluster.get("replicasets", "-l", "app=hue")["items"]}
        self.assertEqual(self.k(binary, "set", "image", "deployment/hue-learn", "hue-learner=g1g1/hue-learn:v4.0"),
                         "deployment.apps/hue-learn image updated\n")

        def observed():
            deployment = self.cluster.get("deployment", "hue-learn")
            reasons = {c["type"]: c["reason"] for c in deployment["status"]["conditions"]}
            return deployment["status"]["observedGeneration"] == deployment["metadata"]["generation"] and reasons["Progressing"] == "DeploymentPaused"

        wait_until("the paused deployment to be looked at", observed)
        self.assertEqual({r["metadata"]["name"]: r["spec"]["replicas"] for r in self.cluster.get("replicasets", "-l", "app=hue")["items"]}, before)
        self.assertEqual(images(self.running("app=hue", 3)), {"g1g1/hue-learn:v3.0"})
        self.assertEqual(self.k(binary, "rollout", "resume", "deployment/hue-learn"), "deployment.apps/hue-learn resumed\n")
        self.rolled_out(binary)
        self.assertEqual(images(self.running("app=hue", 3)), {"g1g1/hue-learn:v4.0"})

    def test_what_dies_is_replaced(self):
        self.k(None, "create", "-f", DEPLOYMENT)
        victim = self.running("app=hue", 3)[0]["metadata"]["name"]
        self.k(None, "exec", victim, "--", "kill", "1", check=False)
        restarts = lambda: self.cluster.get("pod", victim)["status"]["containerStatuses"][0]["restartCount"]
        wait_until("the container's restart", lambda: restarts() == 1, seconds=60)
        self.running("app=hue", 3)
        ended = self.cluster.get("pod", victim)["status"]["containerStatuses"][0]["lastState"]["terminated"]
        self.assertEqual((ended["exitCode"], ended["reason"]), (0, "Completed"))
        self.k(None, "delete", "pod", victim, timeout=90)
        names = {p["metadata"]["name"] for p in self.running("app=hue", 3)}
        self.assertNotIn(victim, names)
        owned = json.loads(self.k(None, "get", "replicasets", "-l", "app=hue", "-o", "json"))["items"]
        self.assertEqual([r["status"]["readyReplicas"] for r in owned], [3])


if __name__ == "__main__":
    unittest.main()
