#include "kubelet/pods/runtime_pod.h"

#include <algorithm>
#include <cstdlib>

#include "kubelet/labels.h"

namespace xebec::kubelet {
namespace {

constexpr size_t kMaxMessage = 4096;
constexpr size_t kMaxLogMessage = 2048;
constexpr size_t kMaxLogLines = 80;

std::string value_of(const cri::StringMap& map, const std::string& key) {
  auto it = map.find(key);
  return it == map.end() ? std::string() : it->second;
}

// "2016-10-06T00:17:09.669794202Z stdout F text": the text alone.
std::string log_text(std::string_view line, bool& whole) {
  for (int i = 0; i < 2; ++i) {
    size_t space = line.find(' ');
    if (space == std::string_view::npos) return std::string(line);
    line.remove_prefix(space + 1);
  }
  size_t space = line.find(' ');
  if (space == std::string_view::npos) return std::string(line);
  whole = line.substr(0, space) != "P";
  return std::string(line.substr(space + 1));
}

std::string log_tail(HostFiles& files, const std::string& path) {
  std::string raw = files.read_tail(path, 16 * 1024);
  std::vector<std::string> lines;
  size_t at = 0;
  bool joined = false;
  while (at < raw.size()) {
    size_t end = raw.find('\n', at);
    if (end == std::string::npos) end = raw.size();
    bool whole = true;
    std::string text = log_text(std::string_view(raw).substr(at, end - at), whole);
    if (joined) {
      lines.back() += text;
    } else {
      lines.push_back(std::move(text));
    }
    joined = !whole;
    at = end + 1;
  }
  size_t from = lines.size() > kMaxLogLines ? lines.size() - kMaxLogLines : 0;
  std::string out;
  for (size_t i = from; i < lines.size(); ++i) out += lines[i] + "\n";
  if (out.size() > kMaxLogMessage) out.erase(0, out.size() - kMaxLogMessage);
  return out;
}

RuntimeContainer describe(const cri::Container& listed, cri::ContainerStatus status) {
  RuntimeContainer container;
  container.name = value_of(listed.labels, kContainerName);
  if (container.name.empty()) container.name = status.metadata.name;
  container.sandbox_id = listed.sandbox_id;
  container.hash = value_of(status.annotations, kContainerHash);
  container.restart_count = std::atoi(value_of(status.annotations, kRestartCount).c_str());
  container.status = std::move(status);
  return container;
}

}  // namespace

std::string termination_message(HostFiles& files, const cri::ContainerStatus& status) {
  std::string path = value_of(status.annotations, kTerminationPath);
  std::string policy = value_of(status.annotations, kTerminationPolicy);
  std::string message;
  for (const cri::Mount& mount : status.mounts) {
    if (path.empty() || mount.container_path != path) continue;
    message = files.read_all(mount.host_path).substr(0, kMaxMessage);
    break;
  }
  if (message.empty() && policy == "FallbackToLogsOnError" &&
      (status.exit_code != 0 || status.reason == "OOMKilled")) {
    message = log_tail(files, status.log_path);
  }
  if (!message.empty()) return message;
  return status.message;
}

const RuntimeContainer* RuntimePod::latest(std::string_view name) const {
  for (const RuntimeContainer& container : containers) {
    if (container.name == name) return &container;
  }
  return nullptr;
}

const RuntimeContainer* RuntimePod::previous(std::string_view name) const {
  const RuntimeContainer* newest = latest(name);
  for (const RuntimeContainer& container : containers) {
    if (&container != newest && container.name == name && container.exited()) return &container;
  }
  return nullptr;
}

const cri::PodSandboxStatus* RuntimePod::ready_sandbox() const {
  for (const cri::PodSandboxStatus& sandbox : sandboxes) {
    if (sandbox.state == cri::SandboxState::kReady) return &sandbox;
  }
  return nullptr;
}

bool RuntimePod::any_running() const {
  return std::any_of(containers.begin(), containers.end(),
                     [](const RuntimeContainer& c) { return c.running(); });
}

Task<Result<RuntimePod>> RuntimePodReader::read() {
  RuntimePod pod;
  cri::PodSandboxFilter sandbox_filter;
  sandbox_filter.labels[kPodUid] = uid_;
  CO_TRY(std::vector<cri::PodSandbox> sandboxes, co_await runtime_.list_pod_sandboxes(sandbox_filter));
  std::stable_sort(sandboxes.begin(), sandboxes.end(),
                   [](const auto& a, const auto& b) { return a.created_at > b.created_at; });
  for (const cri::PodSandbox& listed : sandboxes) {
    cri::PodSandboxStatus status;
    status.id = listed.id;
    status.metadata = listed.metadata;
    status.state = listed.state;
    status.created_at = listed.created_at;
    status.labels = listed.labels;
    status.annotations = listed.annotations;
    status.runtime_handler = listed.runtime_handler;
    if (pod.sandboxes.empty()) {
      Result<cri::PodSandboxStatus> full = co_await runtime_.pod_sandbox_status(listed.id);
      if (full) {
        status = std::move(*full);
      } else if (!full.error().is(reason::kNotFound)) {
        co_return fail(full.error());
      }
    }
    pod.sandboxes.push_back(std::move(status));
  }
  cri::ContainerFilter filter;
  filter.labels[kPodUid] = uid_;
  CO_TRY(std::vector<cri::Container> containers, co_await runtime_.list_containers(filter));
  std::map<std::string, RuntimeContainer> exited;
  for (const cri::Container& listed : containers) {
    auto known = exited_.find(listed.id);
    if (known != exited_.end()) {
      pod.containers.push_back(known->second);
      exited.insert(*known);
      continue;
    }
    Result<cri::ContainerStatus> status = co_await runtime_.container_status(listed.id);
    if (!status && status.error().is(reason::kNotFound)) continue;
    if (!status) co_return fail(status.error());
    RuntimeContainer container = describe(listed, std::move(*status));
    if (container.exited()) {
      container.message = termination_message(files_, container.status);
      exited[listed.id] = container;
    }
    pod.containers.push_back(std::move(container));
  }
  exited_ = std::move(exited);
  std::stable_sort(pod.containers.begin(), pod.containers.end(),
                   [](const RuntimeContainer& a, const RuntimeContainer& b) {
                     if (a.status.created_at != b.status.created_at)
                       return a.status.created_at > b.status.created_at;
                     return a.restart_count > b.restart_count;
                   });
  co_return pod;
}

}  // namespace xebec::kubelet
