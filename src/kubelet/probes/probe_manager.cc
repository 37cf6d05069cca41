#include "kubelet/probes/probe_manager.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>

#include "base/sync.h"
#include "kubelet/pods/pod_status.h"
#include "kubelet/problem.h"
#include "kubelet/time.h"

namespace xebec::kubelet {
namespace {

constexpr int kRetriesOnError = 3;

std::string_view title(int kind) { return kind == 0 ? "Startup" : kind == 1 ? "Liveness" : "Readiness"; }

}  // namespace

struct ProbeManager::Instance {
  explicit Instance(const CancelToken& parent) : killing(parent), all(parent) {}
  std::shared_ptr<const corev1::Pod> pod;
  corev1::Container container;
  std::string id, pod_ip;
  int64_t started_at = 0;
  ProbeResult results[3] = {ProbeResult::kUnknown, ProbeResult::kSuccess, ProbeResult::kFailure};
  CancelSource killing, all;
  Signal changed;

  const api::Box<corev1::Probe>& spec(Kind kind) const {
    return kind == Kind::kStartup    ? container.startupProbe
           : kind == Kind::kLiveness ? container.livenessProbe
                                     : container.readinessProbe;
  }
  ProbeResult& result(Kind kind) { return results[static_cast<int>(kind)]; }
};

Result<int32_t> resolve_port(const api::IntOrString& port, const corev1::Container& container) {
  int32_t number = port.int_val;
  if (!port.is_int()) {
    auto named = std::ranges::find(container.ports, port.str_val, &corev1::ContainerPort::name);
    if (named != container.ports.end()) {
      number = named->containerPort;
    } else {
      const char* end = port.str_val.data() + port.str_val.size();
      auto parsed = std::from_chars(port.str_val.data(), end, number);
      if (parsed.ec != std::errc() || parsed.ptr != end) {
        return fail(problem(fmt::format("strconv.Atoi: parsing \"{}\": invalid syntax", port.str_val)));
      }
    }
  }
  if (number <= 0 || number > 65535) return fail(problem(fmt::format("invalid port number: {}", number)));
  return number;
}

Result<HttpProbe> http_probe_of(const corev1::HTTPGetAction& action, const corev1::Container& container,
                                const std::string& pod_ip) {
  HttpProbe probe;
  probe.scheme = action.scheme == "HTTPS" ? "https" : "http";
  probe.host = action.host.empty() ? pod_ip : action.host;
  TRY(probe.port, resolve_port(action.port, container));
  probe.path = action.path;
  for (const corev1::HTTPHeader& header : action.httpHeaders)
    probe.headers.emplace_back(header.name, header.value);
  return probe;
}

ProbeManager::ProbeManager(client::Env env, cri::Runtime& runtime, NetProber& net,
                           client::EventRecorder& recorder)
    : env_(std::move(env)),
      runtime_(runtime),
      net_(net),
      recorder_(recorder),
      total_(metrics_.counter(
          "prober_probe_total",
          "[BETA] Cumulative number of a liveness, readiness or startup probe for a container by result.",
          {"probe_type", "result", "container", "pod", "namespace", "pod_uid"})) {}

void ProbeManager::start(Scope& scope, std::function<void(const std::string& uid)> changed) {
  scope_ = &scope;
  changed_ = std::move(changed);
}

void ProbeManager::watch(std::shared_ptr<const corev1::Pod> pod, const corev1::Container& container,
                         const std::string& id, int64_t started_at_nanos, const std::string& pod_ip,
                         bool was_ready) {
  if (!container.startupProbe && !container.livenessProbe && !container.readinessProbe) return;
  if (instances_.contains(id)) return;
  auto instance = std::make_shared<Instance>(scope_->token());
  instance->pod = std::move(pod);
  instance->container = container;
  instance->id = id;
  instance->pod_ip = pod_ip;
  instance->started_at = started_at_nanos;
  if (was_ready) {
    instance->result(Kind::kStartup) = ProbeResult::kSuccess;
    instance->result(Kind::kReadiness) = ProbeResult::kSuccess;
  }
  instances_[id] = instance;
  for (Kind kind : {Kind::kStartup, Kind::kLiveness, Kind::kReadiness}) {
    if (!instance->spec(kind)) continue;
    CancelToken token = kind == Kind::kReadiness ? instance->all.token() : instance->killing.token();
    scope_->spawn(loop(instance, kind, token));
  }
}

void ProbeManager::forget(const std::string& id) {
  auto it = instances_.find(id);
  if (it == instances_.end()) return;
  it->second->all.cancel();
  it->second->killing.cancel();
  instances_.erase(it);
}

void ProbeManager::forget_pod(const std::string& uid) {
  std::vector<std::string> ids;
  for (const auto& [id, instance] : instances_) {
    if (instance->pod->metadata.uid == uid) ids.push_back(id);
  }
  for (const std::string& id : ids) forget(id);
}

void ProbeManager::stop_killing(const std::string& uid) {
  for (const auto& [id, instance] : instances_) {
    if (instance->pod->metadata.uid == uid) instance->killing.cancel();
  }
}

ProbeResult ProbeManager::liveness(const std::string& id) const {
  auto it = instances_.find(id);
  return it == instances_.end() ? ProbeResult::kUnknown : it->second->result(Kind::kLiveness);
}

ProbeResult ProbeManager::startup(const std::string& id) const {
  auto it = instances_.find(id);
  return it == instances_.end() ? ProbeResult::kUnknown : it->second->result(Kind::kStartup);
}

bool ProbeManager::started(const std::string& id) const {
  auto it = instances_.find(id);
  if (it == instances_.end() || !it->second->container.startupProbe) return true;
  return it->second->result(Kind::kStartup) == ProbeResult::kSuccess;
}

bool ProbeManager::ready(const std::string& id) const {
  auto it = instances_.find(id);
  if (it == instances_.end() || !it->second->container.readinessProbe) return true;
  return it->second->result(Kind::kReadiness) == ProbeResult::kSuccess;
}

void ProbeManager::set(Instance& instance, Kind kind, ProbeResult result) {
  if (instance.result(kind) == result) return;
  instance.result(kind) = result;
  instance.changed.notify_all();
  changed_(instance.pod->metadata.uid);
}

void ProbeManager::count(const Instance& instance, Kind kind, ProbeOutcome outcome) {
  std::string_view result = outcome == ProbeOutcome::kFailure ? "failed"
                            : outcome == ProbeOutcome::kError ? "unknown"
                                                              : "successful";
  const corev1::Pod& pod = *instance.pod;
  std::vector<std::string> labels = {std::string(title(static_cast<int>(kind))),
                                     std::string(result),
                                     instance.container.name,
                                     pod.metadata.name,
                                     pod.metadata.namespace_,
                                     pod.metadata.uid};
  total_.with(labels).add();
}

Task<ProbeAnswer> ProbeManager::probe_once(std::shared_ptr<Instance> instance, Kind kind) {
  const corev1::Probe& spec = *instance->spec(kind);
  ProbeAnswer answer;
  Duration timeout = std::chrono::seconds(std::max(1, spec.timeoutSeconds));
  if (spec.exec) {
    std::vector<std::string> command = spec.exec->command;
    Result<cri::ExecSyncResult> ran =
        co_await runtime_.exec_sync(instance->id, command, std::max(1, spec.timeoutSeconds));
    if (ran) {
      if (ran->exit_code != 0) answer.outcome = ProbeOutcome::kFailure;
      answer.message = ran->out + ran->err;
    } else if (ran.error().is(reason::kTimeout)) {
      answer.outcome = ProbeOutcome::kFailure;
      answer.message = fmt::format("command timed out: \"{}\" timed out after {}", fmt::join(command, " "),
                                   go_duration(timeout));
    } else {
      answer.outcome = ProbeOutcome::kError;
      answer.message = ran.error().message;
    }
  } else if (spec.httpGet) {
    Result<HttpProbe> probe = http_probe_of(*spec.httpGet, instance->container, instance->pod_ip);
    if (probe) {
      probe->timeout = timeout;
      answer = co_await net_.http_get(std::move(*probe));
    } else {
      answer.outcome = ProbeOutcome::kError;
      answer.message = probe.error().message;
    }
  } else if (spec.tcpSocket) {
    std::string host = spec.tcpSocket->host.empty() ? instance->pod_ip : spec.tcpSocket->host;
    Result<int32_t> port = resolve_port(spec.tcpSocket->port, instance->container);
    if (port) {
      answer = co_await net_.tcp(std::move(host), *port, timeout);
    } else {
      answer.outcome = ProbeOutcome::kError;
      answer.message = port.error().message;
    }
  } else if (spec.grpc) {
    std::string service = spec.grpc->service.value_or("");
    answer = co_await net_.grpc(instance->pod_ip, spec.grpc->port, std::move(service), timeout);
  } else {
    answer.outcome = ProbeOutcome::kError;
    answer.message =
        fmt::format("missing probe handler for {}:{}", pod_label(*instance->pod), instance->container.name);
  }
  if (answer.message.size() > 10240) answer.message.resize(10240);
  co_return answer;
}

Task<void> ProbeManager::loop(std::shared_ptr<Instance> instance, Kind kind, CancelToken token) {
  const corev1::Probe spec = *instance->spec(kind);
  const Duration period = std::chrono::seconds(std::max(1, spec.periodSeconds));
  corev1::ObjectReference about = container_reference(*instance->pod, instance->container.name);
  int64_t age = now_nanos(*env_.clock) - instance->started_at;
  int64_t delay = int64_t{spec.initialDelaySeconds} * 1'000'000'000 - age;
  if (delay > 0 && !co_await sleep_for(Duration(delay), token)) co_return;
  ProbeResult last = ProbeResult::kUnknown;
  int run = 0;
  while (!token.cancelled()) {
    bool waits = kind != Kind::kStartup && instance->container.startupProbe &&
                 instance->result(Kind::kStartup) != ProbeResult::kSuccess;
    if (waits) {
      if (!co_await instance->changed.wait(token)) co_return;
      continue;
    }
    bool over = kind != Kind::kReadiness && instance->result(kind) == ProbeResult::kFailure;
    if (over) co_return;  // until the container is made anew
    if (kind == Kind::kStartup && instance->result(kind) == ProbeResult::kSuccess) co_return;
    ProbeAnswer answer;
    for (int i = 0; i < kRetriesOnError; ++i) {
      answer = co_await probe_once(instance, kind);
      if (answer.outcome != ProbeOutcome::kError || token.cancelled()) break;
    }
    if (token.cancelled()) co_return;
    std::string_view name = title(static_cast<int>(kind));
    count(*instance, kind, answer.outcome);
    if (answer.outcome == ProbeOutcome::kError) {
      recorder_.event(
          about, client::kEventWarning, "Unhealthy",
          fmt::format("{} probe errored and resulted in unknown state: {}", name, answer.message));
    } else {
      if (answer.outcome == ProbeOutcome::kFailure) {
        recorder_.event(about, client::kEventWarning, "Unhealthy",
                        fmt::format("{} probe failed: {}", name, answer.message));
      }
      if (answer.outcome == ProbeOutcome::kWarning) {
        recorder_.event(about, client::kEventWarning, "ProbeWarning",
                        fmt::format("{} probe warning: {}", name, answer.message));
      }
      ProbeResult result =
          answer.outcome == ProbeOutcome::kFailure ? ProbeResult::kFailure : ProbeResult::kSuccess;
      run = result == last ? run + 1 : 1;
      last = result;
      int needed = result == ProbeResult::kSuccess ? std::max(1, spec.successThreshold)
                                                   : std::max(1, spec.failureThreshold);
      if (run >= needed) set(*instance, kind, result);
    }
    if (!co_await sleep_for(period, token)) co_return;
  }
}

}  // namespace xebec::kubelet
