"""The manifests of the book, each applied as it is printed, in the API version it is written in, and read back in every
version that serves its kind; and those that upstream refuses too, with upstream's words (docs/book-errata.md)."""
import glob
import http.client
import json
import os
import unittest

from cluster import SOURCE, Cluster, kubectls

BOOK = os.path.join(SOURCE, "examples/book")
REFUSED = os.path.join(BOOK, "refused")

WORKLOADS = ["v1.apps", "v1beta2.apps", "v1beta1.apps", "v1beta1.extensions"]
# Where a kind is read: "plural.version.group", or the plural alone in the core group.
VERSIONS = {
    "ClusterRole": ["clusterroles." + v + ".rbac.authorization.k8s.io" for v in ("v1", "v1beta1")],
    "ClusterRoleBinding": ["clusterrolebindings." + v + ".rbac.authorization.k8s.io" for v in ("v1", "v1beta1")],
    "CronJob": ["cronjobs.v1.batch", "cronjobs.v1beta1.batch"],
    "DaemonSet": ["daemonsets." + v for v in WORKLOADS if v != "v1beta1.apps"],
    "Deployment": ["deployments." + v for v in WORKLOADS],
    "Ingress": ["ingresses.v1.networking.k8s.io", "ingresses.v1beta1.networking.k8s.io", "ingresses.v1beta1.extensions"],
    "Job": ["jobs.v1.batch"],
    "Namespace": ["namespaces"],
    "NetworkPolicy": ["networkpolicies.v1.networking.k8s.io", "networkpolicies.v1beta1.extensions"],
    "Pod": ["pods"],
    "PodSecurityPolicy": ["podsecuritypolicies.v1beta1.policy", "podsecuritypolicies.v1beta1.extensions"],
    "Service": ["services"],
    "ServiceAccount": ["serviceaccounts"],
}

# File -> where it is sent and what is answered: status, words of the message.
ERRORS = {
    "egress-policy.yaml": (
        "/api/v1/policies", 404, "the server could not find the requested resource"),
    "etcd-cluster.yaml": (
        "/apis/etcd.database.coreos.com/v1beta2/namespaces/default/etcdclusters", 404, "404 page not found"),
    "hello-world-pod.yaml": (
        "/api/v1/namespaces/default/pods", 422,
        'Pod "hello-world" is invalid: spec.containers[0].image: Required value'),
    "hue-collect-proxy-daemonset.yaml": (
        "/apis/apps/v1/namespaces/default/daemonsets", 400,
        'DaemonSet in version "v1" cannot be handled as a DaemonSet: json: cannot unmarshal '),
    "hue-fitness-pod-with-lists.yaml": (
        "/api/v1/namespaces/default/pods", 400,
        'Pod in version "v1" cannot be handled as a Pod: strict decoding error: unknown field "spec.InitContainers", '
        'unknown field "spec.containers[0].Image"'),
    "hue-fitness-pod.yaml": (
        "/api/v1/namespaces/default/pods", 400,
        'Pod in version "v1" cannot be handled as a Pod: json: cannot unmarshal object into Go struct field '
        "PodSpec.spec.containers of type []v1.Container"),
    "hue-learn-deployment.yaml": (
        "/apis/apps/v1/namespaces/default/deployments", 400,
        "unexpected GroupVersion string: apps/v1 (use apps/v1beta2 before 1.9)"),
    "hue-music-pod.yaml": (
        "/api/v1/namespaces/default/pods", 400,
        'Pod in version "v1" cannot be handled as a Pod: json: cannot unmarshal object into Go struct field '
        "PodSpec.spec.containers of type []v1.Container"),
    "hue-reminders-deployment.yaml": (
        "/apis/apps/v1/namespaces/default/deployments", 400,
        'Deployment in version "v1a1" cannot be handled as a Deployment: no kind "Deployment" is registered for version '
        '"apps/v1a1" in scheme "pkg/api/legacyscheme/scheme.go:30"'),
    "ingress.yaml": (
        "/apis/extensions/v1beta1/namespaces/default/ingresses", 422,
        'spec.rules[0].http.paths[0].backend.serviceName: Invalid value: "fooSvc": a lowercase RFC 1123 label must '
        "consist of lower case alphanumeric characters or '-'"),
    "network-policy.yaml": (
        "/apis/networking.k8s.io/v1/namespaces/default/networkpolicies", 422,
        'spec.ingress[0].ports[0].protocol: Unsupported value: "tcp": supported values: "TCP", "UDP", "SCTP"'),
    "psp-role-binding.yaml": (
        "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings", 422,
        'subjects[0].name: Invalid value: "<authorized service account name>": a lowercase RFC 1123 subdomain must '
        "consist of"),
}


def manifests(folder):
    return sorted(path for path in glob.glob(os.path.join(folder, "*.*")))


class Book(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.cluster = Cluster(with_node=False)
        cls.addClassCleanup(cls.cluster.close)
        cls.cluster.start()
        cls.kubectl = cls.cluster.kubectl
        cls.kubectl("create", "namespace", "the-namespace")
        for namespace in ("default", "the-namespace"):  # a controller's work, and none is running
            cls.kubectl("create", "serviceaccount", "default", "-n", namespace)

    def objects(self, path, binary):
        """What the file holds, as the server has it."""
        shown = json.loads(self.kubectl("get", "-f", path, "-o", "json", binary=binary))
        return shown["items"] if shown["kind"] == "List" else [shown]

    def versions_of(self, path, binary):
        return [found["metadata"]["resourceVersion"] for found in self.objects(path, binary)]

    def read(self, found, where, binary):
        names = [found["metadata"]["name"]]
        if "namespace" in found["metadata"]:
            names += ["-n", found["metadata"]["namespace"]]
        return self.cluster.get(where, *names, binary=binary)

    def test_every_manifest_applies_and_reads_back_in_every_version(self):
        for version, binary in kubectls().items():
            for path in manifests(BOOK):
                with self.subTest(kubectl=version, file=os.path.basename(path)):
                    self.kubectl("apply", "-f", path, binary=binary)
                    for found in self.objects(path, binary):
                        for where in VERSIONS[found["kind"]]:
                            self.check(found, self.read(found, where, binary), where)
                    before = self.versions_of(path, binary)
                    self.kubectl("apply", "-f", path, binary=binary)
                    self.assertEqual(self.versions_of(path, binary), before)

    def check(self, found, read, where):
        self.assertEqual(read["kind"], found["kind"], where)
        self.assertEqual(read["metadata"]["uid"], found["metadata"]["uid"], where)
        parts = where.split(".", 2)
        if len(parts) == 3:
            self.assertEqual(read["apiVersion"], f"{parts[2]}/{parts[1]}")
        template = read.get("spec", {}).get("template")
        if template:
            self.assertEqual(template["spec"]["containers"], found["spec"]["template"]["spec"]["containers"], where)

    def test_old_versions_have_their_defaults_and_warn(self):
        path = os.path.join(BOOK, "nginx-deployment.yaml")
        self.kubectl("delete", "-f", path, "--ignore-not-found", "--wait=false", "--cascade=background")
        done = self.kubectl("create", "-f", path, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("Warning: extensions/v1beta1 Deployment is deprecated in v1.8+, unavailable in v1.16+; "
                      "use apps/v1 Deployment", done.stderr)
        for where in VERSIONS["Deployment"]:
            spec = self.cluster.get(where, "nginx-deployment")["spec"]
            self.assertEqual(spec["selector"], {"matchLabels": {"app": "nginx"}}, where)
            self.assertEqual(spec["strategy"]["rollingUpdate"], {"maxSurge": 1, "maxUnavailable": 1}, where)
            self.assertEqual(spec["revisionHistoryLimit"], 2147483647, where)
            self.assertEqual(spec["progressDeadlineSeconds"], 2147483647, where)

    def test_an_ingress_of_old_is_the_new_one(self):
        self.kubectl("apply", "-f", os.path.join(BOOK, "ingress.yaml"))
        old = self.cluster.get("ingresses.v1beta1.extensions", "test")["spec"]["rules"]
        new = self.cluster.get("ingresses.v1.networking.k8s.io", "test")["spec"]["rules"]
        self.assertEqual([rule["host"] for rule in new], ["foo.bar.com", "bar.baz.com"])
        self.assertEqual(old[0]["http"]["paths"][0]["backend"], {"serviceName": "foo-svc", "servicePort": 80})
        self.assertEqual(new[0]["http"]["paths"][0]["backend"], {"service": {"name": "foo-svc", "port": {"number": 80}}})
        self.assertEqual(new[0]["http"]["paths"][0]["pathType"], "ImplementationSpecific")

    def test_what_upstream_refuses_is_refused_in_its_words(self):
        context = self.cluster.tls()
        self.assertEqual(sorted(ERRORS), [os.path.basename(path) for path in manifests(REFUSED)])
        for path in manifests(REFUSED):
            name = os.path.basename(path)
            target, status, words = ERRORS[name]
            with self.subTest(file=name):
                connection = http.client.HTTPSConnection("127.0.0.1", self.cluster.port, context=context, timeout=60)
                self.addCleanup(connection.close)
                with open(path, "rb") as file:
                    connection.request("POST", target + "?fieldValidation=Strict", file.read(),
                                       {"Content-Type": "application/yaml", "Accept": "application/json"})
                response = connection.getresponse()
                body = response.read().decode()
                self.assertEqual(response.status, status, body)
                self.assertIn(words, json.loads(body)["message"] if body.startswith("{") else body)
                done = self.kubectl("create", "-f", path, check=False)
                self.assertNotEqual(done.returncode, 0, done.stdout)

    def test_what_refused_manifests_should_say_is_in_the_errata(self):
        with open(os.path.join(SOURCE, "docs/book-errata.md"), encoding="utf-8") as file:
            errata = file.read()
        for path in manifests(REFUSED):
            self.assertIn(f"refused/{os.path.basename(path)}", errata)


if __name__ == "__main__":
    unittest.main()
