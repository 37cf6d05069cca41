// The official JavaScript client (npm's @kubernetes/client-node): usage: node_client.mjs api|restart|node, with KUBECONFIG,
// TEST_NAMESPACE and NODE_CLIENT, the package's folder. Says a JSON line a capability: {"capability": ..., "error": null or
// text}; `restart` says READY before it waits for the restart.
import net from "node:net";
import { PassThrough } from "node:stream";
import { deepStrictEqual as same } from "node:assert";

const k8s = await import(`${process.env.NODE_CLIENT}/dist/index.js`);
const namespace = process.env.TEST_NAMESPACE;
const config = new k8s.KubeConfig();
config.loadFromFile(process.env.KUBECONFIG);
const core = config.makeApiClient(k8s.CoreV1Api);
const apps = config.makeApiClient(k8s.AppsV1Api);
const image = "g1g1/hue-learn:v3.0";
const sleep = (ms) => new Promise((done) => setTimeout(done, ms));

const configMap = (name, data = {}) => ({ metadata: { name, labels: { app: "hue" } }, data });
const deployment = (name, replicas = 0) => ({
  metadata: { name },
  spec: {
    replicas,
    selector: { matchLabels: { app: name } },
    template: { metadata: { labels: { app: name } }, spec: { containers: [{ name: "main", image }] } },
  },
});

async function refused(code, reason, message, call) {
  try {
    await call();
  } catch (error) {
    if (!(error instanceof k8s.ApiException)) throw error;
    const body = typeof error.body === "string" ? JSON.parse(error.body) : error.body;
    return same([error.code, body.reason, body.message], [code, reason, message]);
  }
  throw new Error(`not refused: ${message}`);
}

async function within(seconds, what, promise) {
  let timer;
  const late = new Promise((_, fail) => { timer = setTimeout(() => fail(new Error(`${what}: not within ${seconds} s`)), seconds * 1000); });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

async function crud() {
  const made = await core.createNamespacedConfigMap({ namespace, body: configMap("one", { colour: "blue" }) });
  same(made.metadata.namespace, namespace);
  const body = await core.readNamespacedConfigMap({ namespace, name: "one" });
  body.data.colour = "green";
  await core.replaceNamespacedConfigMap({ namespace, name: "one", body });
  await refused(409, "Conflict", 'Operation cannot be fulfilled on configmaps "one": the object has been modified; please apply your changes to the latest version and try again',
    () => core.replaceNamespacedConfigMap({ namespace, name: "one", body }));
  const list = await core.listNamespacedConfigMap({ namespace, labelSelector: "app=hue" });
  same(list.items.map((item) => item.data.colour), ["green"]);
  same((await core.deleteNamespacedConfigMap({ namespace, name: "one" })).status, "Success");
  await refused(404, "NotFound", 'configmaps "one" not found', () => core.readNamespacedConfigMap({ namespace, name: "one" }));
}

const patching = (kind, body, wanted) => async () => {
  await apps.createNamespacedDeployment({ namespace, body: deployment("patched") });
  try {
    const type = k8s.setHeaderOptions("Content-Type", kind);
    await apps.patchNamespacedDeployment({ namespace, name: "patched", body }, type);
    const read = await apps.readNamespacedDeployment({ namespace, name: "patched" });
    same(read.spec.template.spec.containers.map((c) => [c.name, c.image]), wanted);
  } finally {
    await apps.deleteNamespacedDeployment({ namespace, name: "patched" });
  }
};
const containers = { spec: { template: { spec: { containers: [{ name: "other", image: "two" }] } } } };

async function apply() {
  const put = (fieldManager, colour, force) => core.patchNamespacedConfigMap(
    { namespace, name: "owned", fieldManager, force, body: { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "owned" }, data: { colour } } },
    k8s.setHeaderOptions("Content-Type", k8s.PatchStrategy.ServerSideApply));
  await put("one", "blue");
  await refused(409, "Conflict", 'Apply failed with 1 conflict: conflict with "one": .data.colour', () => put("two", "red"));
  await put("two", "red", true);
  same((await core.readNamespacedConfigMap({ namespace, name: "owned" })).data, { colour: "red" });
  await core.deleteNamespacedConfigMap({ namespace, name: "owned" });
}

async function paging() {
  const names = [0, 1, 2, 3, 4].map((i) => `page-${i}`);
  for (const name of names) await core.createNamespacedConfigMap({ namespace, body: configMap(name) });
  const got = [];
  let pages = 0;
  let _continue;
  do {
    const page = await core.listNamespacedConfigMap({ namespace, labelSelector: "app=hue", limit: 2, _continue });
    got.push(...page.items.map((item) => item.metadata.name));
    _continue = page.metadata._continue;
    ++pages;
  } while (_continue);
  same([got, pages], [names, 3]);
  await core.deleteCollectionNamespacedConfigMap({ namespace, labelSelector: "app=hue" });
  same((await core.listNamespacedConfigMap({ namespace, labelSelector: "app=hue" })).items, []);
}

async function watching() {
  const resourceVersion = (await core.listNamespacedConfigMap({ namespace })).metadata.resourceVersion;
  const seen = [];
  let request;
  const all = new Promise((done, fail) => {
    request = new k8s.Watch(config).watch(`/api/v1/namespaces/${namespace}/configmaps`, { resourceVersion, labelSelector: "app=hue" },
      (type, object) => { if (seen.push([type, object.data.a]) === 3) done(); }, (error) => error ? fail(error) : done());
  });
  await core.createNamespacedConfigMap({ namespace, body: configMap("watched", { a: "1" }) });
  await core.patchNamespacedConfigMap({ namespace, name: "watched", body: { data: { a: "2" } } },
    k8s.setHeaderOptions("Content-Type", k8s.PatchStrategy.MergePatch));
  await core.deleteNamespacedConfigMap({ namespace, name: "watched" });
  await within(20, "three events", all);
  same(seen, [["ADDED", "1"], ["MODIFIED", "2"], ["DELETED", "2"]]);
  (await request).abort();
}

function informer(labelSelector) {
  const path = `/api/v1/namespaces/${namespace}/configmaps`;
  return k8s.makeInformer(config, path, () => core.listNamespacedConfigMap({ namespace, labelSelector }), labelSelector);
}

async function informing() {
  await core.createNamespacedConfigMap({ namespace, body: configMap("before", { a: "1" }) });
  const watched = informer("app=hue");
  const seen = [];
  const gone = new Promise((done) => {
    watched.on("add", (o) => seen.push(["add", o.metadata.name]));
    watched.on("update", (o) => seen.push(["update", o.metadata.name, watched.get(o.metadata.name, namespace).data.a]));
    watched.on("delete", (o) => { seen.push(["delete", o.metadata.name]); if (o.metadata.name === "after") done(); });
  });
  await watched.start();
  same(watched.list().map((o) => o.metadata.name), ["before"]);
  const merge = k8s.setHeaderOptions("Content-Type", k8s.PatchStrategy.MergePatch);
  await core.patchNamespacedConfigMap({ namespace, name: "before", body: { data: { a: "2" } } }, merge);
  await core.createNamespacedConfigMap({ namespace, body: configMap("after") });
  await core.deleteNamespacedConfigMap({ namespace, name: "before" });
  await core.deleteNamespacedConfigMap({ namespace, name: "after" });
  await within(20, "the events", gone);
  await watched.stop();
  same(seen, [["add", "before"], ["update", "before", "2"], ["add", "after"], ["delete", "before"], ["delete", "after"]]);
}

async function errors() {
  await core.createNamespacedConfigMap({ namespace, body: configMap("twice") });
  await refused(409, "AlreadyExists", 'configmaps "twice" already exists', () => core.createNamespacedConfigMap({ namespace, body: configMap("twice") }));
  await core.deleteNamespacedConfigMap({ namespace, name: "twice" });
  await refused(422, "Invalid", 'Deployment.apps "bad" is invalid: spec.replicas: Invalid value: -1: must be greater than or equal to 0',
    () => apps.createNamespacedDeployment({ namespace, body: deployment("bad", -1) }));
  await refused(403, "Forbidden", `pods is forbidden: User "jane" cannot list resource "pods" in API group "" in the namespace "${namespace}"`,
    () => core.listNamespacedPod({ namespace }, k8s.setHeaderOptions("Impersonate-User", "jane")));
  // What its code generator gives no type for, it does not read: of this answer the code alone.
  await withToken("nonsense").listNamespacedPod({ namespace }).then(() => same("", "refused"), (error) => same(error.code, 401));
}

function withToken(token) {
  const other = new k8s.KubeConfig();
  other.loadFromClusterAndUser(config.getCurrentCluster(), { name: "robot", token });
  return other.makeApiClient(k8s.CoreV1Api);
}

async function token() {
  await core.createNamespacedServiceAccount({ namespace, body: { metadata: { name: "robot" } } });
  const answer = await core.createNamespacedServiceAccountToken({ namespace, name: "robot", body: { spec: { audiences: [], expirationSeconds: 600 } } });
  await refused(403, "Forbidden", `pods is forbidden: User "system:serviceaccount:${namespace}:robot" cannot list resource "pods" in API group "" in the namespace "${namespace}"`,
    () => withToken(answer.status.token).listNamespacedPod({ namespace }));
}

async function subresources() {
  await apps.createNamespacedDeployment({ namespace, body: deployment("sized") });
  const merge = k8s.setHeaderOptions("Content-Type", k8s.PatchStrategy.MergePatch);
  const scale = await apps.patchNamespacedDeploymentScale({ namespace, name: "sized", body: { spec: { replicas: 1 } } }, merge);
  same(scale.spec.replicas, 1);
  await apps.patchNamespacedDeploymentStatus({ namespace, name: "sized", body: { status: { conditions: [{ type: "Own", status: "True" }] } } }, merge);
  await apps.deleteNamespacedDeployment({ namespace, name: "sized", propagationPolicy: "Background" });
}

async function dynamic() {
  const objects = k8s.KubernetesObjectApi.makeApiClient(config);
  const lease = { apiVersion: "coordination.k8s.io/v1", kind: "Lease", metadata: { name: "mine", namespace } };
  same((await objects.create({ ...lease, spec: { holderIdentity: "me" } })).spec.holderIdentity, "me");
  const leases = await objects.list(lease.apiVersion, lease.kind, namespace);
  same(leases.items.map((item) => item.metadata.name), ["mine"]);
  await objects.delete(lease);
  same((await config.makeApiClient(k8s.VersionApi).getCode()).minor, "36");
}

// As the client's users write it: an informer that reports an error is started again.
async function restart() {
  const watched = informer("round");
  const seen = [];
  const after = new Promise((done) => {
    watched.on("add", (o) => {
      if (!seen.includes(o.metadata.name)) seen.push(o.metadata.name);
      console.log(`SEEN ${o.metadata.name}`);
      if (o.metadata.name === "after") done();
    });
    watched.on("error", () => setTimeout(again, 100));
  });
  const again = () => watched.start().catch(() => setTimeout(again, 100));
  await watched.start();
  console.log("READY");
  await within(60, "the object that was made after the restart", after);
  await watched.stop();
  same(seen, ["before", "after"]);
}

async function logs() {
  same((await core.readNamespacedPodLog({ namespace, name: "speaker" })).split("\n")[0], "one");
  same(await core.readNamespacedPodLog({ namespace, name: "speaker", tailLines: 1 }), "two\n");
  const out = new PassThrough();
  const first = new Promise((done) => out.once("data", (data) => done(data.toString().split("\n")[0])));
  const following = await new k8s.Log(config).log(namespace, "speaker", "", out, { follow: true });
  same(await within(20, "the log", first), "one");
  following.abort();
}

async function exec() {
  const stdin = new PassThrough(), stdout = new PassThrough(), stderr = new PassThrough();
  let out = "", err = "";
  stdout.on("data", (data) => { out += data; });
  stderr.on("data", (data) => { err += data; });
  const ended = new Promise((done) => {
    new k8s.Exec(config).exec(namespace, "speaker", "main", ["sh"], stdout, stderr, stdin, false, done);
  });
  stdin.write("echo out; echo err >&2; exit 3\n");
  const status = await within(20, "the end of the shell", ended);
  await sleep(50);
  same([out, err, status.reason, status.details.causes], ["out\n", "err\n", "NonZeroExitCode", [{ reason: "ExitCode", message: "3" }]]);
}

async function portForward() {
  const forward = new k8s.PortForward(config);
  const server = net.createServer((socket) => forward.portForward(namespace, "speaker", [80], socket, null, socket));
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  const answer = fetch(`http://127.0.0.1:${server.address().port}/index.html`, { headers: { Connection: "close" } }).then((got) => got.text());
  same(await within(20, "the page", answer), "a page\n");
  server.close();
}

const phases = {
  api: [["create, get, list, update, delete", crud],
    ["patch: JSON", patching(k8s.PatchStrategy.JsonPatch, [{ op: "replace", path: "/spec/template/spec/containers/0/image", value: "two" }], [["main", "two"]])],
    ["patch: merge", patching(k8s.PatchStrategy.MergePatch, containers, [["other", "two"]])],
    ["patch: strategic merge", patching(k8s.PatchStrategy.StrategicMergePatch, containers, [["other", "two"], ["main", image]])],
    ["server-side apply and its conflict", apply], ["list with limit and continue", paging], ["watch", watching],
    ["informer", informing], ["errors in upstream's reasons and words", errors],
    ["authentication by a service account's token", token], ["scale and status", subresources],
    ["discovery", dynamic]],
  restart: [["watch through kill -9 of the server", restart]],
  node: [["logs", logs], ["exec", exec], ["port-forward", portForward]],
};
for (const [capability, call] of phases[process.argv[2]]) {
  let error = null;
  try {
    await call();
  } catch (problem) { // whatever a client throws is the answer
    error = String(problem?.stack ?? problem);
  }
  console.log(JSON.stringify({ capability, error }));
}
process.exit(0);
