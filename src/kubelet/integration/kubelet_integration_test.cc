// The kubelet over a real containerd and a fake API: real containers, volumes, control groups and logs.
#include "kubelet/integration/node_fixture.h"

namespace xebec::kubelet::testing {
namespace {

Task<void> scenario(containerd::Containerd& containerd, std::string images, KubeletOptions options,
                    corev1::Pod job, corev1::Pod web) {
  bool ok = false;
  co_await build_and_start(containerd, images, ok);
  if (!ok) co_return;
  Node node(options, containerd.runtime());
  if (!give_cgroups(node, options)) co_return;
  put_sources(node, {{"key", "s3cret"}});
  node.start();

  // A job that reads its volumes and environment, and leaves a message.
  node.api->put(job);
  std::function<bool()> check = [&] { return node.get(job.metadata.name).status.phase == "Succeeded"; };
  bool done = co_await until(check);
  corev1::Pod ended = node.get(job.metadata.name);
  EXPECT_TRUE(done) << ended.status.phase;
  if (!ended.status.containerStatuses.empty()) {
    const auto& state = ended.status.containerStatuses[0].state;
    if (state.waiting) ADD_FAILURE() << state.waiting->reason << ": " << state.waiting->message;
    if (state.terminated) {
      EXPECT_EQ(state.terminated->message, "bye");
      EXPECT_EQ(state.terminated->reason, "Completed");
    }
  }
  std::string log =
      read_file(options.log_root + "/default_" + job.metadata.name + "_" + job.metadata.uid + "/main/0.log");
  EXPECT_NE(log.find("stdout F hello s3cret teal kept"), std::string::npos) << log;
  if (!done) {
    for (const corev1::Event& event : node.api->list<corev1::Event>("default"))
      ADD_FAILURE() << event.reason << ": " << event.message;
  }

  // A server that outlives the kubelet, and is then deleted without a trace.
  node.api->put(web);
  check = [&] { return node.get(web.metadata.name).status.phase == "Running"; };
  done = co_await until(check);
  EXPECT_TRUE(done);
  corev1::Pod running = node.get(web.metadata.name);
  EXPECT_TRUE(running.status.podIP.starts_with("198.18.78.")) << running.status.podIP;
  check = [&] {
    corev1::Pod now = node.get(web.metadata.name);
    return !now.status.containerStatuses.empty() && now.status.containerStatuses[0].ready;
  };
  done = co_await until(check);
  EXPECT_TRUE(done) << "the http probe never passed";
  std::string id = node.get(web.metadata.name).status.containerStatuses.at(0).containerID;
  co_await node.stop();
  node.start();
  check = [&] {
    return node.kubelet->container(web.metadata.uid, "main").value_or(ContainerView()).phase ==
           ContainerPhase::kRunning;
  };
  done = co_await until(check);
  EXPECT_TRUE(done);
  EXPECT_EQ("containerd://" + node.kubelet->container(web.metadata.uid, "main").value_or(ContainerView()).id,
            id);

  for (corev1::Pod pod : {node.get(job.metadata.name), node.get(web.metadata.name)}) {
    pod.metadata.deletionTimestamp = api::Time::from_unix(1764460900);
    pod.metadata.deletionGracePeriodSeconds = 1;
    node.api->put(pod);
  }
  // The in-memory API lets go of them at once; the node takes them down all the same.
  check = [&] {
    return node.api->list<corev1::Pod>("default").empty() && node.cgroups->pods().empty() &&
           !fs::exists(options.root_dir + "/pods/" + web.metadata.uid);
  };
  done = co_await until(check);
  EXPECT_TRUE(done) << "pods, their control groups or their files are still there";
  cri::PodSandboxFilter any_sandbox;
  Result<std::vector<cri::PodSandbox>> left = co_await containerd.runtime().list_pod_sandboxes(any_sandbox);
  EXPECT_TRUE(left && left->empty());
  co_await node.stop();
}

TEST_F(KubeletIntegrationTest, PodsRunOverRealContainersAndLeaveNothing) {
  corev1::Pod job =
      make("job", {"sh", "-c",
                   "echo $GREETING $(cat /keys/key) $(cat /info/color) $(cat /scratch/sub/file); "
                   "grep -q job /etc/hosts && printf bye > /dev/termination-log"});
  corev1::Container& container = job.spec.containers[0];
  corev1::EnvVar& variable = container.env.emplace_back();
  variable.name = "GREETING";
  auto& ref = variable.valueFrom.emplace().configMapKeyRef.emplace();
  ref.name = "settings";
  ref.key = "greeting";
  auto mount = [](corev1::Container& into, const char* name, const char* path) -> corev1::VolumeMount& {
    corev1::VolumeMount& m = into.volumeMounts.emplace_back();
    m.name = name;
    m.mountPath = path;
    return m;
  };
  corev1::Volume& keys = job.spec.volumes.emplace_back();
  keys.name = "keys";
  keys.secret.emplace().secretName = "keys";
  mount(container, "keys", "/keys");
  corev1::Volume& info = job.spec.volumes.emplace_back();
  info.name = "info";
  corev1::DownwardAPIVolumeFile& file =
      info.projected.emplace().sources.emplace_back().downwardAPI.emplace().items.emplace_back();
  file.path = "color";
  file.fieldRef.emplace().fieldPath = "metadata.labels['color']";
  mount(container, "info", "/info");
  corev1::Volume& scratch = job.spec.volumes.emplace_back();
  scratch.name = "scratch";
  scratch.emptyDir.emplace().medium = "Memory";
  mount(container, "scratch", "/scratch/sub").subPath = "deep/er";
  corev1::Container& init = job.spec.initContainers.emplace_back(container);
  init.name = "init";
  init.command = {"sh", "-c", "echo kept > /scratch/sub/file"};

  corev1::Pod web = make("server", {"httpd", "-f", "-p", "8080"});
  web.spec.restartPolicy = "Always";
  corev1::Probe& probe = web.spec.containers[0].readinessProbe.emplace();
  auto& get = probe.httpGet.emplace();
  get.path = "/bin/busybox";
  get.port = api::IntOrString(8080);
  probe.periodSeconds = 1;
  probe.timeoutSeconds = 2;
  block_on(scenario(*containerd_, images_, options_, job, web));
}

}  // namespace
}  // namespace xebec::kubelet::testing
