"""What kubectl and the client libraries do alike against the API server: the rows that are run with every version of kubectl."""
import json
import os
import re
import tempfile

from kubectl_client import CONFIG_MAP, check, deployment, has, same


@check("create, get, list, update, delete")
def _(k):
    same(k("create", "-f", "-", stdin=CONFIG_MAP % ("one", "blue")), "configmap/one created\n")
    read = k.get("configmap", "one")
    same(read["data"], {"colour": "blue"})
    read["data"]["colour"] = "green"
    same(k("replace", "-f", "-", stdin=json.dumps(read)), "configmap/one replaced\n")
    has(k("replace", "-f", "-", stdin=json.dumps(read), fails=True), "the object has been modified; please apply your changes to the latest version")
    same([item["data"]["colour"] for item in k.get("configmaps", "-l", "app=hue")["items"]], ["green"])
    same(k("delete", "configmap", "one"), 'configmap "one" deleted' + (f" from {k.namespace} namespace\n" if k.version >= (1, 34) else "\n"))
    has(k("get", "configmap", "one", fails=True), 'Error from server (NotFound): configmaps "one" not found')


def patched(k, kind, patch, wanted):
    k("create", "-f", "-", stdin=deployment("patched"))
    try:
        same(k("patch", "deployment", "patched", "--type", kind, "-p", json.dumps(patch)), "deployment.apps/patched patched\n")
        spec = k.get("deployment", "patched")["spec"]["template"]["spec"]
        same([(c["name"], c["image"]) for c in spec["containers"]], wanted)
    finally:
        k("delete", "deployment", "patched")


@check("patch: JSON")
def _(k):
    patched(k, "json", [{"op": "replace", "path": "/spec/template/spec/containers/0/image", "value": "two"}], [("main", "two")])


@check("patch: merge")
def _(k):
    patched(k, "merge", {"spec": {"template": {"spec": {"containers": [{"name": "other", "image": "two"}]}}}}, [("other", "two")])


@check("patch: strategic merge")
def _(k):
    patched(k, "strategic", {"spec": {"template": {"spec": {"containers": [{"name": "other", "image": "two"}]}}}},
            [("other", "two"), ("main", "g1g1/hue-learn:v3.0")])


@check("server-side apply and its conflict")
def _(k):
    apply = lambda manager, colour, *args, **options: k("apply", "--server-side", "--field-manager", manager, *args, "-f", "-",
                                                        stdin=CONFIG_MAP % ("owned", colour), **options)
    same(apply("one", "blue"), "configmap/owned serverside-applied\n")
    has(apply("two", "red", fails=True), 'Apply failed with 1 conflict: conflict with "one": .data.colour')
    same(k.get("configmap", "owned")["data"], {"colour": "blue"})
    apply("two", "red", "--force-conflicts")
    same(k.get("configmap", "owned")["data"], {"colour": "red"})
    k("delete", "configmap", "owned")


@check("list with limit and continue")
def _(k):
    names = [f"page-{i}" for i in range(5)]
    k("create", "-f", "-", stdin="---".join(CONFIG_MAP % (name, "blue") for name in names))
    out = k("get", "configmaps", "-l", "app=hue", "-o", "name", "--chunk-size=2", "-v=6", both=True)
    same(re.findall(r"^configmap/(\S+)$", out, re.M), names)
    same(len(set(re.findall(r"continue=([^&\s]+)", out))), 2)
    k("delete", "configmaps", "-l", "app=hue")


@check("watch")
def _(k):
    with k.talk("get", "configmaps", "-w", "-o", "name", "-l", "app=hue") as watch:
        k("create", "-f", "-", stdin=CONFIG_MAP % ("watched", "blue"))
        same(watch.stdout.readline(), "configmap/watched\n")
        k("patch", "configmap", "watched", "--type=merge", "-p", '{"data":{"colour":"red"}}')
        same(watch.stdout.readline(), "configmap/watched\n")
    k("delete", "configmap", "watched")


@check("errors in upstream's reasons and words")
def _(k):
    has(k("get", "nosuch", fails=True), 'error: the server doesn\'t have a resource type "nosuch"')
    k("create", "configmap", "twice")
    has(k("create", "configmap", "twice", fails=True), '(AlreadyExists): configmaps "twice" already exists' if k.version < (1, 23)
        else 'error: failed to create configmap: configmaps "twice" already exists')
    k("delete", "configmap", "twice")
    has(k("create", "-f", "-", stdin=CONFIG_MAP % ("Bad_Name", "x"), fails=True), 'The ConfigMap "Bad_Name" is invalid: metadata.name: Invalid value: "Bad_Name"')
    has(k("create", "-f", "-", stdin=deployment("bad", -1), fails=True),
        'The Deployment "bad" is invalid: spec.replicas: Invalid value: -1: must be greater than or equal to 0')
    has(k("delete", "configmap", "x", "--as=jane", fails=True),
        f'Error from server (Forbidden): configmaps "x" is forbidden: User "jane" cannot delete resource "configmaps" in API group "" in the namespace "{k.namespace}"')
    has(k("create", "configmap", "lost", "-n", "nowhere", fails=True), 'namespaces "nowhere" not found')
    unknown = json.loads(deployment("bad"))
    unknown["spec"]["replica"] = 1
    has(k("create", "-f", "-", stdin=json.dumps(unknown), fails=True),
        'unknown field "spec.replica"' if k.version >= (1, 25) else 'unknown field "replica"')


@check("authentication by a service account's token", since=(1, 24))
def _(k):
    k("create", "serviceaccount", "robot")
    token = k("create", "token", "robot", "--duration=20m").strip()
    config = os.path.join(tempfile.mkdtemp(dir=k.env["HOME"]), "config")
    server = k("config", "view", "--minify", "-o", "jsonpath={.clusters[0].cluster.server}")
    with open(config, "w", encoding="utf-8") as f:
        json.dump({"apiVersion": "v1", "kind": "Config", "current-context": "c",
                   "clusters": [{"name": "c", "cluster": {"server": server, "insecure-skip-tls-verify": True}}],
                   "users": [{"name": "u", "user": {"token": token}}],
                   "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u"}}]}, f)
    robot = f"system:serviceaccount:{k.namespace}:robot"
    has(k("get", "pods", fails=True, env={"KUBECONFIG": config}),
        f'pods is forbidden: User "{robot}" cannot list resource "pods" in API group "" in the namespace "{k.namespace}"')
    k("create", "rolebinding", "robot", "--clusterrole=view", f"--serviceaccount={k.namespace}:robot")
    k.until("the binding to count", lambda: k("auth", "can-i", "list", "pods", "--as=" + robot, both=True) == "yes\n")
    same(k("get", "pods", "-o", "name", env={"KUBECONFIG": config}), "")
