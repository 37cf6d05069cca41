"""A second machine joins with one command: a network namespace of its own stands for it."""
import json
import os
import shlex
import shutil
import signal
import subprocess
import tempfile
import unittest

from cluster import IMAGES, XEBEC, Cluster, wait_until

NET = "172.31.214"


def run(*command, check=True):
    return subprocess.run(command, check=check, capture_output=True, text=True)


class Machine:
    """A network namespace, joined with this machine by a pair of interfaces, and an agent in it."""

    def __init__(self):
        self.dir = tempfile.mkdtemp(prefix="xe", dir="/tmp")
        self.name = "xej" + str(os.getpid())
        self.cgroup_root = "/xe-" + os.path.basename(self.dir)
        self.process = None
        self.log = open(os.path.join(self.dir, "log"), "ab")
        self.namespace = f"/run/netns/{self.name}"

    def network(self):
        run("ip", "netns", "add", self.name)
        run("ip", "link", "add", self.name, "type", "veth", "peer", "name", "eth0", "netns", self.name)
        run("ip", "addr", "add", f"{NET}.1/24", "dev", self.name)
        run("ip", "link", "set", self.name, "up")
        for command in ["link set lo up", f"addr add {NET}.2/24 dev eth0", "link set eth0 up", f"route add default via {NET}.1"]:
            run("ip", "-n", self.name, *command.split())
        run("nsenter", "--net=" + self.namespace, "sysctl", "-qw", "net.ipv4.ip_forward=1")

    def start(self, join_command, *more):
        command = shlex.split(join_command)
        assert command[0] == "xebec", join_command
        command = ["nsenter", "--net=" + self.namespace, XEBEC, *command[1:], "--data-dir", self.dir,
                   "--hostname-override", "second", "--images-dir", IMAGES, "--cgroup-root", self.cgroup_root, *more]
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log,
                                        start_new_session=True)

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(timeout=60)
        return self.process.returncode if self.process else None

    def close(self):
        try:
            self.stop()
        finally:
            run("nsenter", "--net=" + self.namespace, XEBEC, "purge", "--data-dir", self.dir, "--cgroup-root", self.cgroup_root, check=False)
            run("ip", "link", "del", self.name, check=False)
            run("ip", "netns", "del", self.name, check=False)
            self.log.close()
            shutil.rmtree(self.dir, ignore_errors=True)

    def tail(self):
        with open(os.path.join(self.dir, "log"), encoding="utf-8", errors="replace") as f:
            return "".join(f.readlines()[-40:])


class Server(Cluster):
    """Reached at an address that the other machine has a way to."""

    def start_process(self):
        command = [XEBEC, "server", "--images-dir", IMAGES, "--kubelet-port", str(self.kubelet_port), "--cgroup-root",
                   self.cgroup_root, "--data-dir", self.dir, "--secure-port", str(self.port), "--advertise-address", f"{NET}.1"]
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log,
                                        start_new_session=True)

    def token(self, *more):
        return run(XEBEC, "token", "--data-dir", self.dir, *more).stdout.strip()


class Join(unittest.TestCase):
    def setUp(self):
        self.machine = Machine()
        self.addCleanup(self.machine.close)
        self.machine.network()
        self.cluster = Server()
        self.addCleanup(self.cluster.close)
        self.cluster.start()

    def second_ready(self):
        self.assertIsNone(self.machine.process.poll(), self.machine.tail())
        conditions = self.cluster.get("node", "second")["status"]["conditions"]
        return any(c["type"] == "Ready" and c["status"] == "True" for c in conditions)

    def csrs(self, signer):
        items = self.cluster.get("csr")["items"]
        return [i for i in items if i["spec"]["signerName"] == "kubernetes.io/" + signer]

    def test_one_command(self):
        k = self.cluster.kubectl
        # Who does not know the cluster's CA does not join, whatever the token says.
        command = self.cluster.token("--ttl", "1h", "--description", "for the second machine")
        self.assertRegex(command, r"^xebec agent --server https://\S+ --token [a-z0-9]{6}\.[a-z0-9]{16} "
                                  r"--discovery-token-ca-cert-hash sha256:[0-9a-f]{64}$")
        words = command.split()
        token = words[words.index("--token") + 1]
        self.machine.start(" ".join(words[:-1] + ["sha256:" + "0" * 64]))
        wait_until("the refusal", lambda: "are pinned" in self.machine.tail())
        self.assertEqual(self.machine.stop(), 0)
        self.assertEqual(self.csrs("kube-apiserver-client-kubelet"), [])

        self.machine.start(command)
        wait_until("the second node's readiness", self.second_ready, seconds=120)
        issued = self.csrs("kube-apiserver-client-kubelet")
        self.assertEqual(len(issued), 1)
        self.assertEqual(issued[0]["spec"]["username"], "system:bootstrap:" + token[:6])
        self.assertIn("system:bootstrappers", issued[0]["spec"]["groups"])
        wait_until("the serving certificate", lambda: self.csrs("kubelet-serving")[0]["status"]["certificate"])
        self.assertIn("Approved,Issued", k("get", "csr"))

        k("create", "-f", "-", stdin=json.dumps({
            "apiVersion": "v1", "kind": "Pod", "metadata": {"name": "there"}, "spec": {
                "nodeName": "second", "terminationGracePeriodSeconds": 1,
                "containers": [{"name": "main", "image": "busybox", "command": ["sh", "-c", "echo hello from $HOSTNAME; exec sleep 1000"]}]}}))
        wait_until("the Pod", lambda: self.cluster.get("pod", "there")["status"]["phase"] == "Running", seconds=90)
        wait_until("logs by a verified connection", lambda: k("logs", "there") == "hello from there\n")
        self.assertEqual(k("exec", "there", "--", "echo", "in", "there"), "in there\n")
        self.assertEqual(self.cluster.get("pod", "there")["status"]["hostIP"], f"{NET}.2")

        # The certificate is the node's own from now on: the token is not needed any more.
        k("delete", "secret", "-n", "kube-system", "bootstrap-token-" + token[:6])
        self.assertEqual(self.machine.stop(), 0)
        self.machine.start(command)
        wait_until("exec after a restart", lambda: k("exec", "there", "--", "echo", "again") == "again\n")
        self.assertEqual(len(self.csrs("kube-apiserver-client-kubelet")), 1)
        # Without its token nobody else joins.
        anonymous = run("curl", "-sk", f"https://127.0.0.1:{self.cluster.port}/api/v1/nodes", "-H", "Authorization: Bearer " + token)
        self.assertEqual(json.loads(anonymous.stdout)["code"], 401)
        k("delete", "pod", "there")


if __name__ == "__main__":
    unittest.main()
