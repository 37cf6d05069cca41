"""What clients other than kubectl can do: programs of this folder in their languages, Ansible's playbook, helm with a chart."""
import glob
import json
import os
import subprocess
import threading

from kubectl_client import has, same

HERE = os.path.dirname(os.path.abspath(__file__))
CACHE = os.environ.get("XEBEC_CACHE", "/var/cache/xebec")
NEW_KUBECTL = os.path.join(CACHE, "kubectl-1.36/kubectl")
HELM_BINARY = os.path.join(CACHE, "kubectl-1.36/helm")
NODE_CLIENT = os.path.join(CACHE, "npm/node_modules/@kubernetes/client-node")

# Debian's interpreters, since its packages are only seen by these.
PROGRAMS = {
    "Python 22.6": ["/usr/bin/python3", os.path.join(HERE, "python_client.py")],
    "Ruby 4.9": ["/usr/bin/ruby", os.path.join(HERE, "ruby_client.rb")],
    "JavaScript 1.4": ["node", os.path.join(HERE, "node_client.mjs")],
}
ANSIBLE = "Ansible 2.4"
HELM = "helm 4.2"


def programs():
    """The clients of PROGRAMS that this machine has; those of npm are left out where npm is."""
    return [client for client in PROGRAMS if client != "JavaScript 1.4" or os.path.exists(NODE_CLIENT)]


def missing():
    """What tools/setup.sh installs for these clients and is not there; those of npm are left out where they are not."""
    wanted = {"python3-kubernetes": "/usr/lib/python3/dist-packages/kubernetes",
              "ruby-kubeclient": "/usr/share/rubygems-integration/all/gems/kubeclient-*", "ansible": "/usr/bin/ansible-playbook"}
    return [name for name, path in wanted.items() if not glob.glob(path)]


class Program:
    """A client's program in one of its phases; it says a JSON line a capability."""

    def __init__(self, client, phase, env, namespace):
        self.client = client
        self.process = subprocess.Popen([*PROGRAMS[client], phase], env=dict(env, TEST_NAMESPACE=namespace, NODE_CLIENT=NODE_CLIENT),
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.late = threading.Timer(150, self.process.kill)
        self.late.start()

    def hear(self, wanted):
        """Reads until the program says this line; whether it did."""
        return any(line.strip() == wanted for line in iter(self.process.stdout.readline, ""))

    def finish(self, report):
        out, err = self.process.communicate()
        self.late.cancel()
        for line in out.splitlines():
            if line.startswith("{"):
                result = json.loads(line)
                report.add(self.client, result["capability"], result["error"])
        if self.process.returncode != 0:
            report.add(self.client, "its program ends well", f"exit code {self.process.returncode}: {err[-2000:]}")


def run_program(report, client, phase, env, namespace):
    Program(client, phase, env, namespace).finish(report)


def run_ansible(report, env, namespace, playbook="ansible.yaml"):
    env = dict(env, K8S_AUTH_KUBECONFIG=env["KUBECONFIG"], ANSIBLE_STDOUT_CALLBACK="json", ANSIBLE_LOCALHOST_WARNING="false", TMPDIR=env["HOME"])
    done = subprocess.run(["/usr/bin/ansible-playbook", "-i", "localhost,", "-c", "local", "-e", "ns=" + namespace,
                           "-e", "ansible_python_interpreter=/usr/bin/python3", os.path.join(HERE, playbook)],
                          env=env, capture_output=True, text=True, timeout=200)
    try:
        plays = json.loads(done.stdout)["plays"]
    except ValueError:
        report.add(ANSIBLE, "its playbook ends well", f"{done.stdout[-1000:]}{done.stderr[-1000:]}")
        return
    for play in plays:
        results = [result for task in play["tasks"] for result in task["hosts"].values()]
        failed = [result["ansible_failed_result"] for result in results if "ansible_failed_result" in result]
        report.add(ANSIBLE, play["play"]["name"], json.dumps(failed)[:1500] if failed or not results else None)


class Helm:
    def __init__(self, env, namespace):
        self.env, self.namespace = env, namespace
        self.chart = os.path.join(HERE, "chart")

    def __call__(self, *args, fails=False):
        done = subprocess.run([HELM_BINARY, "-n", self.namespace, *args], env=self.env,
                              capture_output=True, text=True, timeout=60)
        if (done.returncode != 0) != fails:
            raise AssertionError(f"helm {' '.join(args)}: exit code {done.returncode}: {done.stderr.strip()}")
        return done.stderr if fails else done.stdout


def run_helm(report, env, namespace, kubectl):
    """A release's life; each step stands on the one before."""
    helm = Helm(env, namespace)
    colour = lambda: kubectl("get", "configmap", "hue", "-o", "jsonpath={.data.colour}")
    waiting = ["--wait", "--timeout", "40s"]

    def install():
        has(helm("install", "hue", helm.chart, *waiting), "STATUS: deployed", "REVISION: 1")
        same(colour(), "blue")
        has(helm("install", "hue", helm.chart, fails=True), "cannot reuse a name that is still in use")

    def upgrade():
        has(helm("upgrade", "hue", helm.chart, "--set", "colour=red,replicas=1"), "has been upgraded")
        same(colour(), "red")
        has(helm("upgrade", "hue", helm.chart, "--set", "replicas=-1", fails=True), "spec.replicas: Invalid value: -1: must be greater than or equal to 0")

    def rollback():
        has(helm("rollback", "hue", "1", *waiting), "Rollback was a success")
        same((colour(), kubectl("get", "deployment", "hue", "-o", "jsonpath={.spec.replicas}")), ("blue", "0"))

    def listing():
        same([(r["name"], r["revision"], r["status"]) for r in json.loads(helm("list", "-o", "json"))], [("hue", "4", "deployed")])
        same([r["status"] for r in json.loads(helm("history", "hue", "-o", "json"))], ["superseded", "superseded", "failed", "deployed"])
        has(helm("status", "hue"), "STATUS: deployed")
        has(helm("get", "manifest", "hue"), "kind: Deployment")

    def uninstall():
        has(helm("uninstall", "hue", *waiting), 'release "hue" uninstalled')
        same(kubectl("get", "deployments,services,secrets", "-o", "name"), "")
        has(helm("status", "hue", fails=True), "release: not found")

    for name, step in [("install", install), ("upgrade", upgrade), ("rollback", rollback), ("list, history, status, get", listing), ("uninstall", uninstall)]:
        try:
            step()
            report.add(HELM, name)
        except (AssertionError, ValueError, subprocess.TimeoutExpired) as error:
            report.add(HELM, name, str(error))
