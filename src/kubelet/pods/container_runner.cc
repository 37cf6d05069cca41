#include "kubelet/pods/container_runner.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <ranges>

#include "kubelet/cri/grpc_status.h"
#include "kubelet/pods/container_config.h"
#include "kubelet/pods/environment.h"
#include "kubelet/pods/sandbox_config.h"
#include "kubelet/problem.h"
#include "kubelet/time.h"

namespace xebec::kubelet {
namespace {

using namespace std::chrono_literals;

constexpr int64_t kMinimumGrace = 2;

StartFailure failure(std::string reason, std::string message, Duration retry_after) {
  StartFailure out;
  out.waiting.reason = std::move(reason);
  out.waiting.message = std::move(message);
  out.retry_after = retry_after;
  return out;
}

cri::MountPropagation propagation_of(const corev1::VolumeMount& mount) {
  if (mount.mountPropagation == "HostToContainer") return cri::MountPropagation::kHostToContainer;
  if (mount.mountPropagation == "Bidirectional") return cri::MountPropagation::kBidirectional;
  return cri::MountPropagation::kPrivate;
}

// A path is made of values that are there: an empty one would lead elsewhere.
Result<std::string> expand_path(const std::string& expression,
                                const std::map<std::string, std::string>& values) {
  std::vector<std::string> missing;
  std::string path = expand(expression, values, [&](const std::string& name) { missing.push_back(name); });
  if (missing.empty()) return path;
  return fail(problem(fmt::format("missing value for {}", fmt::join(missing, ", "))));
}

}  // namespace

std::string hosts_file(const corev1::Pod& pod, const std::vector<std::string>& ips,
                       std::string_view cluster_domain, std::string_view node_hosts) {
  std::string out;
  if (pod.spec.hostNetwork) {
    out = "# Kubernetes-managed hosts file (host network).\n" + std::string(node_hosts);
  } else {
    out =
        "# Kubernetes-managed hosts file.\n"
        "127.0.0.1\tlocalhost\n"
        "::1\tlocalhost ip6-localhost ip6-loopback\n"
        "fe00::0\tip6-localnet\n"
        "fe00::0\tip6-mcastprefix\n"
        "fe00::1\tip6-allnodes\n"
        "fe00::2\tip6-allrouters\n";
    std::string host = pod_hostname(pod);
    for (const std::string& ip : ips) {
      if (!pod.spec.subdomain.empty()) {
        out += fmt::format("{}\t{}.{}.{}.svc.{}\t{}\n", ip, host, pod.spec.subdomain, pod.metadata.namespace_,
                           cluster_domain, host);
      } else {
        out += fmt::format("{}\t{}\n", ip, host);
      }
    }
  }
  if (pod.spec.hostAliases.empty()) return out;
  out += "\n# Entries added by HostAliases.\n";
  for (const corev1::HostAlias& alias : pod.spec.hostAliases) {
    out += fmt::format("{}\t{}\n", alias.ip, fmt::join(alias.hostnames, "\t"));
  }
  return out;
}

void ContainerRunner::event(const corev1::Pod& pod, const std::string& container, std::string_view type,
                            std::string_view reason, std::string message) {
  parts_.recorder.event(container_reference(pod, container), type, reason, std::move(message));
}

Result<bool> ContainerRunner::recursive_read_only(const corev1::Pod& pod,
                                                  const corev1::VolumeMount& mount) const {
  std::string mode = mount.recursiveReadOnly.value_or("Disabled");
  if (mode == "Disabled") return false;
  bool supported = parts_.node.recursive_read_only();
  if (mode == "IfPossible" || supported) return supported && mount.readOnly;
  return fail(
      problem(fmt::format("failed to resolve recursive read-only mode: volume \"{}\" requested recursive "
                          "read-only mode, but it is not supported by the runtime",
                          mount.name)));
}

namespace {

// Validation saw the expression alone: what variables make of it is known only here.
Result<void> check_sub_path(const std::string& path) {
  if (path.starts_with('/')) {
    return fail(problem(fmt::format("error SubPath `{}` must not be an absolute path", path)));
  }
  for (auto part : std::views::split(path, '/')) {
    if (std::string_view(part.begin(), part.end()) == "..") {
      return fail(problem(fmt::format("unable to provision SubPath `{}`: must not contain '..'", path)));
    }
  }
  return {};
}

}  // namespace

Result<std::vector<cri::Mount>> ContainerRunner::mounts(const corev1::Pod& pod,
                                                        const corev1::Container& container,
                                                        const PodSurroundings& around,
                                                        const std::vector<cri::EnvVar>& env,
                                                        int32_t restart_count) {
  std::map<std::string, std::string> values;
  for (const cri::EnvVar& variable : env) values[variable.name] = variable.value;
  std::vector<cri::Mount> out;
  bool own_hosts = false;
  for (const corev1::VolumeMount& wanted : container.volumeMounts) {
    own_hosts |= wanted.mountPath == "/etc/hosts";
    auto found = around.volumes.find(wanted.name);
    if (found == around.volumes.end()) {
      return fail(problem(fmt::format("cannot find volume \"{}\" to mount into container \"{}\"", wanted.name,
                                      container.name)));
    }
    cri::Mount mount;
    mount.container_path = wanted.mountPath.starts_with('/') ? wanted.mountPath : "/" + wanted.mountPath;
    mount.host_path = found->second.host_path;
    std::string sub = wanted.subPath;
    if (!wanted.subPathExpr.empty()) {
      TRY(sub, expand_path(wanted.subPathExpr, values));
    }
    if (!sub.empty()) {
      TRY_VOID(check_sub_path(sub));
      Result<std::string> path = parts_.volumes.sub_path(pod, found->second, sub);
      if (!path) {
        return fail(
            problem(fmt::format("failed to prepare subPath for volumeMount \"{}\" of container \"{}\"",
                                wanted.name, container.name)));
      }
      mount.host_path = std::move(*path);
    }
    mount.readonly = wanted.readOnly || found->second.readonly;
    TRY(mount.recursive_read_only, recursive_read_only(pod, wanted));
    mount.propagation = propagation_of(wanted);
    out.push_back(std::move(mount));
  }
  std::string pod_dir = parts_.options.root_dir + "/pods/" + pod.metadata.uid;
  if (!own_hosts && !around.pod_ips.empty()) {
    std::string node_hosts = pod.spec.hostNetwork ? parts_.files.read_all("/etc/hosts") : std::string();
    TRY_VOID(parts_.files.make_directory(pod_dir, 0750));
    TRY_VOID(parts_.files.write_file(
        pod_dir + "/etc-hosts", hosts_file(pod, around.pod_ips, parts_.options.cluster_domain, node_hosts),
        0644));
    cri::Mount mount;
    mount.container_path = "/etc/hosts";
    mount.host_path = pod_dir + "/etc-hosts";
    const auto& security = container.securityContext;
    mount.readonly = security && security->readOnlyRootFilesystem.value_or(false);
    out.push_back(std::move(mount));
  }
  if (!container.terminationMessagePath.empty()) {
    std::string dir = pod_dir + "/containers/" + container.name;
    TRY_VOID(parts_.files.make_directory(dir, 0750));
    std::string path = fmt::format("{}/termination-{}", dir, restart_count);
    TRY_VOID(parts_.files.write_file(path, "", 0666));
    cri::Mount mount;
    mount.container_path = container.terminationMessagePath;
    mount.host_path = path;
    out.push_back(std::move(mount));
  }
  return out;
}

// Of earlier instances the newest one that is over is kept.
void ContainerRunner::drop_dead(const RuntimePod& runtime, const std::string& name,
                                std::vector<std::string>& ids, std::vector<std::string>& logs) const {
  bool kept = false;
  for (const RuntimeContainer& container : runtime.containers) {
    if (container.name != name || container.running()) continue;
    bool never_ran = !container.exited();
    if (!kept && !never_ran) {
      kept = true;
      continue;
    }
    ids.push_back(container.status.id);
    if (!never_ran) logs.push_back(container.status.log_path);
  }
}

Task<std::optional<StartFailure>> ContainerRunner::start(std::shared_ptr<const corev1::Pod> pod,
                                                         corev1::Container container,
                                                         std::shared_ptr<const RuntimePod> runtime,
                                                         PodSurroundings around, std::string target_id,
                                                         CancelToken token) {
  const std::string& name = container.name;
  const std::string& uid = pod->metadata.uid;
  const RuntimeContainer* latest = runtime->latest(name);
  int32_t restart_count =
      latest == nullptr ? 0 : latest->restart_count + (latest->exited() || latest->running() ? 1 : 0);
  std::string key = fmt::format("{}_{}_{}", uid, name, container_hash(container));
  if (latest != nullptr && latest->exited()) {
    int64_t now = now_nanos(*parts_.env.clock);
    Duration wait = parts_.restarts.remaining(key, latest->status.finished_at, now);
    if (wait > Duration::zero()) {
      std::string message = fmt::format("back-off {} restarting failed container={} pod={}",
                                        go_duration(parts_.restarts.delay(key)), name, pod_label(*pod));
      event(*pod, name, client::kEventWarning, "BackOff",
            fmt::format("Back-off restarting failed container {} in pod {}", name, pod_label(*pod)));
      co_return failure("CrashLoopBackOff", std::move(message), wait);
    }
    parts_.restarts.next(key, latest->status.finished_at, now);
  }

  PulledImage image;
  ImageFailure no_image;
  bool pulled = co_await parts_.images.ensure(pod, container, around.sandbox, token, image, no_image);
  if (!pulled) {
    if (!token.cancelled()) event(*pod, name, client::kEventWarning, "Failed", "Error: " + no_image.reason);
    co_return failure(no_image.reason, no_image.message, no_image.retry_after);
  }

  PodFacts facts;
  facts.pod_ips = around.pod_ips;
  facts.host_ips = parts_.options.node_ips;
  EnvironmentInputs inputs{parts_.rest,
                           token,
                           pod,
                           container,
                           std::move(facts),
                           parts_.node.allocatable(),
                           service_variables(parts_.services.list(), pod->metadata.namespace_,
                                             pod->spec.enableServiceLinks.value_or(true))};
  Result<std::vector<cri::EnvVar>> env = co_await make_environment(std::move(inputs));
  Result<cri::ContainerConfig> config = fail(problem(""));
  if (!env) {
    config = fail(env.error());
  } else {
    Result<std::vector<cri::Mount>> mounted = mounts(*pod, container, around, *env, restart_count);
    if (!mounted) {
      config = fail(mounted.error());
    } else {
      ContainerInputs in;
      in.options = &parts_.options;
      in.pod = pod.get();
      in.container = &container;
      in.image_ref = image.ref;
      in.image = image.image;
      in.env = std::move(*env);
      in.mounts = std::move(*mounted);
      in.restart_count = restart_count;
      in.memory_capacity = parts_.node.memory_capacity();
      in.target_id = std::move(target_id);
      in.cgroup2 = parts_.cgroups.unified();
      config = make_container_config(in);
    }
  }
  if (!config) {
    event(*pod, name, client::kEventWarning, "Failed", "Error: " + config.error().message);
    co_return failure("CreateContainerConfigError", config.error().message, 2s);
  }

  std::vector<std::string> dead, dead_logs;
  drop_dead(*runtime, name, dead, dead_logs);
  for (const std::string& id : dead) co_await parts_.runtime.remove_container(id);
  for (const std::string& log : dead_logs) parts_.files.remove_tree(log);
  (void)parts_.files.make_directory(around.sandbox.log_directory + "/" + name, 0755);

  Result<std::string> id =
      co_await parts_.runtime.create_container(around.sandbox_id, *config, around.sandbox);
  if (!id) {
    std::string why(cri::rpc_description(id.error()));
    event(*pod, name, client::kEventWarning, "Failed", "Error: " + why);
    co_return failure("CreateContainerError", std::move(why), 2s);
  }
  parts_.learned(*id, uid);
  event(*pod, name, client::kEventNormal, "Created", "Container created");
  Result<void> started = co_await parts_.runtime.start_container(*id);
  if (!started) {
    std::string why(cri::rpc_description(started.error()));
    event(*pod, name, client::kEventWarning, "Failed", "Error: " + why);
    // The runtime reports it as an exited container; the crash loop's back-off paces the next attempt.
    co_return failure("RunContainerError", std::move(why), 2s);
  }
  event(*pod, name, client::kEventNormal, "Started", "Container started");

  if (container.lifecycle && container.lifecycle->postStart) {
    std::string ip = around.pod_ips.empty() ? std::string() : around.pod_ips[0];
    Result<void> hook = co_await run_hook(*container.lifecycle->postStart, container, *id, ip, 0s);
    if (!hook) {
      event(*pod, name, client::kEventWarning, "FailedPostStartHook", "PostStartHook failed");
      int64_t grace = pod->spec.terminationGracePeriodSeconds.value_or(30);
      Result<void> killed = co_await kill(pod, container, *id, ip, grace, "FailedPostStartHook", token);
      (void)killed;
      co_return failure("PostStartHookError", "", 2s);
    }
  }
  co_return std::nullopt;
}

Task<Result<void>> ContainerRunner::run_hook(corev1::LifecycleHandler handler, corev1::Container container,
                                             std::string id, std::string pod_ip, Duration limit) {
  if (handler.exec) {
    int64_t seconds = std::chrono::duration_cast<std::chrono::seconds>(limit).count();
    CO_TRY(cri::ExecSyncResult ran, co_await parts_.runtime.exec_sync(id, handler.exec->command, seconds));
    if (ran.exit_code != 0) {
      co_return fail(problem(fmt::format("command '{}' exited with {}: {}",
                                         fmt::join(handler.exec->command, " "), ran.exit_code, ran.err)));
    }
  } else if (handler.httpGet) {
    CO_TRY(HttpProbe probe, http_probe_of(*handler.httpGet, container, pod_ip));
    probe.timeout = limit > Duration::zero() ? limit : Duration(30s);
    ProbeAnswer answer = co_await parts_.net.http_get(std::move(probe));
    bool failed = answer.outcome == ProbeOutcome::kFailure || answer.outcome == ProbeOutcome::kError;
    if (failed) co_return fail(problem(answer.message));
  } else if (handler.sleep) {
    Duration wait = std::chrono::seconds(handler.sleep->seconds);
    if (limit > Duration::zero()) wait = std::min(wait, limit);
    co_await sleep_for(wait);
  } else if (handler.tcpSocket) {
    co_return fail(problem("tcpSocket is not supported as a lifecycle handler"));
  }
  co_return Result<void>();
}

Task<Result<void>> ContainerRunner::kill(std::shared_ptr<const corev1::Pod> pod,
                                         std::optional<corev1::Container> container, std::string id,
                                         std::string pod_ip, int64_t grace_seconds, std::string message,
                                         CancelToken token) {
  std::string name = container ? container->name : std::string();
  if (container) event(*pod, name, client::kEventNormal, "Killing", std::move(message));
  MonotonicTime began = parts_.env.executor->now();
  if (container && container->lifecycle && container->lifecycle->preStop && grace_seconds > 0) {
    Result<void> hook = co_await run_hook(*container->lifecycle->preStop, *container, id, pod_ip,
                                          std::chrono::seconds(grace_seconds));
    if (!hook) event(*pod, name, client::kEventWarning, "FailedPreStopHook", "PreStopHook failed");
    grace_seconds -=
        std::chrono::duration_cast<std::chrono::seconds>(parts_.env.executor->now() - began).count();
  }
  grace_seconds = std::max(grace_seconds, kMinimumGrace);
  Result<void> stopped = co_await parts_.runtime.stop_container(id, grace_seconds);
  co_return stopped;
}

}  // namespace xebec::kubelet
