#include "kubelet/cri/fake_state.h"

#include "kubelet/cri/image_name.h"

namespace xebec::cri {
namespace {

// The annotation of a container: its own, then the pod's for this container, then the pod's for all.
std::optional<int64_t> number(std::string_view key, const ContainerConfig& container, const StringMap& pod) {
  auto find = [](const StringMap& map, const std::string& name) -> std::optional<int64_t> {
    auto it = map.find(name);
    if (it == map.end() || it->second.empty()) return std::nullopt;
    return std::strtoll(it->second.c_str(), nullptr, 10);
  };
  std::string name(key);
  if (auto value = find(container.annotations, name)) return value;
  if (auto value = find(pod, name + "." + container.metadata.name)) return value;
  return find(pod, name);
}

uint64_t hash(std::string_view text, uint64_t seed) {  // FNV-1a: the same on every machine
  uint64_t h = 14695981039346656037ull ^ seed;
  for (unsigned char c : text) h = (h ^ c) * 1099511628211ull;
  return h;
}

}  // namespace

Result<void> FakeRuntime::State::begin(const std::string& method, const std::string& subject) {
  calls.push_back(subject.empty() ? method : method + " " + subject);
  if (closed) return fail(errors::cancelled());
  auto it = injected.find(method);
  if (it == injected.end()) return {};
  Status error = it->second.front();
  it->second.erase(it->second.begin());
  if (it->second.empty()) injected.erase(it);
  return fail(error);
}

std::string FakeRuntime::State::new_ip() {
  ++last_ip;
  return fmt::format("{}{}.{}", options.ip_prefix, last_ip >> 8, last_ip & 255);
}

Result<FakeRuntime::State::Sandbox*> FakeRuntime::State::sandbox(const std::string& id) {
  auto it = sandboxes.find(id);
  if (it == sandboxes.end()) {
    return fail(
        rpc_error(5, fmt::format("an error occurred when try to find sandbox \"{}\": not found", id)));
  }
  return &it->second;
}

Result<std::shared_ptr<FakeRuntime::State::Box>> FakeRuntime::State::container(const std::string& id) {
  auto it = containers.find(id);
  if (it == containers.end()) {
    return fail(
        rpc_error(5, fmt::format("an error occurred when try to find container \"{}\": not found", id)));
  }
  return it->second;
}

std::string FakeRuntime::State::container_name(const std::string& id) const {
  auto it = containers.find(id);
  return it == containers.end() ? id : it->second->status.metadata.name;
}

std::string FakeRuntime::State::sandbox_name(const std::string& id) const {
  auto it = sandboxes.find(id);
  return it == sandboxes.end() ? id : it->second.status.metadata.name;
}

void FakeRuntime::State::emit(Event::Type type, const std::string& id, uint32_t pid, uint32_t exit_code) {
  if (!subscribed) return;
  Event event{.type = type, .container_id = id, .pid = pid, .exit_code = exit_code, .at = now()};
  events.push(std::move(event));
}

void FakeRuntime::State::start(const std::string& id, Box& box) {
  box.status.state = ContainerState::kRunning;
  box.status.started_at = now();
  box.pid = ++last_pid;
  emit(Event::Type::kStarted, id, box.pid);
  const StringMap& pod = sandboxes.at(box.sandbox_id).config.annotations;
  std::optional<Duration> run_for = box.behaviour.run_for;
  if (auto ms = number(kFakeRunForMs, box.config, pod)) run_for = std::chrono::milliseconds(*ms);
  if (!run_for) return;
  int32_t code =
      static_cast<int32_t>(number(kFakeExitCode, box.config, pod).value_or(box.behaviour.exit_code));
  box.timer = executor.post_at(executor.now() + *run_for, [weak = weak_from_this(), id, code] {
    std::shared_ptr<State> state = weak.lock();
    if (!state) return;
    auto it = state->containers.find(id);
    if (it == state->containers.end()) return;
    it->second->timer.reset();
    state->exit(id, code, code == 0 ? "Completed" : "Error");
  });
}

void FakeRuntime::State::exit(const std::string& id, int32_t exit_code, std::string reason) {
  auto it = containers.find(id);
  if (it == containers.end() || it->second->status.state != ContainerState::kRunning) return;
  Box& box = *it->second;
  if (box.timer) executor.cancel_timer(*box.timer);
  box.timer.reset();
  box.status.state = ContainerState::kExited;
  box.status.finished_at = now();
  box.status.exit_code = exit_code;
  box.status.reason = std::move(reason);
  emit(Event::Type::kExited, id, box.pid, exit_code);
  box.exited.notify_all();
}

void FakeRuntime::State::stop_sandbox(const std::string& id, Sandbox& sandbox) {
  if (sandbox.status.state == SandboxState::kNotReady) return;
  for (const auto& [container_id, box] : containers) {
    if (box->sandbox_id == id) exit(container_id, 137, "Error");
  }
  sandbox.status.state = SandboxState::kNotReady;
  sandbox.status.ips.clear();
  emit(Event::Type::kExited, id, sandbox.pid, 137);
}

void FakeRuntime::State::remove_container(const std::string& id) {
  auto it = containers.find(id);
  if (it == containers.end()) return;
  exit(id, 137, "Error");
  uint32_t pid = it->second->pid;
  containers.erase(it);
  emit(Event::Type::kDeleted, id, pid);
}

std::string FakeRuntime::State::image_id(const std::string& full_name) {
  return fmt::format("sha256:{:016x}{:016x}{:016x}{:016x}", hash(full_name, 1), hash(full_name, 2),
                     hash(full_name, 3), hash(full_name, 4));
}

std::string FakeRuntime::State::find_image(const std::string& image) const {
  for (const auto& [name, behaviour] : images) {
    std::string id = image_id(name);
    if (image == id || image == id.substr(7) || full_image_name(image) == name) return name;
  }
  return "";
}

Image FakeRuntime::State::describe(const std::string& full_name) const {
  Image image;
  image.id = image_id(full_name);
  bool digested = full_name.find('@') != std::string::npos;
  if (!digested) image.repo_tags.push_back(full_name);
  std::string repository = full_name.substr(0, digested ? full_name.find('@') : full_name.rfind(':'));
  image.repo_digests.push_back(digested ? full_name : repository + "@" + image.id);
  image.size = images.at(full_name).size;
  image.uid = 0;
  return image;
}

}  // namespace xebec::cri
