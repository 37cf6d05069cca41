// What the node measures, and what it does when memory or disk run short.
#include <gmock/gmock.h>

#include "kubelet/images/image_gc.h"
#include "kubelet/integration/node_fixture.h"
#include "kubelet/server/stats/node_snapshot.h"
#include "kubelet/server/stats/summary.h"

namespace xebec::kubelet::testing {
namespace {

using ::testing::HasSubstr;

// The number after `text`, in a text of samples or JSON.
double number_after(const std::string& in, const std::string& text) {
  size_t at = in.find(text);
  return at == std::string::npos ? -1 : std::atof(in.c_str() + at + text.size());
}

Task<void> expect_statistics(Node& node, const corev1::Pod& pod) {
  StatsReader stats(*node.kubelet, node.runtime, node.clock);
  // Usage comes to be known a while after a container has started.
  NodeSnapshot snapshot;
  std::string summary;
  for (int i = 0; i < 100; ++i) {
    snapshot = co_await stats.read();
    summary = summary_json(snapshot, false);
    if (summary.find("\"rootfs\"") != std::string::npos && snapshot.nano_cores.size() > 1) break;
    co_await sleep_for(100ms);
  }
  co_await sleep_for(1100ms);
  snapshot = co_await stats.read();
  EXPECT_FALSE(snapshot.failed);
  summary = summary_json(snapshot, false);
  EXPECT_THAT(summary, HasSubstr("\"podRef\":{\"name\":\"" + pod.metadata.name +
                                 "\",\"namespace\":\"default\",\"uid\":\"" + pod.metadata.uid + "\"}"));
  EXPECT_THAT(summary, HasSubstr("\"rootfs\""));
  EXPECT_THAT(summary, HasSubstr("\"interfaces\":[{\"name\":\"eth0\",\"rxBytes\":"));
  EXPECT_THAT(summary, HasSubstr("\"process_stats\":{\"process_count\":"));
  std::string labels = "namespace=\"default\",pod=\"" + pod.metadata.name + "\"}";
  std::string resource = resource_metrics(snapshot);
  EXPECT_GT(number_after(resource, "container_memory_working_set_bytes{container=\"main\"," + labels + " "),
            8e6);
  EXPECT_GT(number_after(resource, "container_cpu_usage_seconds_total{container=\"main\"," + labels + " "),
            0);
  EXPECT_GT(number_after(resource, "pod_memory_working_set_bytes{" + labels + " "), 8e6);
  EXPECT_GT(number_after(resource, "\nnode_memory_working_set_bytes "), 8e6);
  EXPECT_EQ(number_after(resource, "\nresource_scrape_error "), 0);
  std::string cadvisor = cadvisor_metrics(snapshot);
  EXPECT_THAT(cadvisor, HasSubstr("container_memory_working_set_bytes{container=\"main\",id=\""));
  EXPECT_THAT(
      cadvisor,
      HasSubstr(
          "container_network_receive_bytes_total{container=\"\",id=\"\",image=\"\",interface=\"eth0\""));
}

Task<void> expect_images_collected(Node& node) {
  ImageGcOptions options;
  options.sandbox_image = node.options.sandbox_image;
  ImageGc gc(node.env, node.runtime, node.machine, options);
  Result<DiskSpace> space = co_await gc.space();
  EXPECT_TRUE(space && space->bytes > 0);
  cri::ImageSpec unused;
  unused.image = "docker.io/g1g1/hue-learn:v3.0";
  std::optional<cri::AuthConfig> nobody;
  cri::PodSandboxConfig any;
  Result<std::string> pulled = co_await node.runtime.pull_image(unused, nobody, any);
  EXPECT_TRUE(pulled) << (pulled ? "" : pulled.error().message);
  Result<int64_t> freed = co_await gc.delete_unused();
  EXPECT_TRUE(freed && *freed > 0);
  Result<std::vector<cri::Image>> left = co_await node.runtime.list_images();
  std::vector<std::string> names;
  if (left) {
    for (const cri::Image& image : *left)
      names.insert(names.end(), image.repo_tags.begin(), image.repo_tags.end());
  }
  EXPECT_THAT(names, ::testing::Contains("docker.io/library/busybox:latest")) << "a container runs it";
  EXPECT_THAT(names, ::testing::Contains(options.sandbox_image));
  EXPECT_THAT(names, ::testing::Not(::testing::Contains(unused.image)));
}

Task<void> pressure(Node& node, Pods pods) {
  node.start();
  for (const corev1::Pod& pod : pods) node.api->put(pod);
  std::function<bool()> running = [&] {
    for (const corev1::Pod& pod : pods) {
      if (node.get(pod.metadata.name).status.phase != "Running") return false;
    }
    return node.log(pods[1]).find("ready") != std::string::npos;
  };
  bool done = co_await until(running);
  EXPECT_TRUE(done) << node.events();
  co_await expect_statistics(node, pods[1]);
  co_await expect_images_collected(node);

  node.machine.memory_available = 50 << 20;
  std::function<bool()> evicted = [&] { return node.get("greedy").status.phase == "Failed"; };
  done = co_await until(evicted);
  EXPECT_TRUE(done) << node.events();
  corev1::Pod greedy = node.get("greedy");
  EXPECT_EQ(greedy.status.reason, "Evicted");
  EXPECT_THAT(
      greedy.status.message,
      ::testing::MatchesRegex("The node was low on resource: memory. Threshold quantity: 100Mi, available: "
                              "51200Ki. Container main was using [0-9]+Ki, request is 8Mi, has larger "
                              "consumption of memory. "));
  EXPECT_EQ(node.get("modest").status.phase, "Running") << "uses less than it asked for";
  node.machine.memory_available.reset();
  std::function<bool()> told = [&] {
    std::optional<corev1::Node> now = node.api->get<corev1::Node>("", "node-1");
    if (!now) return false;
    for (const corev1::NodeCondition& condition : now->status.conditions) {
      if (condition.type == "MemoryPressure") return condition.status == "True";
    }
    return false;
  };
  done = co_await until(told);
  EXPECT_TRUE(done) << "the pressure shows on the node";
  co_await clear(node);
}

TEST_F(KubeletIntegrationTest, UsageIsMeasuredAndAShortageEndsWhoUsesMoreThanItAskedFor) {
  const char* fill = "dd if=/dev/zero of=/dev/shm/x bs=1M count=12; echo ready; sleep 3600";
  corev1::Pod modest = make("modest", {"sh", "-c", "sleep 3600"});
  corev1::Pod greedy = make("greedy", {"sh", "-c", fill});
  for (corev1::Pod* pod : {&modest, &greedy}) {
    pod->spec.containers[0].resources.requests["memory"] =
        api::Quantity::must_parse(pod == &modest ? "32Mi" : "8Mi");
  }
  options_.sandbox_image = runtime_options_.sandbox_image;
  Pods pods = {modest, greedy};
  block_on(on_node(*containerd_, images_, options_, pressure, pods));
}

}  // namespace
}  // namespace xebec::kubelet::testing
