"""What stands between clients and Pods: disruption budgets that hold up a drain, the proxies of Pods, Services and nodes, and
the addresses of Services as objects."""
import json
import subprocess
import unittest
import urllib.request

from cluster import free_port, kubectls, wait_until
from hue import HueTest

WEB = "mkdir /www; echo '<a href=\"/next\">next</a>' > /www/index.html; echo a page > /www/next; exec httpd -f -p 8080 -h /www"


def web(labels):
    return {"metadata": {"labels": labels}, "spec": {"terminationGracePeriodSeconds": 1, "containers": [
        {"name": "web", "image": "busybox", "imagePullPolicy": "IfNotPresent", "command": ["sh", "-c", WEB],
         "ports": [{"name": "http", "containerPort": 8080}]}]}}


class Services(HueTest):
    def create(self, *objects):
        for one in objects:
            self.k(None, "create", "-f", "-", stdin=json.dumps(one))

    def raw(self, path):
        return self.k(None, "get", "--raw", path)

    def node(self):
        return self.cluster.get("nodes")["items"][0]["metadata"]["name"]

    def allowed(self):
        return self.cluster.get("pdb", "web")["status"].get("disruptionsAllowed", 0)

    def test_a_budget_holds_up_a_drain(self):
        self.addCleanup(self.k, None, "delete", "pdb", "web", "--ignore-not-found")
        self.addCleanup(self.k, None, "uncordon", self.node())
        self.create({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}, "spec": {
            "replicas": 2, "selector": {"matchLabels": {"app": "web"}}, "template": web({"app": "web"})}})
        before = {pod["metadata"]["uid"] for pod in self.running("app=web", 2)}
        self.create({"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": {"name": "web"}, "spec": {
            "maxUnavailable": 0, "selector": {"matchLabels": {"app": "web"}}}})
        wait_until("the budget to be counted", lambda: self.cluster.get("pdb", "web")["status"].get("currentHealthy") == 2)
        status = self.cluster.get("pdb", "web")["status"]
        self.assertEqual((status["expectedPods"], status["desiredHealthy"], status["disruptionsAllowed"]), (2, 2, 0))
        self.assertEqual([(c["type"], c["status"], c["reason"]) for c in status["conditions"]], [("DisruptionAllowed", "False", "InsufficientPods")])
        drain = ["drain", self.node(), "--force", "--ignore-daemonsets"]
        held = self.k(None, *drain, "--timeout=8s", check=False)
        self.assertNotEqual(held.returncode, 0)
        self.assertIn("Cannot evict pod as it would violate the pod's disruption budget.", held.stderr)
        self.assertEqual({pod["metadata"]["uid"] for pod in self.running("app=web", 2)}, before)
        # One at a time: the second is asked for in vain until the first one's successor is ready.
        self.k(None, "patch", "pdb", "web", "--type=merge", "-p", '{"spec":{"maxUnavailable":"50%"}}')
        wait_until("a disruption to be allowed", lambda: self.allowed() == 1)
        drained = self.cluster.kubectl(*drain, "--timeout=20s", check=False)
        self.assertIn("Cannot evict pod as it would violate the pod's disruption budget.", drained.stderr)
        self.assertEqual(drained.stdout.count("evicted"), 1, drained.stdout)
        self.k(None, "uncordon", self.node())
        self.running("app=web", 2)
        wait_until("a disruption to be allowed again", lambda: self.allowed() == 1)
        self.k(None, "delete", "pdb", "web")
        self.assertEqual(self.k(None, *drain, "--timeout=60s").count("evicted"), 2)

    def test_pods_services_and_nodes_are_proxied(self):
        template = web({"app": "web"})
        self.create({"apiVersion": "v1", "kind": "Pod", **template, "metadata": {"name": "web", **template["metadata"]}},
                    {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"},
                     "spec": {"selector": {"app": "web"}, "ports": [{"name": "http", "port": 80, "targetPort": "http"}]}})
        self.pod_running("web")
        pods, services = "/api/v1/namespaces/default/pods/", "/api/v1/namespaces/default/services/"
        for name in ["web", "web:8080", "http:web:8080"]:
            wait_until("the page", lambda n=name: self.raw(f"{pods}{n}/proxy/next") == "a page\n")
            self.assertEqual(self.raw(f"{pods}{name}/proxy/"), f'<a href="{pods}{name}/proxy/next">next</a>\n')
        wait_until("the Service's endpoints", lambda: self.cluster.get("endpoints", "web").get("subsets"))
        for name in ["web:http", "web:80", "http:web:80"]:
            self.assertEqual(self.raw(f"{services}{name}/proxy/next"), "a page\n")
        self.assertEqual(json.loads(self.raw(f"/api/v1/nodes/{self.node()}/proxy/pods"))["kind"], "PodList")
        refused = self.k(None, "get", "--raw", f"{services}web:81/proxy/", check=False)
        self.assertIn('no service port 81 found for service "web"', refused.stderr)
        # The book's form, through kubectl proxy as the book has it.
        port = free_port()
        proxy = subprocess.Popen([next(iter(kubectls().values())), "proxy", f"--port={port}"], env=self.cluster.env(), stdout=subprocess.DEVNULL)
        self.addCleanup(proxy.wait)
        self.addCleanup(proxy.terminate)

        def ask(path):
            with urllib.request.urlopen(f"http://localhost:{port}{path}", timeout=10) as answer:
                return answer.read().decode()

        old = "/api/v1/proxy/namespaces/default/"
        wait_until("kubectl proxy", lambda: self.answers(ask, f"{old}pods/web:8080/next", "a page\n"))
        self.assertEqual(ask(f"{old}services/web:http/next"), "a page\n")
        self.assertEqual(json.loads(ask(f"/api/v1/proxy/nodes/{self.node()}/pods"))["kind"], "PodList")

    @staticmethod
    def answers(ask, path, wanted):
        try:
            return ask(path) == wanted
        except OSError:
            return False

    def test_addresses_are_objects(self):
        own = self.cluster.get("service", "kubernetes", "-n", "default")["spec"]["clusterIP"]
        address = self.cluster.get("ipaddress", own)
        self.assertEqual(address["spec"]["parentRef"], {"resource": "services", "namespace": "default", "name": "kubernetes"})
        self.create({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "one"}, "spec": {"type": "NodePort", "ports": [{"port": 80}]}})
        given = self.cluster.get("service", "one")["spec"]["clusterIP"]
        self.assertIn("services/default/one", self.k(None, "get", "ipaddress", given))
        self.k(None, "delete", "service", "one")
        self.assertEqual(self.k(None, "get", "ipaddress", given, "--ignore-not-found"), "")
        wait_until("the range to be ready and protected", lambda: self.protected("kubernetes"))
        # A second range that is in use stays until it is not.
        self.create({"apiVersion": "networking.k8s.io/v1", "kind": "ServiceCIDR", "metadata": {"name": "more"}, "spec": {"cidrs": ["10.200.0.0/24"]}})
        wait_until("the range to be ready and protected", lambda: self.protected("more"))
        self.create({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "two"}, "spec": {"clusterIP": "10.200.0.7", "ports": [{"port": 80}]}})
        self.k(None, "delete", "servicecidr", "more", "--wait=false")
        wait_until("the range to say why it stays", lambda: self.condition("more") == ("False", "Terminating"))
        self.k(None, "delete", "service", "two")
        wait_until("the range to go", lambda: not self.k(None, "get", "servicecidr", "more", "--ignore-not-found"))

    def condition(self, name):
        conditions = self.cluster.get("servicecidr", name).get("status", {}).get("conditions", [])
        return next(((c["status"], c.get("reason", "")) for c in conditions if c["type"] == "Ready"), None)

    def protected(self, name):
        finalizers = self.cluster.get("servicecidr", name)["metadata"].get("finalizers", [])
        return finalizers == ["networking.k8s.io/service-cidr-finalizer"] and self.condition(name) == ("True", "")

    def test_components_tell_their_health(self):
        listed = self.k(None, "get", "componentstatuses", "--no-headers")
        self.assertEqual({tuple(line.split()[:3]) for line in listed.splitlines()},
                         {("controller-manager", "Healthy", "ok"), ("scheduler", "Healthy", "ok"), ("etcd-0", "Healthy", "ok")})


if __name__ == "__main__":
    unittest.main()
