"""The published OpenAPI documents: headers and forms, an independent validator, and what kubectl makes of them."""
import http.client
import json
import os
import shutil
import subprocess
import tempfile
import unittest

from cluster import OLD_KUBECTL, SOURCE, Cluster, kubectls

V2_PROTOBUF = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf"
V3_PROTOBUF = "application/com.github.proto-openapi.spec.v3.v1.0+protobuf"
PROTOS = os.path.join(os.environ.get("XEBEC_SHARED_DATA", os.path.join(SOURCE, "..", "shared")), "facts/node-services")
NODE_MODULES = os.environ.get("XEBEC_NODE_MODULES", "/var/cache/xebec/npm/node_modules")

DEPLOYMENT = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: typo}
spec:
  %s: 1
  selector: {matchLabels: {app: typo}}
  template:
    metadata: {labels: {app: typo}}
    spec: {containers: [{name: web, image: nginx}]}
"""


class OpenApi(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.cluster = Cluster(with_node=False)
        cls.addClassCleanup(cls.cluster.close)
        cls.cluster.start()
        cls.context = cls.cluster.tls()

    def request(self, path, **headers):
        connection = http.client.HTTPSConnection("127.0.0.1", self.cluster.port, context=self.context, timeout=60)
        self.addCleanup(connection.close)
        connection.request("GET", path, headers={name.replace("_", "-"): value for name, value in headers.items()})
        response = connection.getresponse()
        return response, response.read()

    def index(self):
        return json.loads(self.request("/openapi/v3")[1])["paths"]

    def test_urls_of_v3_name_their_content(self):
        index = self.index()
        for path in ["api", "api/v1", "apis", "apis/apps", "apis/apps/v1", "version", "openid/v1/jwks"]:
            self.assertIn(path, index)
        url = index["apis/apps/v1"]["serverRelativeURL"]
        path, digest = url.split("?hash=")
        response, body = self.request(url)
        self.assertEqual(response.status, 200)
        self.assertEqual(response.getheader("ETag"), f'"{digest}"')
        self.assertEqual(response.getheader("Cache-Control"), "public, immutable")
        self.assertEqual(response.getheader("Vary"), "Accept")
        self.assertEqual(json.loads(body)["openapi"], "3.0.0")
        self.assertIsNone(self.request(path)[0].getheader("Cache-Control"))
        again, nothing = self.request(url, If_None_Match=f'"{digest}"')
        self.assertEqual((again.status, nothing), (304, b""))
        moved, _ = self.request(path + "?hash=OLD")
        self.assertEqual((moved.status, moved.getheader("Location")), (301, url))
        self.assertEqual(self.request("/openapi/v3/apis/apps/v7")[0].status, 404)

    def test_protobuf_forms(self):
        for path, kind, asked in [("/openapi/v2", "v2", V2_PROTOBUF), ("/openapi/v3/apis/apps/v1", "v3", V3_PROTOBUF)]:
            json_form = self.request(path)[0]
            for accept in [asked, asked.replace(".v1.0", "@v1.0"), asked.replace(".v1.0", "@v1.0") + ",application/json"]:
                response, body = self.request(path, Accept=accept)
                self.assertEqual(response.getheader("Content-Type"), asked)
                self.assertEqual(response.getheader("ETag"), json_form.getheader("ETag"))
            self.assertEqual(self.request(path, Accept="text/html")[0].status, 406)
            if not os.path.exists(PROTOS) or not shutil.which("protoc"):
                continue
            decoded = subprocess.run(["protoc", "-I", PROTOS, f"--decode=openapi.{kind}.Document", f"gnostic-openapi{kind}.proto"],
                                     input=body, capture_output=True, check=True).stdout.decode()
            self.assertIn('"patchAppsV1NamespacedDeployment"', decoded)

    def need_npm(self, package):
        if not shutil.which("node") or not os.path.exists(os.path.join(NODE_MODULES, package)):
            self.skipTest(f"no {package}: tools/setup.sh installs it where there is npm")

    def test_an_independent_validator_finds_nothing(self):
        self.need_npm("@apidevtools/swagger-parser")
        with tempfile.TemporaryDirectory() as folder:
            files = []
            for path in ["/openapi/v2"] + [entry["serverRelativeURL"] for entry in self.index().values()]:
                files.append(os.path.join(folder, f"{len(files)}.json"))
                with open(files[-1], "wb") as file:
                    file.write(self.request(path)[1])
            self.assertGreater(len(files), 40)
            done = subprocess.run(["node", os.path.join(SOURCE, "tests/e2e/openapi_validate.cjs"), *files],
                                  env=dict(os.environ, NODE_PATH=NODE_MODULES), capture_output=True, text=True, timeout=600)
            self.assertEqual((done.returncode, done.stderr), (0, ""))

    def test_a_client_made_by_a_generator_compiles(self):
        self.need_npm("openapi-typescript")
        self.need_npm("typescript")
        with tempfile.TemporaryDirectory() as folder:
            shutil.copy(os.path.join(SOURCE, "tests/e2e/openapi_client.ts"), folder)
            for group, name in [("api/v1", "core"), ("apis/apps/v1", "apps"), ("apis/apps/v1beta1", "old_apps")]:
                with open(os.path.join(folder, name + ".json"), "wb") as file:
                    file.write(self.request("/openapi/v3/" + group)[1])
                self.run_node(folder, "openapi-typescript/bin/cli.js", name + ".json", "-o", name + ".ts", "--default-non-nullable=false")
            self.run_node(folder, "typescript/bin/tsc", "--noEmit", "--strict", "openapi_client.ts")

    def run_node(self, folder, program, *args):
        done = subprocess.run(["node", os.path.join(NODE_MODULES, program), *args], cwd=folder, capture_output=True, text=True,
                              timeout=600)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_every_kind_of_every_version_is_explained(self):
        explained = 0
        for group_version, resources in self.discovered():
            for resource in resources:
                if "/" in resource["name"] or "get" not in resource["verbs"]:
                    continue
                what = ["explain", resource["name"], f"--api-version={group_version}"]
                with self.subTest(resource=resource["name"], version=group_version):
                    done = self.cluster.kubectl(*what, "--recursive", check=False)
                    self.assertEqual((done.returncode, done.stderr), (0, ""))
                    self.assertIn(f"KIND:       {resource['kind']}\n", done.stdout)
                    self.assertIn("FIELDS:\n", done.stdout)
                    self.assertIn("  metadata\t<ObjectMeta>", done.stdout)
                    explained += 1
        self.assertGreater(explained, 60)

    def discovered(self):
        yield "v1", json.loads(self.cluster.kubectl("get", "--raw", "/api/v1"))["resources"]
        for group in json.loads(self.cluster.kubectl("get", "--raw", "/apis"))["groups"]:
            for version in group["versions"]:
                url = "/apis/" + version["groupVersion"]
                yield version["groupVersion"], json.loads(self.cluster.kubectl("get", "--raw", url))["resources"]

    def test_explain_shows_descriptions_defaults_and_enums(self):
        for name, binary in kubectls().items():
            out = self.cluster.kubectl("explain", "deployment.spec", binary=binary)
            self.assertIn("What a Deployment is to do.", out)
            self.assertIn("How many Pods there are to be; 1 by default.", out)
            if name == "1.20":
                continue
            out = self.cluster.kubectl("explain", "deployment.spec.strategy.type", binary=binary)
            self.assertIn("ENUM:\n    Recreate\n    RollingUpdate\n", out)
            out = self.cluster.kubectl("explain", "service.spec.ports.protocol", binary=binary)
            self.assertIn("TCP (the default), UDP or SCTP.", out)

    def test_a_mistyped_field_is_told(self):
        done = self.cluster.kubectl("apply", "-f", "-", stdin=DEPLOYMENT % "replicaz", check=False)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn('strict decoding error: unknown field "spec.replicaz"', done.stderr)
        if os.access(OLD_KUBECTL, os.X_OK):
            done = self.cluster.kubectl("apply", "-f", "-", stdin=DEPLOYMENT % "replicaz", binary=OLD_KUBECTL, check=False)
            self.assertIn('ValidationError(Deployment.spec): unknown field "replicaz" in io.k8s.api.apps.v1.DeploymentSpec',
                          done.stderr)
            done = self.cluster.kubectl("apply", "-f", "-", stdin=(DEPLOYMENT % "replicas").replace(": 1", ": one"),
                                        binary=OLD_KUBECTL, check=False)
            self.assertIn('invalid type for io.k8s.api.apps.v1.DeploymentSpec.replicas: got "string", expected "integer"',
                          done.stderr)
        self.assertEqual(self.cluster.kubectl("get", "deployments", "-o", "name"), "")


if __name__ == "__main__":
    unittest.main()
