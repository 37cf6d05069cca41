// The kubelet over a runtime in memory and a fake API, in virtual time.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "api/gen/coordinationv1.h"
#include "api/gen/corev1.h"
#include "client/testing/sim.h"
#include "kubelet/cgroups/cgroup_manager.h"
#include "kubelet/cri/fake_runtime.h"
#include "kubelet/host_files.h"
#include "kubelet/kubelet.h"
#include "kubelet/node/machine.h"
#include "kubelet/probes/net_prober.h"
#include "kubelet/volumes/volume_mounter.h"

namespace xebec::kubelet {

// Files that are only remembered.
class MemoryFiles final : public HostFiles {
 public:
  Result<void> make_directory(const std::string&, int) override { return {}; }
  Result<void> write_file(const std::string& path, const std::string& content, int) override {
    contents[path] = content;
    return {};
  }
  std::string read_tail(const std::string& path, size_t limit) override {
    auto it = contents.find(path);
    if (it == contents.end()) return "";
    return it->second.size() > limit ? it->second.substr(it->second.size() - limit) : it->second;
  }
  std::string read_all(const std::string& path) override { return read_tail(path, SIZE_MAX); }
  int64_t size(const std::string& path) override { return static_cast<int64_t>(read_all(path).size()); }
  int64_t tree_size(const std::string& path) override {
    int64_t sum = 0;
    for (const auto& [at, content] : contents) {
      if (at == path || at.starts_with(path + "/")) sum += static_cast<int64_t>(content.size());
    }
    return sum;
  }
  void rename(const std::string& from, const std::string& to) override {
    auto it = contents.find(from);
    if (it == contents.end()) return;
    contents[to] = it->second;
    contents.erase(from);
  }
  void remove_tree(const std::string& path) override {
    std::erase_if(contents,
                  [&](const auto& item) { return item.first == path || item.first.starts_with(path + "/"); });
  }
  std::vector<std::string> list(const std::string& path) override {
    std::set<std::string> names;
    for (const auto& [at, content] : contents) {
      if (at.starts_with(path + "/"))
        names.insert(at.substr(path.size() + 1, at.find('/', path.size() + 1) - path.size() - 1));
    }
    return {names.begin(), names.end()};
  }

  std::map<std::string, std::string> contents;
};

using namespace std::chrono_literals;

class KubeletTest : public testing::Test {
 protected:
  KubeletTest() : runtime(std::make_unique<cri::FakeRuntime>(sim.executor, sim.clock, runtime_options())) {
    options.node_name = "node-1";
    options.node_ips = {"192.168.0.1"};
    options.root_dir = "/nonexistent/kubelet";
    options.log_root = "/nonexistent/logs";
    options.cgroup_root = "/kubepods";
    options.cluster_dns = {"10.96.0.10"};
    corev1::Namespace ns;
    ns.metadata.name = "kube-node-lease";
    sim.api->put(ns);
  }
  ~KubeletTest() override { stop(); }

  static cri::FakeOptions runtime_options() {
    cri::FakeOptions options;
    options.any_image = true;
    cri::FakeImage done;
    done.run_for = 1s;
    options.registry["docker.io/library/once:latest"] = done;
    cri::FakeImage crash = done;
    crash.exit_code = 1;
    options.registry["docker.io/library/crash:latest"] = crash;
    cri::FakeImage deaf;
    deaf.ignores_stop_signal = true;
    options.registry["docker.io/library/deaf:latest"] = deaf;
    return options;
  }

  void start() {
    life = std::make_unique<Scope>(sim.executor);
    KubeletParts parts{*runtime, volumes, *cgroups, files, *net, machine};
    kubelet = std::make_unique<Kubelet>(options, sim.env, sim.rest, parts);
    life->spawn(kubelet->run(life->token()));
    sim.run_for(100ms);
  }
  // As if the process ended: containers stay.
  void stop() {
    if (!life) return;
    life->cancel();
    sim.scope.spawn(join(life.get()));
    sim.run_for(40s);
    kubelet.reset();
    life.reset();
  }
  static Task<void> join(Scope* scope) { co_await scope->join(); }

  corev1::Pod make(const std::string& name, const std::string& image = "web") {
    corev1::Pod pod;
    pod.metadata.name = name;
    pod.metadata.namespace_ = "default";
    pod.metadata.uid = "uid-" + name;
    pod.spec.nodeName = "node-1";
    pod.spec.restartPolicy = "Always";
    pod.spec.terminationGracePeriodSeconds = 30;
    corev1::Container& container = pod.spec.containers.emplace_back();
    container.name = "main";
    container.image = image;
    container.terminationMessagePath = "/dev/termination-log";
    pod.status.phase = "Pending";
    return pod;
  }
  corev1::Pod get(const std::string& name) { return sim.api->get<corev1::Pod>("default", name).value(); }
  bool exists(const std::string& name) { return sim.api->get<corev1::Pod>("default", name).has_value(); }
  void mark_deleted(const std::string& name, int64_t grace) {
    corev1::Pod pod = get(name);
    pod.metadata.deletionTimestamp = api::Time::from_unix(1764460900);
    pod.metadata.deletionGracePeriodSeconds = grace;
    sim.api->put(pod);
  }
  // As the API does it: the object stays until the node has deleted it for good, which gone() tells.
  void delete_gracefully(const std::string& name, int64_t grace) {
    corev1::Pod pod = get(name);
    pod.metadata.finalizers = {"test/keep"};  // or the fake would let go of it at once
    pod.metadata.deletionTimestamp = api::Time::from_unix(1764460900);
    pod.metadata.deletionGracePeriodSeconds = grace;
    sim.api->put(pod);
  }
  bool gone(const std::string& name) {
    for (const std::string& request : sim.api->requests()) {
      if (request.starts_with("DELETE ") && request.find("/pods/" + name) != std::string::npos) return true;
    }
    return false;
  }
  std::string condition(const corev1::Pod& pod, std::string_view type) {
    for (const corev1::PodCondition& c : pod.status.conditions) {
      if (c.type == type) return c.status;
    }
    return "";
  }
  // "status reason: message"
  std::string whole_condition(const corev1::Pod& pod, std::string_view type) {
    for (const corev1::PodCondition& c : pod.status.conditions) {
      if (c.type == type) return c.status + " " + c.reason + ": " + c.message;
    }
    return "";
  }
  corev1::ContainerStatus status_of(const std::string& name, size_t index = 0) {
    return get(name).status.containerStatuses.at(index);
  }
  std::string id_of(const std::string& name, size_t index = 0) {
    return status_of(name, index).containerID.substr(std::string_view("containerd://").size());
  }
  std::vector<std::string> calls(std::string_view method) {
    std::vector<std::string> out;
    for (const std::string& call : runtime->calls()) {
      if (call.starts_with(std::string(method) + " ")) out.push_back(call.substr(method.size() + 1));
    }
    return out;
  }
  size_t count(std::string_view call) {
    return static_cast<size_t>(std::count(runtime->calls().begin(), runtime->calls().end(), call));
  }
  // "reason: message" of the events about the pod.
  std::vector<std::string> events(const std::string& name) {
    std::vector<std::string> out;
    for (const corev1::Event& event : sim.api->list<corev1::Event>("default")) {
      if (event.involvedObject.name == name) out.push_back(event.reason + ": " + event.message);
    }
    return out;
  }
  bool has_event(const std::string& name, std::string_view text) {
    for (const std::string& event : events(name)) {
      if (event.find(text) != std::string::npos) return true;
    }
    return false;
  }

  client::testing::Sim sim;
  KubeletOptions options;
  std::unique_ptr<cri::FakeRuntime> runtime;
  NullVolumes volumes;
  std::unique_ptr<CgroupManager> cgroups = make_null_cgroups();
  MemoryFiles files;
  std::unique_ptr<NetProber> net = make_always_healthy_prober();
  FixedMachine machine{Machine{4, 8LL << 30, 100LL << 30, "m", "s", "b", "6.1", "Linux", "amd64"}};
  std::unique_ptr<Scope> life;
  std::unique_ptr<Kubelet> kubelet;
};

}  // namespace xebec::kubelet
