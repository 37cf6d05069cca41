"""Ways into a container: exec, attach, cp, port-forward and logs, for WebSocket (kubectl 1.32) and SPDY (1.20) clients."""
import filecmp
import json
import os
import socket
import time
import unittest
import urllib.request

from cluster import free_port, kubectls, wait_until
from hue import DEPLOYMENT, POD, HueTest
from terminal import Talk, Terminal, prompt

TICKER = "trap 'exit 0' TERM; i=0; while true; do echo tick $i; echo tock $i >&2; i=$((i+1)); sleep 0.2; done"
ECHO = "trap 'exit 0' TERM; while true; do while read line; do echo got $line; done; sleep 0.1; done"


def pod(name, command, **container):
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": {
        "restartPolicy": "Never", "terminationGracePeriodSeconds": 1,
        "containers": [{"name": "main", "image": "busybox", "command": command, **container}]}}


class Streams(HueTest):
    def create(self, manifest):
        self.k(None, "create", "-f", "-", stdin=json.dumps(manifest))

    def on_terminal(self, binary, *args):
        return Terminal([binary, *args], self.cluster.env())

    def talk(self, binary, *args):
        return Talk([binary, *args], self.cluster.env())

    def test_exec(self):
        self.k(None, "create", "-f", POD)
        self.pod_running("hue-learner")
        for binary in kubectls().values():
            env = self.k(binary, "exec", "hue-learner", "--", "printenv")
            self.assertIn("DISCOVER_QUEUE=dns\n", env)
            self.assertIn("KUBERNETES_SERVICE_HOST=10.96.0.1\n", env)
            failed = self.k(binary, "exec", "hue-learner", "--", "sh", "-c", "echo out; echo err >&2; exit 7", check=False)
            self.assertEqual((failed.returncode, failed.stdout), (7, "out\n"))
            self.assertIn("err\n", failed.stderr)
            self.assertIn("command terminated with exit code 7", failed.stderr)
            self.assertEqual(self.k(binary, "exec", "-i", "hue-learner", "--", "cat", stdin="to and fro\n"), "to and fro\n")
            much = "0123456789abcde\n" * 20000
            self.assertEqual(self.k(binary, "exec", "-i", "hue-learner", "--", "cat", stdin=much), much)
            with self.on_terminal(binary, "exec", "-it", "hue-learner", "--", "sh") as terminal:
                terminal.read_until(prompt)
                # The quotes keep the echo of what is typed apart from what the command says.
                terminal.type("test -t 0 && echo on a ter''minal; exit 5\n")
                self.assertIn("on a terminal", terminal.read_until(lambda out: "exit code 5" in out))
            missing = self.k(binary, "exec", "hue-learner", "--", "nosuch", check=False)
            self.assertNotEqual(missing.returncode, 0)
            self.assertIn("executable file not found", missing.stderr)

    def test_attach(self):
        self.create(pod("ticker", ["sh", "-c", TICKER]))
        self.create(pod("echo", ["sh", "-c", ECHO], stdin=True))
        for name in ["ticker", "echo"]:
            self.pod_running(name)
        for version, binary in kubectls().items():
            shell = "shell-" + version.replace(".", "-")
            self.create(pod(shell, ["sh"], stdin=True, tty=True))
            with self.talk(binary, "attach", "ticker") as watcher:
                lines = "".join(watcher.hear("tick") + watcher.hear("tock") + watcher.hear("tick"))
                self.assertNotIn("tick 0\n", lines)  # what was said before is in the log only
            with self.talk(binary, "attach", "-i", "echo") as talk:
                for word in ["hello", "again"]:
                    talk.say(word)
                    talk.hear(f"got {word}")
            self.pod_running(shell)
            with self.on_terminal(binary, "attach", "-it", shell) as terminal:
                terminal.read_until(prompt, nudge="\n")
                terminal.type("test -t 0 && echo on a ter''minal; exit 0\n")
                self.assertIn("on a terminal", terminal.read_until(lambda out: "on a terminal" in out))
            wait_until("the shell to have ended", lambda: self.cluster.get("pod", shell)["status"]["phase"] == "Succeeded")
            refused = self.k(binary, "attach", shell, check=False)
            self.assertNotEqual(refused.returncode, 0)
            self.assertIn("Succeeded", refused.stderr)

    def test_copying(self):
        self.k(None, "create", "-f", POD)
        self.pod_running("hue-learner")
        for version, binary in kubectls().items():
            here = os.path.join(self.cluster.dir, "copies-" + version)
            os.makedirs(os.path.join(here, "tree/deep"))
            with open(os.path.join(here, "file"), "wb") as f:
                f.write(os.urandom(1 << 20))
            for name in ["tree/one", "tree/deep/two"]:
                with open(os.path.join(here, name), "w", encoding="utf-8") as f:
                    f.write(name * 100)
            self.k(binary, "cp", f"{here}/file", "hue-learner:/tmp/received")
            self.k(binary, "cp", "hue-learner:/tmp/received", f"{here}/file.back")
            self.assertTrue(filecmp.cmp(f"{here}/file", f"{here}/file.back", shallow=False))
            self.k(binary, "cp", f"{here}/tree", f"hue-learner:/tmp/tree-{version}")
            self.k(binary, "cp", f"hue-learner:/tmp/tree-{version}", f"{here}/back", "-c", "hue-learner")
            compared = filecmp.dircmp(f"{here}/tree", f"{here}/back")
            self.assertEqual((compared.left_only, compared.right_only, compared.diff_files), ([], [], []))
            self.assertTrue(filecmp.cmp(f"{here}/tree/deep/two", f"{here}/back/deep/two", shallow=False))

    def test_port_forward(self):
        self.k(None, "create", "-f", DEPLOYMENT)
        self.k(None, "expose", "deployment", "hue-learn", "--port=8080", "--target-port=80")
        names = [p["metadata"]["name"] for p in self.running("app=hue", 3)]
        for binary in kubectls().values():
            for target, port in [("pod/" + names[0], 80), ("deployment/hue-learn", 80), ("service/hue-learn", 8080)]:
                local = free_port()
                with self.talk(binary, "port-forward", target, f"{local}:{port}") as forward:
                    forward.hear(f"Forwarding from 127.0.0.1:{local} -> 80")
                    for _ in range(3):
                        with urllib.request.urlopen(f"http://127.0.0.1:{local}/", timeout=10) as answer:
                            text = answer.read().decode()
                        self.assertRegex(text, r"^hue-learn v3\.0 on hue-learn-")
                        self.assertIn(text.split()[-1], names[:1] if target.startswith("pod/") else names)
            # Nobody listens: this connection ends, the forwarding does not.
            local, other = free_port(), free_port()
            with self.talk(binary, "port-forward", "pod/" + names[0], f"{local}:9", f"{other}:80") as forward:
                forward.hear(f"Forwarding from 127.0.0.1:{other} -> 80")
                with socket.create_connection(("127.0.0.1", local), timeout=10) as s:
                    s.settimeout(20)
                    try:
                        self.assertEqual(s.recv(10), b"")
                    except ConnectionResetError:
                        pass

    def test_logs(self):
        self.k(None, "create", "-f", POD)
        self.create(pod("ticker", ["sh", "-c", TICKER]))
        crashing = pod("crashing", ["sh", "-c", "echo run of $HOSTNAME; exit 1"])
        crashing["spec"]["restartPolicy"] = "Always"
        self.create(crashing)
        self.pod_running("hue-learner")
        self.pod_running("ticker")
        ticker = lambda binary, *args: self.k(binary, "logs", "ticker", *args).splitlines()
        for binary in kubectls().values():
            self.assertEqual(wait_until("the log", lambda: self.k(binary, "logs", "hue-learner")), "Started...\n")
            self.assertEqual(self.k(binary, "logs", "-l", "app=hue"), "Started...\n")
            self.assertRegex(self.k(binary, "logs", "--timestamps", "hue-learner"), r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z Started\.\.\.\n$")
            wait_until("some ticks", lambda: len(ticker(binary)) > 20)
            # Two pipes, read by two threads of the runtime: each keeps its order, they have none between them.
            for word in ["tick", "tock"]:
                self.assertEqual([line for line in ticker(binary) if line.startswith(word)][:2], [word + " 0", word + " 1"])
            self.assertEqual(len(ticker(binary, "--tail=3")), 3)
            self.assertEqual(self.k(binary, "logs", "ticker", "--limit-bytes=8"), self.k(binary, "logs", "ticker")[:8])
            wait_until("a log older than two seconds", lambda: "tick 0" not in ticker(binary, "--since=2s"))
            stamps = [line.split()[0] for line in ticker(binary, "--timestamps")]
            later = ticker(binary, "--since-time=" + stamps[10], "--timestamps")
            # The API's times have whole seconds.
            self.assertEqual(later[0].split()[0], next(stamp for stamp in stamps if stamp >= stamps[10][:19]))
            with self.talk(binary, "logs", "-f", "--tail=1", "ticker") as follower:
                self.assertNotIn("tick 0", "".join(follower.hear("tick")))  # it begins at the end
                follower.hear("tock")
                follower.hear("tick")
            wait_until("a second run", lambda: self.k(binary, "logs", "--previous", "crashing", check=False).stdout == "run of crashing\n", seconds=30)
            none = self.k(binary, "logs", "--previous", "ticker", check=False)
            self.assertIn('previous terminated container "main" in pod "ticker" not found', none.stderr)
            unknown = self.k(binary, "logs", "hue-learner", "-c", "nosuch", check=False)
            self.assertIn("container nosuch is not valid for pod hue-learner", unknown.stderr)
        # Following ends with the container, and then it has said everything.
        self.create(pod("short", ["sh", "-c", "for i in 1 2 3 4 5; do echo line $i; sleep 0.3; done"]))
        self.pod_running("short")
        followed = self.k(None, "logs", "-f", "short")
        self.assertEqual(followed, "".join(f"line {i}\n" for i in range(1, 6)))


if __name__ == "__main__":
    unittest.main()
