"""Every client against the API server, and what each can do, as docs/compatibility.md says it. With XEBEC_WRITE set, the file
is written; otherwise it has to say what the run shows."""
import json
import os
import re
import subprocess
import sys
import unittest
from concurrent.futures import ThreadPoolExecutor

from cluster import OLD_KUBECTL, SOURCE, XEBEC, Cluster, wait_until

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "clients"))
import kubectl_checks  # pylint: disable=wrong-import-position
import kubectl_client  # pylint: disable=wrong-import-position
import node_checks  # pylint: disable=wrong-import-position
import other_checks  # pylint: disable=wrong-import-position
from report import Report, cells, document  # pylint: disable=wrong-import-position

DOCUMENT = os.path.join(SOURCE, "docs/compatibility.md")
SDK = "/usr/lib/google-cloud-sdk/bin"  # some machines have it, with a kubectl of every version of its time
# The oldest and the newest run every row; the others those that libraries have, too.
THOROUGH = [(1, 20), (1, 36)]

# What does not work, and why: (client, row) -> reason. Whatever else fails, fails the test.
KNOWN = {}


def kubectl_versions():
    """(major, minor) -> path."""
    found = {version: path for version, path in {(1, 20): OLD_KUBECTL, (1, 36): other_checks.NEW_KUBECTL}.items() if os.access(path, os.X_OK)}
    for name in os.listdir(SDK) if os.path.isdir(SDK) else []:
        match = re.fullmatch(r"kubectl\.(\d+)\.(\d+)", name)
        if match:
            found.setdefault(tuple(map(int, match.groups())), os.path.join(SDK, name))
    return dict(sorted(found.items()))


def label(version):
    return "kubectl " + ".".join(map(str, version))


class Compatibility(unittest.TestCase):
    def setUp(self):
        self.report = Report()
        self.versions = kubectl_versions()
        missing = other_checks.missing() + ([] if (1, 20) in self.versions else ["kubectl 1.20"])
        self.assertEqual(missing, [], "clients are missing: run ./dev setup test")

    def admin(self, cluster, namespace):
        return self.kubectl(cluster, max(self.versions), namespace)

    def kubectl(self, cluster, version, namespace):
        return kubectl_client.Kubectl(self.versions[version], version, cluster.env(), namespace)

    def namespace(self, cluster, client):
        """A namespace of the client's own, with what controllers put into every one."""
        name = re.sub(r"[^a-z0-9]+", "-", client.lower())
        k = self.admin(cluster, name)
        k("create", "namespace", name)
        wait_until("the namespace's account", lambda: k("get", "serviceaccount,configmap", "-o", "name").count("\n") == 2, seconds=30)
        return name

    def clients(self, cluster):
        """client -> what runs its checks."""
        jobs = {}
        for version in self.versions:
            rows = None if version in THOROUGH else node_checks.SHARED_ROWS
            jobs[label(version)] = lambda name, v=version, r=rows: kubectl_checks.run(self.kubectl(cluster, v, name), self.report, label(v), r)
        for client in other_checks.programs():
            jobs[client] = lambda name, c=client: other_checks.run_program(self.report, c, "api", cluster.env(), name)
        jobs[other_checks.ANSIBLE] = lambda name: other_checks.run_ansible(self.report, cluster.env(), name)
        if os.path.exists(other_checks.HELM_BINARY):
            jobs[other_checks.HELM] = lambda name: other_checks.run_helm(self.report, cluster.env(), name, self.admin(cluster, name))
        return jobs

    def over_the_api_server(self):
        with Cluster(with_node=False) as cluster:
            manager = subprocess.Popen(
                [XEBEC, "controller-manager", "--use-service-account-credentials", "--kubeconfig", cluster.dir + "/controller-manager.conf",
                 "--root-ca-file", cluster.dir + "/pki/ca.crt"], stdout=cluster.log, stderr=cluster.log)
            try:
                jobs = self.clients(cluster)
                names = {client: self.namespace(cluster, client) for client in jobs}
                with ThreadPoolExecutor(3) as pool:
                    for done in [pool.submit(job, names[client]) for client, job in jobs.items()]:
                        done.result()
                self.through_a_restart(cluster, names)
            finally:
                manager.terminate()
                manager.wait()

    def through_a_restart(self, cluster, names):
        """Everyone watches; the server is killed and comes back; what happens then is seen by everyone."""
        row = "watch through kill -9 of the server"
        admin = self.admin(cluster, "default")
        watchers = {client: other_checks.Program(client, "restart", cluster.env(), names[client]) for client in other_checks.programs()}
        rollouts = {}
        for version in self.versions:
            k = self.kubectl(cluster, version, names[label(version)])
            k("create", "-f", "-", stdin=kubectl_client.deployment("lasting", 1))
            rollouts[version] = subprocess.Popen([k.binary, "-n", k.namespace, "rollout", "status", "deployment/lasting", "--timeout=120s"],
                                                 env=k.env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        said = lambda client, line: watchers[client].hear(line) or self.report.add(client, row, f"{line} was not said")
        for client in watchers:
            said(client, "READY")
        marker = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "before", "labels": {"round": "one"}}}
        for client in watchers:
            admin("create", "-n", names[client], "-f", "-", stdin=json.dumps(marker))
        for client in watchers:
            said(client, "SEEN before")
        for rollout in rollouts.values():
            rollout.stdout.readline()
        cluster.kill()
        cluster.start()
        marker["metadata"]["name"] = "after"
        for client in watchers:
            admin("create", "-n", names[client], "-f", "-", stdin=json.dumps(marker))
        for client, watcher in watchers.items():
            watcher.finish(self.report)
        for version, rollout in rollouts.items():
            admin("scale", "-n", names[label(version)], "deployment", "lasting", "--replicas=0")
        for version, rollout in rollouts.items():
            out, _ = rollout.communicate(timeout=150)
            good = rollout.returncode == 0 and "successfully rolled out" in out
            self.report.add(label(version), row, None if good else out)

    def over_a_node(self):
        with Cluster() as cluster:
            k = self.admin(cluster, "default")
            k("create", "-f", "-", stdin=json.dumps(node_checks.SPEAKER))
            k("wait", "pod/speaker", "--for=condition=Ready", "--timeout=60s")
            jobs = [lambda v=v: node_checks.run(self.kubectl(cluster, v, "default"), self.report, label(v), v in THOROUGH) for v in self.versions]
            jobs += [lambda c=c: other_checks.run_program(self.report, c, "node", cluster.env(), "default") for c in other_checks.programs()]
            jobs.append(lambda: other_checks.run_ansible(self.report, cluster.env(), "default", "ansible_node.yaml"))
            with ThreadPoolExecutor(3) as pool:
                for done in [pool.submit(job) for job in jobs]:
                    done.result()

    def test_the_document_says_what_clients_can_do(self):
        self.over_the_api_server()
        self.over_a_node()
        written = document(self.report, [label(v) for v in self.versions], [label(v) for v in THOROUGH if v in self.versions],
                           [*other_checks.programs(), other_checks.ANSIBLE], other_checks.HELM, KNOWN)
        failures = {key: error for key, error in self.report.failures().items() if key not in KNOWN}
        for (client, row), error in self.report.failures().items():
            print(f"{client}: {row}: {error}", flush=True)
        if os.environ.get("XEBEC_WRITE"):
            with open(DOCUMENT, "w", encoding="utf-8") as f:
                f.write(written)
        self.assertEqual(failures, {})
        self.assertEqual([key for key in KNOWN if self.report.results.get(key[0], {}).get(key[1]) is None], [], "works now")
        with open(DOCUMENT, encoding="utf-8") as f:
            committed = cells(f.read())
        shown = cells(written)
        here = {client for client, _ in shown}  # a machine without the SDK has fewer kubectls
        self.assertEqual({key: cell for key, cell in committed.items() if key[0] in here}, shown)


if __name__ == "__main__":
    unittest.main()
