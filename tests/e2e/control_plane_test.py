"""kubectl against the API server alone: create, get, apply, patch, watch, errors, and a restart that loses nothing."""
import json
import subprocess
import unittest

from cluster import Cluster, kubectls, wait_until

CONFIG_MAP = """
apiVersion: v1
kind: ConfigMap
metadata:
  name: settings
  labels: {app: hue}
data:
  colour: blue
"""


class ControlPlane(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.cluster = Cluster(with_node=False)
        cls.addClassCleanup(cls.cluster.close)
        cls.cluster.start()

    def run_kubectl(self, binary, *args, **options):
        return self.cluster.kubectl(*args, binary=binary, **options)

    def test_create_get_apply_delete(self):
        for binary in kubectls().values():
            out = self.run_kubectl(binary, "create", "-f", "-", stdin=CONFIG_MAP)
            self.assertEqual(out, "configmap/settings created\n")
            again = self.run_kubectl(binary, "create", "-f", "-", stdin=CONFIG_MAP, check=False)
            self.assertIn('configmaps "settings" already exists', again.stderr)
            self.run_kubectl(binary, "apply", "-f", "-", stdin=CONFIG_MAP)
            out = self.run_kubectl(binary, "apply", "-f", "-", stdin=CONFIG_MAP.replace("blue", "green"))
            self.assertEqual(out, "configmap/settings configured\n")
            out = self.run_kubectl(binary, "apply", "-f", "-", stdin=CONFIG_MAP.replace("blue", "green"))
            self.assertEqual(out, "configmap/settings unchanged\n")
            data = self.cluster.get("configmap", "settings", binary=binary)
            self.assertEqual(data["data"], {"colour": "green"})
            table = self.run_kubectl(binary, "get", "configmaps", "-l", "app=hue")
            self.assertIn("settings", table)
            self.assertEqual(table.split()[:3], ["NAME", "DATA", "AGE"])
            self.run_kubectl(binary, "delete", "configmap", "settings")
            gone = self.run_kubectl(binary, "get", "configmap", "settings", check=False)
            self.assertEqual(gone.stderr, 'Error from server (NotFound): configmaps "settings" not found\n')

    def test_patches(self):
        for binary in kubectls().values():
            self.run_kubectl(binary, "create", "-f", "-", stdin=CONFIG_MAP)
            self.run_kubectl(binary, "patch", "configmap", "settings", "--type", "merge", "-p", '{"data":{"size":"9"}}')
            self.run_kubectl(binary, "patch", "configmap", "settings", "--type", "json",
                             "-p", '[{"op":"remove","path":"/data/colour"}]')
            self.run_kubectl(binary, "label", "configmap", "settings", "tier=front")
            stored = self.cluster.get("configmap", "settings")
            self.assertEqual(stored["data"], {"size": "9"})
            self.assertEqual(stored["metadata"]["labels"], {"app": "hue", "tier": "front"})
            self.run_kubectl(binary, "delete", "configmap", "settings")

    def test_invalid_objects_are_refused_in_upstreams_words(self):
        # Without controllers nobody makes the account that a Pod needs.
        self.run_kubectl(None, "create", "serviceaccount", "default")
        pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "bad"}, "spec": {"containers": []}}
        done = self.run_kubectl(None, "create", "--validate=false", "-f", "-", stdin=json.dumps(pod), check=False)
        self.assertIn('The Pod "bad" is invalid: spec.containers: Required value', done.stderr)

    def test_server_side_apply_and_its_conflicts(self):
        self.run_kubectl(None, "apply", "--server-side", "--field-manager=one", "-f", "-", stdin=CONFIG_MAP)
        done = self.run_kubectl(None, "apply", "--server-side", "--field-manager=two", "-f", "-",
                                stdin=CONFIG_MAP.replace("blue", "red"), check=False)
        self.assertIn('Apply failed with 1 conflict: conflict with "one": .data.colour', done.stderr)
        self.run_kubectl(None, "apply", "--server-side", "--force-conflicts", "--field-manager=two", "-f", "-",
                         stdin=CONFIG_MAP.replace("blue", "red"))
        self.assertEqual(self.cluster.get("configmap", "settings")["data"]["colour"], "red")
        self.run_kubectl(None, "delete", "configmap", "settings")

    def test_discovery_and_explain(self):
        for binary in kubectls().values():
            resources = self.run_kubectl(binary, "api-resources", "--no-headers", "-o", "name").split()
            for expected in ["pods", "deployments.apps", "leases.coordination.k8s.io", "clusterroles.rbac.authorization.k8s.io"]:
                self.assertIn(expected, resources)
            explained = self.run_kubectl(binary, "explain", "pod.spec.containers.image")
            self.assertIn("image", explained)
            version = json.loads(self.run_kubectl(binary, "version", "-o", "json"))
            self.assertTrue(version["serverVersion"]["gitVersion"].startswith("v1.36"))

    def test_access_reviews(self):
        self.run_kubectl(None, "create", "namespace", "team")
        self.run_kubectl(None, "create", "rolebinding", "viewers", "--clusterrole=view", "--user=jane", "-n", "team")
        self.run_kubectl(None, "create", "clusterrole", "reader", "--verb=get", "--resource=secrets")
        self.run_kubectl(None, "create", "clusterrolebinding", "reader", "--clusterrole=reader", "--user=jane")
        yes = lambda *args: self.run_kubectl(None, "auth", "can-i", *args, check=False).stdout.strip()
        wait_until("the binding to count", lambda: yes("get", "secrets", "--as=jane") == "yes")
        self.assertEqual(yes("delete", "secrets", "--as=jane"), "no")
        self.assertEqual(yes("delete", "pods"), "yes")
        refused = self.run_kubectl(None, "delete", "configmap", "x", "--as=jane", check=False)
        self.assertIn('configmaps "x" is forbidden: User "jane" cannot delete resource "configmaps" in API group "" '
                      'in the namespace "default"', refused.stderr)

    def test_a_watch_sees_changes(self):
        watch = subprocess.Popen([next(iter(kubectls().values())), "get", "configmaps", "-w", "-o", "name", "-l", "watched"],
                                 env=self.cluster.env(), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        try:
            self.run_kubectl(None, "create", "-f", "-", stdin=CONFIG_MAP.replace("app: hue", "watched: 'yes'").replace("name: settings", "name: watched"))
            self.assertEqual(watch.stdout.readline().strip(), "configmap/watched")
        finally:
            watch.kill()
            watch.wait()
            watch.stdout.close()
        self.run_kubectl(None, "delete", "configmap", "watched")

    def test_nothing_acknowledged_is_lost_by_kill(self):
        for i in range(20):
            self.run_kubectl(None, "create", "configmap", f"kept-{i}", f"--from-literal=i={i}")
        self.cluster.kill()
        self.cluster.start()
        names = self.run_kubectl(None, "get", "configmaps", "-o", "name").split()
        for i in range(20):
            self.assertIn(f"configmap/kept-{i}", names)
        self.run_kubectl(None, "delete", "configmaps", "--all")


if __name__ == "__main__":
    unittest.main()
