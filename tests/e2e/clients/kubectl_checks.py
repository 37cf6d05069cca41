"""What kubectl can do against the API server: one function a row of a table. The rows that libraries have, too, come first
and are run with every version of kubectl, the others with some."""
import base64
import json
import os
import re
import subprocess
import tempfile
import urllib.request

import kubectl_api_checks  # pylint: disable=unused-import
from kubectl_client import CHECKS, CONFIG_MAP, check, deployment, has, same


def run(kubectl, report, client, rows=None):
    """Runs the checks of these rows, or all, and says into the report what came of them."""
    for name, since, function in CHECKS:
        if kubectl.version < since or (rows and name not in rows):
            continue
        try:
            function(kubectl)
            report.add(client, name)
        except (AssertionError, KeyError, IndexError, ValueError, subprocess.TimeoutExpired, OSError) as error:
            report.add(client, name, f"{type(error).__name__}: {error}")


@check("apply, client side")
def _(k):
    apply = lambda text, *args: k("apply", *args, "-f", "-", stdin=text)
    same(apply(CONFIG_MAP % ("applied", "blue")), "configmap/applied created\n")
    same(apply(CONFIG_MAP % ("applied", "blue")), "configmap/applied unchanged\n")
    same(apply(CONFIG_MAP % ("applied", "red")), "configmap/applied configured\n")
    same(apply((CONFIG_MAP % ("applied", "x")).replace("colour", "size")), "configmap/applied configured\n")
    same(k.get("configmap", "applied")["data"], {"size": "x"})
    has(k("apply", "view-last-applied", "configmap", "applied"), "size: x")
    same(apply(CONFIG_MAP % ("other", "red"), "--dry-run=client"), "configmap/other created (dry run)\n")
    same(apply(CONFIG_MAP % ("other", "red"), "--dry-run=server"), "configmap/other created (server dry run)\n")
    pruned = apply(CONFIG_MAP % ("other", "red"), "--prune", "-l", "app=hue", "--prune-whitelist=core/v1/ConfigMap" if k.version < (1, 27)
                   else "--prune-allowlist=core/v1/ConfigMap")
    same(sorted(pruned.splitlines()), ["configmap/applied pruned", "configmap/other created"])
    k("delete", "configmap", "other")


@check("apply, from client side to server side")
def _(k):
    apply = lambda text, *args: k("apply", *args, "-f", "-", stdin=text)
    apply(CONFIG_MAP % ("moved", "blue"))
    apply(CONFIG_MAP % ("moved", "blue"), "--server-side")
    has(k("get", "configmap", "moved", "-o", "yaml", *(["--show-managed-fields"] if k.version >= (1, 21) else [])), "operation: Apply")
    if k.version >= (1, 26):  # which takes over what was applied from the client's side, so that leaving it out removes it
        apply((CONFIG_MAP % ("moved", "x")).replace("colour", "size"), "--server-side")
        same(k.get("configmap", "moved")["data"], {"size": "x"})
    k("delete", "configmap", "moved")


@check("apply set-last-applied, edit-last-applied")
def _(k):
    k("create", "-f", "-", stdin=CONFIG_MAP % ("last", "blue"))
    folder = tempfile.mkdtemp(dir=k.env["HOME"])
    with open(folder + "/map.yaml", "w", encoding="utf-8") as f:
        f.write(CONFIG_MAP % ("last", "blue"))
    same(k("apply", "set-last-applied", "-f", folder + "/map.yaml", "--create-annotation"), "configmap/last configured\n")
    has(k("apply", "view-last-applied", "configmap", "last"), "colour: blue")
    same(k("apply", "-f", folder), "configmap/last configured\n")  # the file names no namespace
    k("delete", "-f", folder, "-R")


@check("apply --prune --applyset", since=(1, 27))
def _(k):
    env = {"KUBECTL_APPLYSET": "true"}
    apply = lambda *names: k("apply", "--prune", "--applyset=secrets/set", "-f", "-", env=env,
                             stdin="---".join(CONFIG_MAP % (name, "blue") for name in names))
    same(apply("kept", "pruned"), "configmap/kept created\nconfigmap/pruned created\n")
    same(apply("kept"), "configmap/kept unchanged\nconfigmap/pruned pruned\n")
    same(k("get", "configmaps", "-l", "applyset.kubernetes.io/part-of", "-o", "name"), "configmap/kept\n")
    k("delete", "secret/set", "configmap/kept")


@check("apply -k (kustomize)")
def _(k):
    folder = tempfile.mkdtemp(dir=k.env["HOME"])
    with open(os.path.join(folder, "kustomization.yaml"), "w", encoding="utf-8") as f:
        f.write("namePrefix: my-\ngeneratorOptions: {disableNameSuffixHash: true}\nconfigMapGenerator: [{name: made, literals: [a=b]}]\n")
    same(k("apply", "-k", folder), "configmap/my-made created\n")
    same(k.get("configmap", "my-made")["data"], {"a": "b"})
    k("delete", "-k", folder)


@check("diff")
def _(k):
    for server_side in [[], ["--server-side"]]:
        k("apply", *server_side, "-f", "-", stdin=CONFIG_MAP % ("compared", "blue"))
        same(k("diff", *server_side, "-f", "-", stdin=CONFIG_MAP % ("compared", "blue")), "")
        has(k("diff", *server_side, "-f", "-", stdin=CONFIG_MAP % ("compared", "red"), fails=True), "-  colour: blue", "+  colour: red")
        k("delete", "configmap", "compared")


@check("explain")
def _(k):
    has(k("explain", "deployments"), "Deployment", "apps/v1" if k.version < (1, 27) else "GROUP:      apps", "spec", "<DeploymentSpec>" if k.version >= (1, 27) else "<Object>")
    has(k("explain", "pod.spec.containers.image"), "image", "<string>")
    has(k("explain", "cronjob", "--recursive"), "jobTemplate", "imagePullPolicy")
    has(k("explain", "pod.spec.nosuch", fails=True), 'field "nosuch" does not exist')


@check("discovery")
def _(k):
    names = k("api-resources", "-o", "name").split()
    has(names, "pods", "deployments.apps", "leases.coordination.k8s.io", "horizontalpodautoscalers.autoscaling")
    has(k("api-resources", "--namespaced=false", "--verbs=list", "--api-group=rbac.authorization.k8s.io", "--no-headers"), "clusterroles", "ClusterRoleBinding")
    has(k("api-versions").split(), "v1", "apps/v1", "autoscaling/v2")
    has(json.loads(k("version", "-o", "json"))["serverVersion"]["gitVersion"], "v1.36")
    has(k("cluster-info"), "https://127.0.0.1:")
    has(k("cluster-info", "dump", "--namespaces", k.namespace), '"kind": "NodeList"', '"kind": "EventList"', '"kind": "DaemonSetList"')


@check("get -o in every form")
def _(k):
    k("create", "-f", "-", stdin=deployment("formed"))
    forms = lambda *args: k("get", "deployment", "formed", *args)
    same(forms("-o", "name"), "deployment.apps/formed\n")
    same(json.loads(forms("-o", "json"))["kind"], "Deployment")
    has(forms("-o", "yaml"), "kind: Deployment\n", "replicas: 0\n")
    same(forms().split()[:5], ["NAME", "READY", "UP-TO-DATE", "AVAILABLE", "AGE"])
    has(forms("-o", "wide"), "CONTAINERS", "g1g1/hue-learn:v3.0", "app=formed")
    same(forms("-o", "jsonpath={.spec.template.spec.containers[*].name}"), "main")
    same(forms("-o", "go-template={{.metadata.name}}"), "formed")
    same(forms("-o", "custom-columns=N:.metadata.name,R:.spec.replicas").split(), ["N", "R", "formed", "0"])
    has(forms("--show-labels"), "LABELS", "app=formed")
    has(forms("-L", "app"), "APP")
    same(k("get", "deployments", "--field-selector", "metadata.name=nosuch", "-o", "name"), "")
    has(k("get", "deployments", "-A", "--sort-by=.metadata.name"), "NAMESPACE", "formed")
    has(k("get", "deployments,configmaps"), "deployment.apps/formed", "configmap/kube-root-ca.crt")
    has(k("get", "all"), "deployment.apps/formed")
    has(k("get", "deployments", "--server-print=false"), "NAME", "formed")
    same(k("get", "pods", "nosuch", "--ignore-not-found"), "")
    with k.talk("get", "deployments", "--watch", "--output-watch-events") as watch:
        same([watch.stdout.readline().split()[:2] for _ in range(2)], [["EVENT", "NAME"], ["ADDED", "formed"]])
    has(k("get", "deployments", "--show-kind", "--no-headers"), "deployment.apps/formed")
    k("delete", "deployment", "formed")


@check("describe")
def _(k):
    k("create", "-f", "-", stdin=deployment("told"))
    has(k("describe", "deployment", "told"), "told", "StrategyType:", "RollingUpdate", "g1g1/hue-learn:v3.0")
    k("expose", "deployment", "told", "--port=80")
    has(k("describe", "service", "told"), "Selector:", "app=told", "ClusterIP")
    has(k("describe", "namespace", k.namespace), "Active", "No resource quota.")
    has(k("describe", "clusterrole", "view"), "pods")
    has(k("describe", "configmap", "kube-root-ca.crt"), "BEGIN CERTIFICATE")
    has(k("describe", "serviceaccount", "default"), "default")
    k("delete", "service,deployment", "told")


@check("get, create, replace and delete --raw")
def _(k):
    same(k("get", "--raw", "/readyz"), "ok")
    path = f"/api/v1/namespaces/{k.namespace}/configmaps"
    body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "raw"}}
    same(json.loads(k("create", "--raw", path, "-f", "-", stdin=json.dumps(body)))["metadata"]["name"], "raw")
    if k.version >= (1, 19):
        same(json.loads(k("replace", "--raw", path + "/raw", "-f", "-", stdin=json.dumps(dict(body, data={"a": "b"}))))["data"], {"a": "b"})
    same(json.loads(k("delete", "--raw", path + "/raw"))["status"], "Success")
    has(k("get", "--raw", path + "/raw", fails=True), 'configmaps "raw" not found')


@check("edit by an editor")
def _(k):
    k("create", "-f", "-", stdin=CONFIG_MAP % ("edited", "blue"))
    editor = os.path.join(k.env["HOME"], f"editor-{k.namespace}")
    with open(editor, "w", encoding="utf-8") as f:
        f.write('#!/bin/sh\nsed -i "s/colour: blue/colour: red/" "$1"\n')
    os.chmod(editor, 0o700)
    same(k("edit", "configmap", "edited", env={"EDITOR": editor}), "configmap/edited edited\n")
    same(k.get("configmap", "edited")["data"], {"colour": "red"})
    same(k("edit", "configmap", "edited", env={"EDITOR": "true"}, both=True), "Edit cancelled, no changes made.\n")
    k("delete", "configmap", "edited")


@check("label, annotate")
def _(k):
    k("create", "configmap", "marked")
    marks = lambda: k.get("configmap", "marked")["metadata"]
    same(k("label", "configmap", "marked", "tier=front"), "configmap/marked labeled\n")
    has(k("label", "configmap", "marked", "tier=back", fails=True), "'tier' already has a value (front), and --overwrite is false")
    k("label", "configmap", "marked", "tier=back", "--overwrite")
    same(marks()["labels"], {"tier": "back"})
    k("label", "configmap", "marked", "tier-")
    has(k("annotate", "configmap", "marked", "note=this one"), "configmap/marked annotate")  # 1.27 says no more
    same(marks()["annotations"], {"note": "this one"})
    same(marks().get("labels"), None)
    k("delete", "configmap", "marked")


@check("replace --force")
def _(k):
    k("create", "-f", "-", stdin=CONFIG_MAP % ("forced", "blue"))
    before = k.get("configmap", "forced")["metadata"]["uid"]
    has(k("replace", "--force", "-f", "-", stdin=CONFIG_MAP % ("forced", "red")), 'configmap "forced" deleted', "configmap/forced replaced\n")
    after = k.get("configmap", "forced")
    same((after["data"]["colour"], after["metadata"]["uid"] != before), ("red", True))
    k("delete", "configmap", "forced")


@check("wait")
def _(k):
    k("create", "-f", "-", stdin=deployment("awaited"))
    same(k("wait", "deployment/awaited", "--for=condition=Available", "--timeout=20s"), "deployment.apps/awaited condition met\n")
    if k.version >= (1, 23):
        same(k("wait", "deployment/awaited", "--for=jsonpath={.spec.replicas}=0", "--timeout=20s"), "deployment.apps/awaited condition met\n")
    if k.version >= (1, 31):
        with k.talk("wait", "configmap/coming", "--for=create", "--timeout=20s", "-v=6") as waiting:
            has(next((line for line in waiting.stderr if "404" in line), "what was said"), "404")
            k("create", "configmap", "coming")
            same(waiting.wait(20), 0)
        k("delete", "configmap", "coming")
    has(k("wait", "deployment/awaited", "--for=condition=Nosuch", "--timeout=1s", fails=True), "timed out waiting for the condition")
    with k.talk("wait", "deployment/awaited", "--for=delete", "--timeout=20s", "-v=6") as waiting:
        has(next((line for line in waiting.stderr if "watch=true" in line), "what was said"), "watch=true")
        k("delete", "deployment", "awaited")
        same(waiting.wait(20), 0)


@check("rollout history, status, undo, restart, pause, resume")
def _(k):
    k("create", "-f", "-", stdin=deployment("rolled"))
    has(k("rollout", "status", "deployment/rolled", "--timeout=20s"), 'deployment "rolled" successfully rolled out\n')
    k("set", "image", "deployment/rolled", "main=g1g1/hue-learn:v4.0")
    k("rollout", "status", "deployment/rolled", "--timeout=20s")
    same(re.findall(r"^(\d+) ", k("rollout", "history", "deployment/rolled"), re.M), ["1", "2"])
    has(k("rollout", "history", "deployment/rolled", "--revision=1"), "g1g1/hue-learn:v3.0")
    same(k("rollout", "undo", "deployment/rolled"), "deployment.apps/rolled rolled back\n")
    image = lambda: k("get", "deployment", "rolled", "-o", "jsonpath={.spec.template.spec.containers[0].image}")
    same(image(), "g1g1/hue-learn:v3.0")
    k("rollout", "status", "deployment/rolled", "--timeout=20s")
    same(re.findall(r"^(\d+) ", k("rollout", "history", "deployment/rolled"), re.M), ["2", "3"])
    same(k("rollout", "restart", "deployment/rolled"), "deployment.apps/rolled restarted\n")
    same(k("rollout", "pause", "deployment/rolled"), "deployment.apps/rolled paused\n")
    has(k("rollout", "undo", "deployment/rolled", fails=True), "you cannot rollback a paused deployment")
    same(k("rollout", "resume", "deployment/rolled"), "deployment.apps/rolled resumed\n")
    k("rollout", "status", "deployment/rolled", "--timeout=20s")
    k("delete", "deployment", "rolled")


@check("scale, autoscale, expose, run, set")
def _(k):
    k("create", "-f", "-", stdin=deployment("scaled"))
    same(k("scale", "deployment", "scaled", "--replicas=2", "--current-replicas=0"), "deployment.apps/scaled scaled\n")
    has(k("scale", "deployment", "scaled", "--replicas=1", "--current-replicas=7", fails=True), "Expected replicas to be 7, was 2")
    k.until("two Pods", lambda: len(k("get", "pods", "-l", "app=scaled", "-o", "name").split()) == 2)
    same(k("autoscale", "deployment", "scaled", "--min=1", "--max=3"), "horizontalpodautoscaler.autoscaling/scaled autoscaled\n")
    same(k.get("hpa", "scaled")["spec"]["maxReplicas"], 3)
    same(k("expose", "deployment", "scaled", "--port=80", "--type=NodePort"), "service/scaled exposed\n")
    same(k("set", "env", "deployment/scaled", "A=b"), "deployment.apps/scaled env updated\n")
    same(k("set", "resources", "deployment/scaled", "--limits=cpu=200m"), "deployment.apps/scaled resource requirements updated\n")
    same(k("set", "selector", "service/scaled", "app=other"), "service/scaled selector updated\n")
    same(k("set", "serviceaccount", "deployment/scaled", "robot"), "deployment.apps/scaled serviceaccount updated\n")
    container = k.get("deployment", "scaled")["spec"]["template"]["spec"]["containers"][0]
    same((container["env"], container["resources"]), ([{"name": "A", "value": "b"}], {"limits": {"cpu": "200m"}}))
    k("delete", "deployment,service,hpa", "scaled")
    same(k("run", "ran", "--image=busybox", "--restart=Never"), "pod/ran created\n")
    k("delete", "pod", "ran", "--wait=false", "--force", "--grace-period=0", both=True)


@check("create NAMESPACE, CONFIGMAP and the like")
def _(k):
    created = lambda *args: has(k("create", *args), " created\n")
    folder = tempfile.mkdtemp(dir=k.env["HOME"])
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", "/CN=x",
                    "-keyout", folder + "/key", "-out", folder + "/crt"], check=True, capture_output=True)
    created("namespace", k.namespace + "-made")
    created("configmap", "made", "--from-literal=a=b", "--from-file=key=" + folder + "/crt")
    created("secret", "generic", "made", "--from-literal=a=b")
    created("secret", "tls", "made-tls", "--cert=" + folder + "/crt", "--key=" + folder + "/key")
    created("secret", "docker-registry", "made-docker", "--docker-username=u", "--docker-password=p")
    created("serviceaccount", "made")
    created("role", "made", "--verb=get,list", "--resource=pods,deployments.apps")
    created("rolebinding", "made", "--role=made", "--user=jane")
    created("clusterrole", k.namespace + "-made", "--verb=get", "--non-resource-url=/metrics")
    created("clusterrolebinding", k.namespace + "-made", "--clusterrole=" + k.namespace + "-made", "--group=g")
    created("quota", "made", "--hard=pods=100")
    created("poddisruptionbudget", "made", "--selector=app=nosuch", "--min-available=1")
    created("priorityclass", k.namespace + "-made", "--value=5")
    created("deployment", "made", "--image=busybox", "--replicas=0", "--port=80")
    created("job", "made", "--image=busybox", "--", "true")
    created("cronjob", "made", "--image=busybox", "--schedule=0 0 1 1 *", "--", "true")
    created("service", "clusterip", "made", "--tcp=80:8080")
    created("service", "nodeport", "made-nodeport", "--tcp=80")
    created("service", "loadbalancer", "made-loadbalancer", "--tcp=80")
    created("service", "externalname", "made-external", "--external-name=example.com")
    created("ingress", "made", "--rule=example.com/*=made:80")
    same(k.get("secret", "made-tls")["type"], "kubernetes.io/tls")
    same(k.get("secret", "made")["data"], {"a": "Yg=="})
    k("delete", "clusterrole,clusterrolebinding,priorityclass,namespace", k.namespace + "-made", "--wait=false")
    k("delete", "job,cronjob,deployment,service,ingress,quota,pdb,role,rolebinding", "made", "--wait=false")


@check("auth can-i, can-i --list, reconcile")
def _(k):
    k("create", "rolebinding", "jane", "--clusterrole=view", "--user=jane")
    asked = lambda *args, **options: k("auth", "can-i", *args, **options)
    k.until("the binding to count", lambda: subprocess.run([k.binary, "-n", k.namespace, "auth", "can-i", "get", "pods", "--as=jane"], env=k.env, capture_output=True, check=False).returncode == 0)
    same(asked("get", "secrets", "--as=jane", fails=True).split("\n")[0], "no")
    same(asked("*", "*"), "yes\n")
    same(asked("get", "/metrics", "--as=jane", fails=True).split("\n")[0], "no")
    same(asked("create", "pods", "--subresource=exec", "--as=jane", fails=True).split("\n")[0], "no")
    k("create", "rolebinding", "team", "--clusterrole=edit", "--user=joe")
    has(k("set", "subject", "rolebinding", "team", "--user=jim"), "rolebinding.rbac.authorization.k8s.io/team subjects updated\n")
    same([subject["name"] for subject in k.get("rolebinding", "team")["subjects"]], ["joe", "jim"])
    has(asked("--list", "--as=jane"), "pods/log", "[get list watch]", "selfsubjectaccessreviews.authorization.k8s.io")
    role = {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": {"name": "kept", "namespace": k.namespace},
            "rules": [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}]}
    has(k("auth", "reconcile", "-f", "-", stdin=json.dumps(role)), "role.rbac.authorization.k8s.io/kept reconciled")
    role["rules"][0]["verbs"] = ["list"]
    k("auth", "reconcile", "-f", "-", stdin=json.dumps(role))
    verbs = [verb for rule in k.get("role", "kept")["rules"] for verb in rule["verbs"]]
    same(sorted(verbs), ["get", "list"])


@check("auth whoami", since=(1, 28))
def _(k):
    same(json.loads(k("auth", "whoami", "-o", "json"))["status"]["userInfo"]["username"], "kubernetes-admin")


@check("scale and status", since=(1, 24))
def _(k):
    k("create", "-f", "-", stdin=deployment("sized"))
    same(k("scale", "deployment", "sized", "--replicas=1"), "deployment.apps/sized scaled\n")
    k("delete", "deployment", "sized")
    service = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "state"}, "spec": {"type": "LoadBalancer", "ports": [{"port": 80}]}}
    k("create", "-f", "-", stdin=json.dumps(service))
    k("patch", "service", "state", "--subresource=status", "--type=merge", "-p", '{"status":{"loadBalancer":{"ingress":[{"ip":"192.0.2.1"}]}}}')
    read = json.loads(k("get", "service", "state", "--subresource=status", "-o", "json"))
    same(read["status"]["loadBalancer"]["ingress"], [{"ip": "192.0.2.1", "ipMode": "VIP"}])
    k("delete", "service", "state")


@check("cordon, taint, drain")
def _(k):
    name = "node-" + k.namespace
    k("create", "-f", "-", stdin=json.dumps({"apiVersion": "v1", "kind": "Node", "metadata": {"name": name}}))
    has(k("cordon", name), f"node/{name} cordoned\n")
    has(k("get", "node", name), "SchedulingDisabled")
    k("taint", "node", name, "own=yes:NoSchedule")
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "drained"},
           "spec": {"nodeName": name, "terminationGracePeriodSeconds": 0, "containers": [{"name": "c", "image": "busybox"}]}}
    k("create", "-f", "-", stdin=json.dumps(pod))
    has(k("drain", name, "--force", "--timeout=20s", both=True), f"pod/drained evicted\n")
    has(k("get", "pod", "drained", fails=True), "NotFound")
    has(k("uncordon", name), f"node/{name} uncordoned\n")
    k("delete", "node", name)


@check("certificate approve and deny")
def _(k):
    folder = tempfile.mkdtemp(dir=k.env["HOME"])
    subprocess.run(["openssl", "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", "/CN=jane",
                    "-keyout", folder + "/key", "-out", folder + "/csr"], check=True, capture_output=True)
    with open(folder + "/csr", "rb") as f:
        request = base64.b64encode(f.read()).decode()
    for verdict, condition in [("approve", "Approved"), ("deny", "Denied")]:
        name = f"{verdict}-{k.namespace}"
        k("create", "-f", "-", stdin=json.dumps({"apiVersion": "certificates.k8s.io/v1", "kind": "CertificateSigningRequest", "metadata": {"name": name},
                                                 "spec": {"request": request, "signerName": "example.com/mine", "usages": ["client auth"]}}))
        has(k("certificate", verdict, name), {"approve": "approved", "deny": "denied"}[verdict])
        same(k.get("csr", name)["status"]["conditions"][0]["type"], condition)
        k("delete", "csr", name)


@check("events", since=(1, 26))
def _(k):
    k("create", "-f", "-", stdin=json.dumps({
        "apiVersion": "v1", "kind": "Event", "metadata": {"name": "said"}, "reason": "Told", "message": "it was said", "type": "Normal",
        "involvedObject": {"kind": "ConfigMap", "name": "subject", "namespace": k.namespace, "apiVersion": "v1"},
        "lastTimestamp": "2026-01-01T00:00:00Z", "source": {"component": "test"}}))
    has(k("events"), "Told", "configmap/subject" if k.version < (1, 26) else "ConfigMap/subject", "it was said")
    has(k("events", "--for", "configmap/subject"), "Told")


def waiting_pod(name):
    """A Pod that nobody runs."""
    return json.dumps({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": {"terminationGracePeriodSeconds": 0, "containers": [
        {"name": "main", "image": "busybox", "resources": {"requests": {"cpu": "100m"}}}]}})


@check("debug, by an ephemeral container and by a copy", since=(1, 27))
def _(k):
    k("create", "-f", "-", stdin=waiting_pod("sick"))
    k("debug", "sick", "--image=busybox", "-c", "doctor", "--target=main", "--", "sh", both=True)
    doctor = k.get("pod", "sick")["spec"]["ephemeralContainers"][0]
    same((doctor["name"], doctor["targetContainerName"], doctor["command"]), ("doctor", "main", ["sh"]))
    k("debug", "sick", "--image=busybox", "-c", "doctor", "--copy-to=twin", "--", "sh", both=True)
    same([c["name"] for c in k.get("pod", "twin")["spec"]["containers"]], ["main", "doctor"])
    k("delete", "pod", "sick", "twin")


@check("patch --subresource=resize", since=(1, 32))
def _(k):
    resize = lambda resources, **options: k("patch", "pod", "sized", "--subresource=resize", "-p", json.dumps(
        {"spec": {"containers": [{"name": "main", "resources": resources}]}}), **options)
    k("create", "-f", "-", stdin=waiting_pod("sized"))
    same(resize({"requests": {"cpu": "200m"}}), "pod/sized patched\n")
    same(k.get("pod", "sized")["spec"]["containers"][0]["resources"], {"requests": {"cpu": "200m"}})
    has(resize({"requests": {"cpu": None}}, fails=True), "Pod QOS Class may not change as a result of resizing")
    k("delete", "pod", "sized")


@check("top, without metrics")
def _(k):
    has(k("top", "pods", fails=True), "error: Metrics API not available")


@check("proxy")
def _(k):
    with k.talk("proxy", "--port=0") as proxy:
        address = re.search(r"127\.0\.0\.1:\d+", proxy.stdout.readline())[0]
        with urllib.request.urlopen(f"http://{address}/api/v1/namespaces/{k.namespace}", timeout=10) as answer:
            same(json.load(answer)["metadata"]["name"], k.namespace)


@check("delete --cascade, --selector, --all")
def _(k):
    k("create", "-f", "-", stdin=deployment("owner"))
    owned = lambda: k("get", "replicasets", "-l", "app=owner", "-o", "name").split()
    k.until("a ReplicaSet", owned)
    k("delete", "deployment", "owner", "--cascade=orphan")
    same(len(owned()), 1)
    k("create", "-f", "-", stdin=deployment("owner"))
    k.until("the orphan to be adopted", lambda: k("get", "replicasets", "-l", "app=owner", "-o", "jsonpath={.items[*].metadata.ownerReferences[*].kind}") == "Deployment")
    k("delete", "deployment", "owner", "--cascade=foreground")
    same(owned(), [])
    k("create", "-f", "-", stdin=deployment("owner"))
    k("delete", "deployments", "-l", "app=owner")
    k("delete", "configmaps", "--all")
    k.until("the garbage to be collected", lambda: not owned())
