"""Starts and stops xebec for tests, and runs real kubectls against it. Everything it starts it ends."""
import base64
import json
import os
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
import time

SOURCE = os.environ.get("XEBEC_SOURCE_DIR", os.path.abspath(os.path.join(os.path.dirname(__file__), "..", "..")))
XEBEC = os.environ.get("XEBEC", os.path.join(SOURCE, "build/release/bin/xebec"))
IMAGES = os.path.join(SOURCE, "build/images")
OLD_KUBECTL = "/var/cache/xebec/kubectl-1.20/kubectl"


def kubectls():
    """Name -> path of the kubectls of this machine that tests run with."""
    found = {}
    own = shutil.which("kubectl")
    if own:
        found["own"] = own
    if os.access(OLD_KUBECTL, os.X_OK):
        found["1.20"] = OLD_KUBECTL
    if not found:
        raise RuntimeError("no kubectl on this machine: run ./dev setup test")
    return found


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def wait_until(what, condition, seconds=60, interval=0.2):
    """Waits for condition() to be true; its last exception or value is in the error."""
    end = time.monotonic() + seconds
    last = None
    while time.monotonic() < end:
        try:
            last = condition()
            if last:
                return last
        except (subprocess.CalledProcessError, AssertionError, KeyError, IndexError, ValueError) as error:
            last = getattr(error, "stderr", None) or error
        time.sleep(interval)
    raise AssertionError(f"{what}: not within {seconds} s; last: {last}")


def processes_of(container_id):
    """(pid, start time) of every process in the container, from its control group."""
    found = set()
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/cgroup", encoding="utf-8") as f:
                if container_id not in f.read():
                    continue
            with open(f"/proc/{pid}/stat", encoding="utf-8") as f:
                found.add((int(pid), int(f.read().rsplit(")", 1)[1].split()[19])))
        except (FileNotFoundError, ProcessLookupError):
            continue
    return found


class Cluster:
    """One xebec process. with_node: a whole cluster; otherwise the API server alone."""

    def __init__(self, with_node=True):
        self.with_node = with_node
        # Short: the path of containerd's socket has to fit into a socket address.
        self.dir = tempfile.mkdtemp(prefix="xe", dir="/tmp")
        self.port = free_port()
        self.kubelet_port = free_port()
        self.cgroup_root = "/xe-" + os.path.basename(self.dir)
        self.process = None
        self.log = open(os.path.join(self.dir, "log"), "ab")
        self.kubeconfig = os.path.join(self.dir, "admin.conf")

    def __enter__(self):
        try:
            self.start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_):
        self.close()

    def start(self):
        self.start_process()
        try:
            wait_until("the API server's readiness", lambda: self.alive() and self.kubectl("get", "--raw", "/readyz", check=False).stdout == "ok")
            if self.with_node:
                wait_until("the node's readiness", lambda: self.alive() and self.node_ready(), seconds=90)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.tail()}") from error

    def start_process(self):
        if self.with_node:
            command = [XEBEC, "server", "--images-dir", IMAGES, "--kubelet-port", str(self.kubelet_port),
                       "--cgroup-root", self.cgroup_root]
        else:
            command = [XEBEC, "apiserver", "--bind-address", "127.0.0.1"]
        command += ["--data-dir", self.dir, "--secure-port", str(self.port)]
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log,
                                        start_new_session=True)

    def alive(self):
        if self.process.poll() is not None:
            raise RuntimeError(f"xebec ended with {self.process.returncode}:\n{self.tail()}")
        return True

    def node_ready(self):
        conditions = self.get("nodes")["items"][0]["status"]["conditions"]
        return any(c["type"] == "Ready" and c["status"] == "True" for c in conditions)

    def kill(self):
        """kill -9, as a crash: containers go on."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(timeout=60)

    def close(self):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(timeout=60)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        if self.with_node:
            subprocess.run([XEBEC, "purge", "--data-dir", self.dir, "--cgroup-root", self.cgroup_root], check=False)
        self.log.close()
        if os.environ.get("XEBEC_KEEP"):
            print("kept", self.dir)
        else:
            shutil.rmtree(self.dir, ignore_errors=True)

    def tail(self, lines=40):
        with open(os.path.join(self.dir, "log"), encoding="utf-8", errors="replace") as f:
            return "".join(f.readlines()[-lines:])

    def env(self):
        return dict(os.environ, KUBECONFIG=self.kubeconfig, HOME=self.dir)

    def kubectl(self, *args, binary=None, stdin=None, check=True, timeout=60):
        """Runs kubectl; returns its output, or the finished process when check is False."""
        done = subprocess.run([binary or next(iter(kubectls().values())), *args], env=self.env(), input=stdin,
                              capture_output=True, text=True, timeout=timeout)
        if not check:
            return done
        if done.returncode != 0:
            print(f"{' '.join(done.args)}: {done.stderr}", flush=True)
            raise subprocess.CalledProcessError(done.returncode, done.args, done.stdout, done.stderr)
        return done.stdout

    def tls(self):
        """For connections of the administrator's to this server."""
        context = ssl._create_unverified_context()
        user = json.loads(self.kubectl("config", "view", "--raw", "-o", "json"))["users"][0]["user"]
        with tempfile.NamedTemporaryFile("wb", suffix=".pem") as pem:
            for name in ("client-certificate-data", "client-key-data"):
                pem.write(base64.b64decode(user[name]))
            pem.flush()
            context.load_cert_chain(pem.name)
        return context

    def get(self, *args, binary=None):
        return json.loads(self.kubectl("get", *args, "-o", "json", binary=binary))
