"""The official Python client (Debian's python3-kubernetes): usage: python_client.py api|restart|node, with KUBECONFIG and TEST_NAMESPACE.
Says a JSON line a capability: {"capability": ..., "error": null or text}; `restart` says READY before it waits for the restart."""
import json
import os
import sys
import threading
import time

import urllib3
from kubernetes import client, config, dynamic, stream, watch
from kubernetes.client.rest import ApiException
from kubernetes.leaderelection import electionconfig, leaderelection
from kubernetes.leaderelection.resourcelock.configmaplock import ConfigMapLock

NS = os.environ["TEST_NAMESPACE"]
config.load_kube_config(os.environ["KUBECONFIG"])
core, apps, coordination = client.CoreV1Api(), client.AppsV1Api(), client.CoordinationV1Api()
IMAGE = "g1g1/hue-learn:v3.0"


def config_map(name, **data):
    return client.V1ConfigMap(metadata=client.V1ObjectMeta(name=name, labels={"app": "hue"}), data=data)


def deployment(name, replicas=0):
    labels = {"app": name}
    template = client.V1PodTemplateSpec(metadata=client.V1ObjectMeta(labels=labels),
                                        spec=client.V1PodSpec(containers=[client.V1Container(name="main", image=IMAGE)]))
    return client.V1Deployment(metadata=client.V1ObjectMeta(name=name),
                               spec=client.V1DeploymentSpec(replicas=replicas, selector=client.V1LabelSelector(match_labels=labels), template=template))


def same(got, wanted):
    if got != wanted:
        raise AssertionError(f"{got!r} instead of {wanted!r}")


def refused(status, reason, message, call, *args, **options):
    try:
        call(*args, **options)
    except ApiException as error:
        body = json.loads(error.body)
        same((error.status, body["reason"], body["message"]), (status, reason, message))
    else:
        raise AssertionError(f"not refused: {message}")


def crud():
    same(core.create_namespaced_config_map(NS, config_map("one", colour="blue")).metadata.namespace, NS)
    read = core.read_namespaced_config_map("one", NS)
    read.data["colour"] = "green"
    core.replace_namespaced_config_map("one", NS, read)
    refused(409, "Conflict", 'Operation cannot be fulfilled on configmaps "one": the object has been modified; please apply your changes to the latest version and try again',
            core.replace_namespaced_config_map, "one", NS, read)
    same([item.data for item in core.list_namespaced_config_map(NS, label_selector="app=hue").items], [{"colour": "green"}])
    same(core.delete_namespaced_config_map("one", NS).status, "Success")
    refused(404, "NotFound", 'configmaps "one" not found', core.read_namespaced_config_map, "one", NS)


def patch_as(content_type, body):
    """The client chooses the type by the body's form; another one is asked for as its users do."""
    api = client.AppsV1Api(client.ApiClient())
    api.api_client.select_header_content_type = lambda *_: content_type
    apps.create_namespaced_deployment(NS, deployment("patched"))
    try:
        api.patch_namespaced_deployment("patched", NS, body)
        return [(c.name, c.image) for c in apps.read_namespaced_deployment("patched", NS).spec.template.spec.containers]
    finally:
        apps.delete_namespaced_deployment("patched", NS)


CONTAINERS = {"spec": {"template": {"spec": {"containers": [{"name": "other", "image": "two"}]}}}}


def patch_json():
    path = "/spec/template/spec/containers/0/image"
    same(patch_as("application/json-patch+json", [{"op": "replace", "path": path, "value": "two"}]), [("main", "two")])


def patch_merge():
    same(patch_as("application/merge-patch+json", CONTAINERS), [("other", "two")])


def patch_strategic():
    same(patch_as("application/strategic-merge-patch+json", CONTAINERS), [("other", "two"), ("main", IMAGE)])


def apply():
    api = client.CoreV1Api(client.ApiClient())
    api.api_client.select_header_content_type = lambda *_: "application/apply-patch+yaml"
    # This version sends such a body as text only.
    body = lambda colour: json.dumps({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "owned"}, "data": {"colour": colour}})
    put = lambda manager, colour, **query: api.patch_namespaced_config_map("owned", NS, body(colour), field_manager=manager, **query)
    put("one", "blue")
    refused(409, "Conflict", 'Apply failed with 1 conflict: conflict with "one": .data.colour', put, "two", "red")
    put("two", "red", force=True)
    same(core.read_namespaced_config_map("owned", NS).data, {"colour": "red"})
    core.delete_namespaced_config_map("owned", NS)


def paging():
    names = [f"page-{i}" for i in range(5)]
    for name in names:
        core.create_namespaced_config_map(NS, config_map(name))
    count = len(core.list_namespaced_config_map(NS).items)  # with the cluster's CA, once that is there
    got, token, left = [], None, []
    while True:
        page = core.list_namespaced_config_map(NS, limit=2, _continue=token)
        got += [item.metadata.name for item in page.items if item.metadata.name.startswith("page-")]
        token = page.metadata._continue
        left.append(page.metadata.remaining_item_count)
        if not token:
            break
    same((got, left), (names, [count - 2, count - 4, None, None][:len(left) - 1] + [None]))
    core.delete_collection_namespaced_config_map(NS, label_selector="app=hue")
    same(core.list_namespaced_config_map(NS, label_selector="app=hue").items, [])


def watching():
    watcher, seen = watch.Watch(), []
    version = core.list_namespaced_config_map(NS).metadata.resource_version
    core.create_namespaced_config_map(NS, config_map("watched", a="1"))
    core.patch_namespaced_config_map("watched", NS, {"data": {"a": "2"}})
    core.delete_namespaced_config_map("watched", NS)
    for event in watcher.stream(core.list_namespaced_config_map, NS, resource_version=version, timeout_seconds=10):
        seen.append((event["type"], event["object"].metadata.name, event["object"].data["a"]))
        if event["type"] == "DELETED":
            watcher.stop()
    same(seen, [("ADDED", "watched", "1"), ("MODIFIED", "watched", "2"), ("DELETED", "watched", "2")])


def election():
    """Two candidates; the second one leads when the first one has given up."""
    led, held = [], threading.Event()

    def candidate(name):
        def lead():
            led.append(name)
            held.set()
        lock = ConfigMapLock("leader", NS, name)
        return leaderelection.LeaderElection(electionconfig.Config(lock, lease_duration=3, renew_deadline=2, retry_period=1, onstarted_leading=lead, onstopped_leading=lambda: None))

    first, second = candidate("first"), candidate("second")
    first.try_acquire_or_renew() or first.try_acquire_or_renew()
    threading.Thread(target=second.run, daemon=True).start()
    same(json.loads(core.read_namespaced_config_map("leader", NS).metadata.annotations["control-plane.alpha.kubernetes.io/leader"])["holderIdentity"], "first")
    if not held.wait(20):
        raise AssertionError("the second candidate never led")
    same(led, ["second"])


def errors():
    refused(404, "NotFound", 'configmaps "x" not found', core.read_namespaced_config_map, "x", NS)
    core.create_namespaced_config_map(NS, config_map("twice"))
    refused(409, "AlreadyExists", 'configmaps "twice" already exists', core.create_namespaced_config_map, NS, config_map("twice"))
    core.delete_namespaced_config_map("twice", NS)
    refused(422, "Invalid", 'Deployment.apps "bad" is invalid: spec.replicas: Invalid value: -1: must be greater than or equal to 0',
            apps.create_namespaced_deployment, NS, deployment("bad", -1))
    jane = client.ApiClient()
    jane.set_default_header("Impersonate-User", "jane")
    refused(403, "Forbidden", f'pods is forbidden: User "jane" cannot list resource "pods" in API group "" in the namespace "{NS}"',
            client.CoreV1Api(jane).list_namespaced_pod, NS)
    anonymous = client.Configuration.get_default_copy()
    anonymous.cert_file = anonymous.key_file = None
    anonymous.api_key = {"authorization": "Bearer nonsense"}
    refused(401, "Unauthorized", "Unauthorized", client.CoreV1Api(client.ApiClient(anonymous)).list_namespaced_pod, NS)


def subresources():
    apps.create_namespaced_deployment(NS, deployment("sized"))
    scaled = None
    while scaled is None:  # its controller writes it, too
        scale = apps.read_namespaced_deployment_scale("sized", NS)
        scale.spec.replicas = 1
        try:
            scaled = apps.replace_namespaced_deployment_scale("sized", NS, scale)
        except ApiException as error:
            same(error.status, 409)
    same(scaled.spec.replicas, 1)
    apps.patch_namespaced_deployment_status("sized", NS, {"status": {"conditions": [{"type": "Own", "status": "True"}]}})
    apps.delete_namespaced_deployment("sized", NS, propagation_policy="Background")


def token():
    core.create_namespaced_service_account(NS, client.V1ServiceAccount(metadata=client.V1ObjectMeta(name="robot")))
    asked = client.AuthenticationV1TokenRequest(spec=client.V1TokenRequestSpec(audiences=[], expiration_seconds=600))
    answer = core.create_namespaced_service_account_token("robot", NS, asked)
    robot = client.Configuration.get_default_copy()
    robot.cert_file = robot.key_file = None
    robot.api_key = {"authorization": "Bearer " + answer.status.token}
    refused(403, "Forbidden", f'pods is forbidden: User "system:serviceaccount:{NS}:robot" cannot list resource "pods" in API group "" in the namespace "{NS}"',
            client.CoreV1Api(client.ApiClient(robot)).list_namespaced_pod, NS)


def discovery():
    found = dynamic.DynamicClient(client.ApiClient())
    leases = found.resources.get(api_version="coordination.k8s.io/v1", kind="Lease")
    made = leases.create(namespace=NS, body={"metadata": {"name": "mine"}, "spec": {"holderIdentity": "me", "leaseDurationSeconds": 5}})
    same(made.spec.holderIdentity, "me")
    same([l.metadata.name for l in leases.get(namespace=NS).items], ["mine"])
    leases.delete(name="mine", namespace=NS)
    same(client.VersionApi().get_code().minor, "36")


def restart():
    """As the client's users write it: the stream is opened again from the last version when its connection breaks."""
    print("READY", flush=True)
    version = core.list_namespaced_config_map(NS).metadata.resource_version
    end = time.monotonic() + 60
    seen = []
    while time.monotonic() < end:
        try:
            for event in watch.Watch().stream(core.list_namespaced_config_map, NS, label_selector="round", resource_version=version, timeout_seconds=20):
                version = event["object"].metadata.resource_version
                seen.append((event["type"], event["object"].metadata.name))
                print("SEEN " + event["object"].metadata.name, flush=True)
                if seen[-1][1] == "after":
                    same(seen, [("ADDED", "before"), ("ADDED", "after")])
                    return
        except (urllib3.exceptions.HTTPError, OSError):
            time.sleep(0.1)
    raise AssertionError(f"only {seen} in a minute")


def logs():
    same(core.read_namespaced_pod_log("speaker", NS).split("\n")[0], "one")
    same(core.read_namespaced_pod_log("speaker", NS, tail_lines=1), "two\n")
    lines = watch.Watch().stream(core.read_namespaced_pod_log, "speaker", NS, follow=True)
    same(next(lines), "one")


def execute():
    run = lambda *command: stream.stream(core.connect_get_namespaced_pod_exec, "speaker", NS, command=list(command),
                                         stdin=False, stdout=True, stderr=True, tty=False)
    same(run("echo", "said"), "said\n")
    talk = stream.stream(core.connect_get_namespaced_pod_exec, "speaker", NS, command=["sh"], stdin=True, stdout=True, stderr=True,
                         tty=False, _preload_content=False)
    talk.write_stdin("echo out; echo err >&2; exit 3\n")
    out = err = ""
    while talk.is_open():
        talk.update(timeout=5)
        out += talk.read_stdout() if talk.peek_stdout() else ""
        err += talk.read_stderr() if talk.peek_stderr() else ""
    same((out, err, talk.returncode), ("out\n", "err\n", 3))


def port_forward():
    forward = stream.portforward(core.connect_get_namespaced_pod_portforward, "speaker", NS, ports="80")
    link = forward.socket(80)
    link.settimeout(20)
    link.sendall(b"GET /index.html HTTP/1.0\r\n\r\n")
    answer = b""
    while piece := link.recv(4096):
        answer += piece
    same((answer.split(b"\r\n")[0].split()[1], answer.split(b"\r\n\r\n")[1], forward.error(80)), (b"200", b"a page\n", None))


PHASES = {
    "api": [("create, get, list, update, delete", crud), ("patch: JSON", patch_json), ("patch: merge", patch_merge),
            ("patch: strategic merge", patch_strategic), ("server-side apply and its conflict", apply),
            ("list with limit and continue", paging), ("watch", watching), ("leader election", election),
            ("errors in upstream's reasons and words", errors), ("scale and status", subresources),
            ("authentication by a service account's token", token), ("discovery", discovery)],
    "restart": [("watch through kill -9 of the server", restart)],
    "node": [("logs", logs), ("exec", execute), ("port-forward", port_forward)],
}
for name, call in PHASES[sys.argv[1]]:
    problem = None
    try:
        call()
    except Exception as error:  # whatever a client throws is the answer
        problem = f"{type(error).__name__}: {error}"
    print(json.dumps({"capability": name, "error": problem}), flush=True)
