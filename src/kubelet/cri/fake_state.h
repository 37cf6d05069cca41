// What FakeRuntime remembers, and the transitions between its containers' states.
#pragma once

#include <fmt/format.h>

#include "base/sync.h"
#include "kubelet/cri/fake_runtime.h"
#include "kubelet/cri/grpc_status.h"

namespace xebec::cri {

struct FakeRuntime::State : std::enable_shared_from_this<FakeRuntime::State> {
  struct Sandbox {
    PodSandboxStatus status;
    PodSandboxConfig config;
    uint32_t pid = 0;
  };
  struct Box {
    std::string sandbox_id;
    ContainerStatus status;
    ContainerConfig config;
    FakeImage behaviour;
    LinuxResources resources;
    uint32_t pid = 0;
    std::optional<uint64_t> timer;
    Signal exited;
  };

  State(Executor& executor, const Clock& clock, FakeOptions options)
      : executor(executor), clock(clock), options(std::move(options)) {}

  Executor& executor;
  const Clock& clock;
  const FakeOptions options;
  std::map<std::string, Sandbox> sandboxes;
  std::map<std::string, std::shared_ptr<Box>> containers;
  std::map<std::string, FakeImage> images;  // present ones, by full name
  std::map<std::string, std::vector<Status>> injected;
  std::vector<std::string> calls;
  ExecHandler exec_handler;
  Queue<Result<Event>> events;
  bool subscribed = false;
  bool closed = false;
  uint64_t last_id = 0;
  uint32_t last_ip = 1;
  uint32_t last_pid = 1000;

  // Notes the call; the error to fail with, if there is one.
  Result<void> begin(const std::string& method, const std::string& subject = "");
  std::string new_id() { return fmt::format("{:064x}", ++last_id); }
  std::string new_ip();
  int64_t now() const { return clock.now().time_since_epoch().count(); }

  Result<Sandbox*> sandbox(const std::string& id);
  Result<std::shared_ptr<Box>> container(const std::string& id);
  std::string container_name(const std::string& id) const;
  std::string sandbox_name(const std::string& id) const;

  void emit(Event::Type type, const std::string& id, uint32_t pid, uint32_t exit_code = 0);
  void start(const std::string& id, Box& box);
  void exit(const std::string& id, int32_t exit_code, std::string reason);
  void stop_sandbox(const std::string& id, Sandbox& sandbox);
  void remove_container(const std::string& id);

  // A digest-like id that depends on the name only.
  static std::string image_id(const std::string& full_name);
  // The full name of a present image, by any of its names or its id; empty when absent.
  std::string find_image(const std::string& image) const;
  Image describe(const std::string& full_name) const;
};

}  // namespace xebec::cri
