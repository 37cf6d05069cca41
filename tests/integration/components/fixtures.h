// Fixtures: a control plane of processes, and a machine that may become a node of it.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "api/gen/coordinationv1.h"
#include "http/client.h"
#include "kubelet/runtime/program.h"
#include "processes.h"

namespace xebec::integration {

class Components : public testing::Test {
 protected:
  void SetUp() override {
    processes_.start_apiserver();
    if (HasFatalFailure()) return;
    manager_ = processes_.start_controller_manager(manager_port_);
    scheduler_ = processes_.start_scheduler(scheduler_port_);
  }

  bool all_bound(const std::string& app, size_t count) const {
    std::vector<corev1::Pod> pods = processes_.pods(app);
    return pods.size() == count &&
           std::ranges::none_of(pods, [](const corev1::Pod& pod) { return pod.spec.nodeName.empty(); });
  }
  std::string holder_of(const std::string& lease) const {
    auto found = processes_.get<coordinationv1::Lease>("kube-system", lease);
    return found ? found->spec.holderIdentity.value_or("") : "";
  }

  Processes processes_;
  const uint16_t manager_port_ = free_port(), scheduler_port_ = free_port();
  std::unique_ptr<Child> manager_, scheduler_;
};

// Needs root, containerd and busybox; skipped without them.
class Nodes : public Components {
 protected:
  static std::string why_not() {
    if (geteuid() != 0) return "needs root";
    for (const char* program : {"containerd", "ctr", "runc", "nft", "python3", "cc"}) {
      if (containerd::find_program(program).empty()) return std::string("needs ") + program;
    }
    return access("/bin/busybox", X_OK) == 0 ? "" : "needs busybox-static";
  }
  void SetUp() override {
    std::string reason = why_not();
    if (!reason.empty()) GTEST_SKIP() << reason;
    ASSERT_EQ(
        std::system(
            (std::string(XEBEC_SOURCE_DIR "/tools/images/build.sh ") + kImages + " >/dev/null").c_str()),
        0);
    Components::SetUp();
    processes_.issue_node("n1");
  }
  void TearDown() override {
    if (IsSkipped()) return;
    node_.reset();
    node_ = processes_.start({"purge", "--data-dir=" + processes_.dir(), "--cgroup-root=" + cgroup_root_});
    processes_.until("the node's removal",
                     [&] { return access((processes_.dir() + "/node").c_str(), F_OK) != 0; });
    node_.reset();
  }

  // Flags of the node, whichever sub-command runs it.
  std::vector<std::string> flags(std::vector<std::string> more) const {
    const std::string base = processes_.dir() + "/n1";
    std::vector<std::string> out = {"--kubeconfig=" + base + ".conf",
                                    "--hostname-override=n1",
                                    "--node-ip=127.0.0.1",
                                    "--port=" + std::to_string(port_),
                                    "--healthz-port=" + std::to_string(healthz_port_),
                                    "--tls-cert-file=" + base + ".crt",
                                    "--tls-private-key-file=" + base + ".key",
                                    "--cluster-cidr=198.18.0.0/16",
                                    "--cgroup-root=" + cgroup_root_,
                                    "--node-labels=example.com/kind=real"};
    out.insert(out.begin(), more.begin(), more.end());
    return out;
  }
  // What the kubelet's port for health says.
  std::string plain(const std::string& path) {
    http::ClientOptions options;
    options.url = "http://127.0.0.1:" + std::to_string(healthz_port_);
    http::IoPool pool(1);
    auto client = http::make_client(pool, std::move(options));
    http::Request request;
    request.method = "GET";
    request.path = path;
    Result<http::Response> response = block_on((*client)->send(Context(), std::move(request)));
    if (!response) return response.error().message;
    return std::to_string(response->status) + " " + block_on(response->read_body()).value_or("");
  }
  bool node_ready() const {
    auto node = processes_.get<corev1::Node>("", "n1");
    return node && std::ranges::any_of(node->status.conditions, [](const corev1::NodeCondition& condition) {
             return condition.type == "Ready" && condition.status == "True";
           });
  }
  // Its containers' ids when the Pod runs.
  std::string running(const std::string& app) const {
    std::vector<corev1::Pod> pods = processes_.pods(app);
    if (pods.size() != 1 || pods[0].status.phase != "Running" || pods[0].status.containerStatuses.empty())
      return "";
    return pods[0].status.containerStatuses[0].containerID;
  }

  static constexpr const char* kImages = "/tmp/xebec-test-images";
  const uint16_t port_ = free_port(), healthz_port_ = free_port();
  const std::string cgroup_root_ = "/xebec-comp-" + std::to_string(getpid());
  std::unique_ptr<Child> node_;
};

}  // namespace xebec::integration
