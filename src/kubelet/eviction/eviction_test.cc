// What a node does that runs short, and what becomes of its pods.
#include "kubelet/eviction/eviction_manager.h"

#include "kubelet/kubelet_fixture.h"

namespace xebec::kubelet {
namespace {

class EvictionTest : public KubeletTest {
 protected:
  std::string node_condition(std::string_view type) {
    corev1::Node node = sim.api->get<corev1::Node>("", "node-1").value();
    for (const corev1::NodeCondition& c : node.status.conditions) {
      if (c.type == type) return c.status + " " + c.reason;
    }
    return "";
  }
  bool has_node_event(std::string_view text) {
    for (const corev1::Event& event : sim.api->list<corev1::Event>("default")) {
      if (event.involvedObject.kind == "Node" &&
          (event.reason + ": " + event.message).find(text) != std::string::npos)
        return true;
    }
    return false;
  }
};

TEST_F(EvictionTest, WithoutMemoryThePodThatAskedForNoneGoesFirst) {
  start();
  corev1::Pod modest = make("modest");
  modest.spec.containers[0].resources.requests["memory"] = api::Quantity::must_parse("64Mi");
  sim.api->put(modest);
  sim.api->put(make("greedy"));
  sim.run_for(5s);
  machine.left.memory_available_bytes = 50 << 20;
  sim.run_for(12s);
  EXPECT_EQ(node_condition("MemoryPressure"), "True KubeletHasInsufficientMemory");
  EXPECT_TRUE(
      has_node_event("NodeHasInsufficientMemory: Node node-1 status is now: NodeHasInsufficientMemory"));
  EXPECT_TRUE(has_node_event("EvictionThresholdMet: Attempting to reclaim memory"));
  machine.left.memory_available_bytes = 1 << 30;
  sim.run_for(12s);
  corev1::Pod gone = get("greedy");
  EXPECT_EQ(gone.status.phase, "Failed");
  EXPECT_EQ(gone.status.reason, "Evicted");
  EXPECT_EQ(gone.status.message,
            "The node was low on resource: memory. Threshold quantity: 100Mi, available: 51200Ki. Container "
            "main was "
            "using 8192Ki, request is 0, has larger consumption of memory. ");
  EXPECT_EQ(whole_condition(gone, "DisruptionTarget"), "True TerminationByKubelet: " + gone.status.message);
  EXPECT_TRUE(has_event("greedy", "Evicted: The node was low on resource: memory."));
  EXPECT_EQ(get("modest").status.phase, "Running");
  // The condition stays for a while, so that the scheduler does not send the next ones at once.
  EXPECT_EQ(node_condition("MemoryPressure"), "True KubeletHasInsufficientMemory");
  sim.run_for(6min);
  EXPECT_EQ(node_condition("MemoryPressure"), "False KubeletHasSufficientMemory");
}

TEST_F(EvictionTest, AFullDiskIsRelievedOfImagesFirst) {
  start();
  runtime->add_image("unused");
  sim.api->put(make("web"));
  sim.run_for(5s);
  machine.left.disk.available_bytes = machine.left.disk.bytes / 20;
  sim.run_for(12s);
  EXPECT_EQ(node_condition("DiskPressure"), "True KubeletHasDiskPressure");
  std::vector<std::string> removed = calls("remove_image");
  ASSERT_EQ(removed.size(), 1U) << "the image that runs stays";
  EXPECT_EQ(get("web").status.reason, "Evicted") << "nothing was freed by that";
}

TEST_F(EvictionTest, AnEmptyDirThatOutgrowsItsLimitEndsThePod) {
  start();
  corev1::Pod pod = make("web");
  corev1::Volume& volume = pod.spec.volumes.emplace_back();
  volume.name = "scratch";
  volume.emptyDir.emplace().sizeLimit = api::Quantity::must_parse("1Ki");
  sim.api->put(pod);
  sim.run_for(15s);
  EXPECT_EQ(get("web").status.phase, "Running");
  files.contents["/nonexistent/kubelet/pods/uid-web/volumes/kubernetes.io~empty-dir/scratch/f"] =
      std::string(2000, 'x');
  sim.run_for(15s);
  EXPECT_EQ(get("web").status.reason, "Evicted");
  EXPECT_EQ(get("web").status.message, "Usage of EmptyDir volume \"scratch\" exceeds the limit \"1Ki\". ");
}

TEST_F(EvictionTest, AContainerThatWritesTooMuchEndsThePod) {
  start();
  corev1::Pod pod = make("web");
  pod.spec.containers[0].resources.limits["ephemeral-storage"] = api::Quantity::must_parse("1Ki");
  pod.spec.containers.push_back(pod.spec.containers[0]);
  pod.spec.containers[1].name = "other";
  sim.api->put(pod);
  sim.run_for(5s);
  files.contents["/nonexistent/logs/default_web_uid-web/main/0.log"] = std::string(1500, 'x');
  sim.run_for(15s);
  EXPECT_EQ(get("web").status.message, "Container main exceeded its local ephemeral storage limit \"1Ki\". ");
}

TEST_F(EvictionTest, CriticalPodsStay) {
  start();
  corev1::Pod pod = make("web");
  pod.spec.priority = 2000001000;
  sim.api->put(pod);
  sim.run_for(5s);
  machine.left.memory_available_bytes = 1 << 20;
  sim.run_for(30s);
  EXPECT_EQ(get("web").status.phase, "Running");
}

}  // namespace
}  // namespace xebec::kubelet
