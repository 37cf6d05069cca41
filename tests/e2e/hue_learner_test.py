"""The book's chapter 6 from "creating pods" to "updating a deployment", with real containers and real kubectls."""
import os
import pty
import select
import socket
import subprocess
import time
import unittest

from cluster import SOURCE, Cluster, free_port, kubectls, wait_until

BOOK = os.path.join(SOURCE, "examples/book")


def containers(pods):
    return [c for pod in pods["items"] for c in pod["status"].get("containerStatuses", [])]


class HueLearner(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.cluster = Cluster()
        cls.addClassCleanup(cls.cluster.close)
        cls.cluster.start()

    def tearDown(self):
        outcome = self._outcome
        failed = any(error for _, error in getattr(outcome, "errors", []) or []) or bool(
            getattr(getattr(outcome, "result", None), "failures", None) or getattr(getattr(outcome, "result", None), "errors", None))
        if failed:
            print(self.cluster.tail(), flush=True)
            print(self.cluster.kubectl("get", "pods,deployments,replicasets,events", "-A", "-o", "wide", check=False).stdout, flush=True)
        self.cluster.kubectl("delete", "deployments,pods", "--all", "--timeout=60s", timeout=90, check=False)
        wait_until("all pods to be gone", lambda: not self.cluster.get("pods")["items"], seconds=60)

    def k(self, binary, *args, **options):
        return self.cluster.kubectl(*args, binary=binary, **options)

    def running(self, selector, count):
        def look():
            pods = self.cluster.get("pods", "-l", selector)
            live = [p for p in pods["items"] if "deletionTimestamp" not in p["metadata"]]
            ready = [p for p in live if any(c["type"] == "Ready" and c["status"] == "True" for c in p["status"].get("conditions", []))]
            return live if len(live) == count and len(ready) == count else None

        return wait_until(f"{count} running pods of {selector}", look, seconds=90)

    def test_a_pod_runs_logs_and_takes_commands(self):
        for binary in kubectls().values():
            out = self.k(binary, "create", "-f", os.path.join(BOOK, "hue-learn-pod.yaml"))
            self.assertEqual(out, "pod/hue-learner created\n")
            self.running("app=hue,tier=internal-service", 1)
            table = self.k(binary, "get", "pods").splitlines()
            self.assertEqual(table[0].split(), ["NAME", "READY", "STATUS", "RESTARTS", "AGE"])
            self.assertEqual(table[1].split()[:4], ["hue-learner", "1/1", "Running", "0"])
            wait_until("the log", lambda: "Started..." in self.k(binary, "logs", "hue-learner"))
            self.assertIn("Started...", self.k(binary, "logs", "--tail=1", "--timestamps", "hue-learner"))
            env = self.k(binary, "exec", "hue-learner", "--", "printenv")
            self.assertIn("DISCOVER_QUEUE=dns", env)
            self.assertIn("KUBERNETES_SERVICE_HOST=10.96.0.1", env)
            failed = self.k(binary, "exec", "hue-learner", "--", "sh", "-c", "exit 7", check=False)
            self.assertEqual(failed.returncode, 7, failed.stderr)
            echoed = self.k(binary, "exec", "-i", "hue-learner", "--", "cat", stdin="to and fro\n")
            self.assertEqual(echoed, "to and fro\n")
            described = self.k(binary, "describe", "pod", "hue-learner")
            for expected in ["Successfully assigned default/hue-learner to", "Created", "Started", "cpu:     200m"]:
                self.assertIn(expected, described)
            self.k(binary, "delete", "pod", "hue-learner", timeout=60)

    def test_a_terminal_and_copying_files(self):
        self.k(None, "create", "-f", os.path.join(BOOK, "hue-learn-pod.yaml"))
        self.running("app=hue", 1)
        for binary in kubectls().values():
            self.assertIn("on a terminal", self.in_terminal(binary, "exec", "-it", "hue-learner", "--", "sh",
                                                            typed="test -t 0 && echo on a ter''minal; exit\n"))
            source = os.path.join(self.cluster.dir, "sent")
            with open(source, "w", encoding="utf-8") as f:
                f.write("payload\n" * 1000)
            self.k(binary, "cp", source, "hue-learner:/tmp/received")
            self.k(binary, "cp", "hue-learner:/tmp/received", source + ".back")
            with open(source, encoding="utf-8") as sent, open(source + ".back", encoding="utf-8") as back:
                self.assertEqual(sent.read(), back.read())

    def in_terminal(self, binary, *args, typed):
        controller, terminal = pty.openpty()
        process = subprocess.Popen([binary, *args], env=self.cluster.env(), stdin=terminal, stdout=terminal, stderr=terminal,
                                   start_new_session=True)
        os.close(terminal)
        out = b""
        sent = False
        end = time.monotonic() + 30
        try:
            while time.monotonic() < end:
                readable, _, _ = select.select([controller], [], [], 0.2)
                if readable:
                    try:
                        piece = os.read(controller, 4096)
                    except OSError:
                        break
                    if not piece:
                        break
                    out += piece
                # The shell's prompt: typing earlier would be echoed by the local terminal only.
                if not sent and (b"# " in out or b"$ " in out):
                    os.write(controller, typed.encode())
                    sent = True
                if process.poll() is not None and not readable:
                    break
        finally:
            process.kill()
            process.wait()
            os.close(controller)
        return out.decode(errors="replace")

    def test_pods_that_end_are_reported_at_once(self):
        self.k(None, "run", "fine", "--image=busybox", "--restart=Never", "--", "true")
        self.k(None, "run", "broken", "--image=busybox", "--restart=Never", "--", "sh", "-c", "sleep 1; exit 3")
        phase = lambda name: self.cluster.get("pod", name)["status"]["phase"]
        # Well below the minute after which a lost event would be noticed.
        wait_until("the good end", lambda: phase("fine") == "Succeeded", seconds=30)
        wait_until("the bad end", lambda: phase("broken") == "Failed", seconds=30)
        ended = self.cluster.get("pod", "broken")["status"]
        self.assertEqual(ended["containerStatuses"][0]["state"]["terminated"]["exitCode"], 3)
        ready = next(c for c in ended["conditions"] if c["type"] == "Ready")
        self.assertEqual(ready["status"], "False")

    def test_port_forward(self):
        self.k(None, "create", "-f", os.path.join(BOOK, "hue-learn-pod.yaml"))
        self.running("app=hue", 1)
        for binary in kubectls().values():
            local = free_port()
            # The pod listens itself, so that the test does not depend on what its image serves.
            self.k(binary, "exec", "hue-learner", "--", "sh", "-c", "while true; do echo forwarded | nc -l -p 7777; done >/dev/null 2>&1 &")
            forward = subprocess.Popen([binary, "port-forward", "pod/hue-learner", f"{local}:7777"], env=self.cluster.env(),
                                       stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
            try:
                self.assertIn("Forwarding from 127.0.0.1", forward.stdout.readline())

                def ask():
                    with socket.create_connection(("127.0.0.1", local), timeout=5) as s:
                        s.settimeout(5)
                        return s.recv(100).decode()

                self.assertEqual(wait_until("an answer", lambda: ask() == "forwarded\n", seconds=30), True)
            finally:
                forward.kill()
                forward.wait()
                forward.stdout.close()

    def test_a_deployment_is_created_updated_and_rolled_back(self):
        for binary in kubectls().values():
            self.k(binary, "create", "-f", os.path.join(BOOK, "hue-learn-deployment.yaml"))
            self.running("app=hue", 3)
            status = self.k(binary, "rollout", "status", "deployment/hue-learn", timeout=90)
            self.assertIn('deployment "hue-learn" successfully rolled out', status)
            row = self.k(binary, "get", "deployment", "hue-learn").splitlines()[1].split()
            self.assertEqual(row[:4], ["hue-learn", "3/3", "3", "3"])

            lowest = self.update_while_watching(binary)
            self.assertGreaterEqual(lowest, 3)  # 25% of 3, rounded down, may be missing: none
            images = {c["image"] for pod in self.running("app=hue", 3) for c in pod["spec"]["containers"]}
            self.assertEqual(images, {"g1g1/hue-learn:v4.0"})

            history = self.k(binary, "rollout", "history", "deployment/hue-learn")
            self.assertIn("REVISION", history)
            self.k(binary, "rollout", "undo", "deployment/hue-learn")
            self.k(binary, "rollout", "status", "deployment/hue-learn", timeout=90)
            images = {c["image"] for pod in self.running("app=hue", 3) for c in pod["spec"]["containers"]}
            self.assertEqual(images, {"g1g1/hue-learn:v3.0"})
            self.k(binary, "scale", "deployment/hue-learn", "--replicas=1")
            self.running("app=hue", 1)
            self.k(binary, "delete", "deployment", "hue-learn")
            wait_until("the pods to go with it", lambda: not self.cluster.get("pods", "-l", "app=hue")["items"], seconds=60)

    def update_while_watching(self, binary):
        self.k(binary, "apply", "-f", os.path.join(BOOK, "hue-learn-deployment-v4.yaml"))
        lowest = 3

        def done():
            nonlocal lowest
            status = self.cluster.get("deployment", "hue-learn")["status"]
            lowest = min(lowest, status.get("availableReplicas", 0))
            return status.get("updatedReplicas") == 3 and status.get("replicas") == 3 and status.get("availableReplicas") == 3

        wait_until("the update", done, seconds=120)
        return lowest

    def test_what_dies_is_replaced_and_a_crash_of_xebec_disturbs_no_container(self):
        self.k(None, "create", "-f", os.path.join(BOOK, "hue-learn-deployment.yaml"))
        pods = self.running("app=hue", 3)
        victim = pods[0]["metadata"]["name"]
        self.k(None, "exec", victim, "--", "sh", "-c", "kill -9 1 || kill 1", check=False)
        self.k(None, "exec", victim, "--", "kill", "1", check=False)
        wait_until("the container's restart", lambda: self.cluster.get("pod", victim)["status"]["containerStatuses"][0]["restartCount"] >= 1, seconds=60)
        self.running("app=hue", 3)
        self.k(None, "delete", "pod", victim, timeout=90)
        names = {p["metadata"]["name"] for p in self.running("app=hue", 3)}
        self.assertNotIn(victim, names)

        before = {c["containerID"]: c["state"]["running"]["startedAt"] for c in containers(self.cluster.get("pods", "-l", "app=hue"))}
        self.cluster.kill()
        self.cluster.start()
        self.running("app=hue", 3)
        after = {c["containerID"]: c["state"]["running"]["startedAt"] for c in containers(self.cluster.get("pods", "-l", "app=hue"))}
        self.assertEqual(before, after)


if __name__ == "__main__":
    unittest.main()
