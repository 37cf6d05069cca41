#include "kubelet/pods/sandbox_config.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <sstream>

#include "api/gen/corev1.h"
#include "api/pod_resources.h"
#include "kubelet/cgroups/cgroup_manager.h"
#include "kubelet/labels.h"
#include "kubelet/problem.h"

namespace xebec::kubelet {
namespace {

cri::DnsConfig parse_resolv_conf(std::string_view text) {
  cri::DnsConfig dns;
  std::istringstream in{std::string(text)};
  std::string line;
  while (std::getline(in, line)) {
    std::istringstream words(line);
    std::string keyword, word;
    words >> keyword;
    if (keyword == "nameserver" && words >> word) dns.servers.push_back(word);
    if (keyword == "search" || keyword == "domain") {
      dns.searches.clear();
      while (words >> word) {
        if (word.size() > 1 && word.ends_with('.')) word.pop_back();
        if (word != ".") dns.searches.push_back(word);
      }
    }
    if (keyword == "options") {
      while (words >> word) dns.options.push_back(word);
    }
  }
  return dns;
}

void append_missing(std::vector<std::string>& to, const std::vector<std::string>& from) {
  for (const std::string& item : from) {
    if (std::find(to.begin(), to.end(), item) == to.end()) to.push_back(item);
  }
}

// Resolvers read no more than this of each.
constexpr size_t kMaxNameservers = 3, kMaxSearches = 32, kMaxSearchLength = 2048;

void limit(cri::DnsConfig& dns, std::vector<PodWarning>& warnings) {
  if (dns.servers.size() > kMaxNameservers) {
    dns.servers.resize(kMaxNameservers);
    warnings.push_back(PodWarning{
        "DNSConfigForming",
        fmt::format(
            "Nameserver limits were exceeded, some nameservers have been omitted, the applied nameserver "
            "line is: {}",
            fmt::join(dns.servers, " "))});
  }
  auto line = [&] { return fmt::format("{}", fmt::join(dns.searches, " ")); };
  bool cut = dns.searches.size() > kMaxSearches;
  if (cut) dns.searches.resize(kMaxSearches);
  for (; line().size() > kMaxSearchLength; cut = true) dns.searches.pop_back();
  if (!cut) return;
  warnings.push_back(PodWarning{
      "DNSConfigForming",
      "Search Line limits were exceeded, some search paths have been omitted, the applied search line is: " +
          line()});
}

cri::DnsConfig dns_of(const KubeletOptions& options, const corev1::Pod& pod, std::string_view host,
                      std::vector<PodWarning>& warnings) {
  std::string policy = pod.spec.dnsPolicy.empty() ? "ClusterFirst" : pod.spec.dnsPolicy;
  bool cluster = policy == "ClusterFirstWithHostNet" || (policy == "ClusterFirst" && !pod.spec.hostNetwork);
  cri::DnsConfig dns;
  if (policy == "None") {
    // Only what dnsConfig says.
  } else if (cluster && !options.cluster_dns.empty()) {
    dns.servers = options.cluster_dns;
    const std::string& domain = options.cluster_domain;
    dns.searches = {fmt::format("{}.svc.{}", pod.metadata.namespace_, domain), "svc." + domain, domain};
    append_missing(dns.searches, parse_resolv_conf(host).searches);
    dns.options = {"ndots:5"};
  } else {
    if (cluster) {
      warnings.push_back(PodWarning{
          "MissingClusterDNS",
          fmt::format(
              "pod: \"{}_{}({})\". kubelet does not have ClusterDNS IP configured and cannot create Pod "
              "using \"{}\" policy. Falling back to \"Default\" policy.",
              pod.metadata.name, pod.metadata.namespace_, pod.metadata.uid, policy)});
    }
    dns = parse_resolv_conf(host);
  }
  if (pod.spec.dnsConfig) {
    append_missing(dns.servers, pod.spec.dnsConfig->nameservers);
    append_missing(dns.searches, pod.spec.dnsConfig->searches);
    for (const corev1::PodDNSConfigOption& option : pod.spec.dnsConfig->options) {
      std::string text =
          option.value && !option.value->empty() ? option.name + ":" + *option.value : option.name;
      auto same = [&](const std::string& have) { return have.substr(0, have.find(':')) == option.name; };
      std::erase_if(dns.options, same);
      dns.options.push_back(std::move(text));
    }
  }
  limit(dns, warnings);
  return dns;
}

cri::LinuxResources resources_of(const api::ResourceList& requests, const api::ResourceList& limits) {
  cri::LinuxResources out;
  const api::Quantity* cpu = requests.get("cpu");
  out.cpu_shares = std::clamp<int64_t>(cpu == nullptr ? 0 : cpu->milli_value() * 1024 / 1000, 2, 262144);
  if (const api::Quantity* limit = limits.get("cpu")) {
    out.cpu_period = 100000;
    out.cpu_quota = std::max<int64_t>(1000, limit->milli_value() * 100);
  }
  if (const api::Quantity* memory = limits.get("memory")) out.memory_limit = memory->value();
  return out;
}

std::vector<cri::PortMapping> ports_of(const corev1::Pod& pod) {
  std::vector<cri::PortMapping> out;
  auto add = [&](const corev1::Container& container) {
    for (const corev1::ContainerPort& port : container.ports) {
      cri::PortMapping mapping;
      mapping.protocol = port.protocol == "UDP"    ? cri::Protocol::kUdp
                         : port.protocol == "SCTP" ? cri::Protocol::kSctp
                                                   : cri::Protocol::kTcp;
      mapping.container_port = port.containerPort;
      mapping.host_port = port.hostPort;
      mapping.host_ip = port.hostIP;
      out.push_back(std::move(mapping));
    }
  };
  for (const corev1::Container& container : pod.spec.initContainers) {
    if (container.restartPolicy == "Always") add(container);
  }
  for (const corev1::Container& container : pod.spec.containers) add(container);
  return out;
}

bool any_privileged(const corev1::Pod& pod) {
  auto privileged = [](const corev1::Container& c) {
    return c.securityContext && c.securityContext->privileged.value_or(false);
  };
  return std::any_of(pod.spec.containers.begin(), pod.spec.containers.end(), privileged) ||
         std::any_of(pod.spec.initContainers.begin(), pod.spec.initContainers.end(), privileged);
}

}  // namespace

std::string pod_log_directory(const KubeletOptions& options, const corev1::Pod& pod) {
  return fmt::format("{}/{}_{}_{}", options.log_root, pod.metadata.namespace_, pod.metadata.name,
                     pod.metadata.uid);
}

std::string pod_hostname(const corev1::Pod& pod) {
  if (pod.spec.hostnameOverride) return *pod.spec.hostnameOverride;
  std::string name = pod.spec.hostname.empty() ? pod.metadata.name : pod.spec.hostname;
  if (name.size() > 63) {
    name.resize(63);
    while (!name.empty() && (name.back() == '-' || name.back() == '.')) name.pop_back();
  }
  return name;
}

cri::NamespaceOptions namespaces_of(const corev1::Pod& pod) {
  cri::NamespaceOptions options;
  options.network = pod.spec.hostNetwork ? cri::NamespaceMode::kNode : cri::NamespaceMode::kPod;
  options.ipc = pod.spec.hostIPC ? cri::NamespaceMode::kNode : cri::NamespaceMode::kPod;
  options.pid = pod.spec.hostPID                                 ? cri::NamespaceMode::kNode
                : pod.spec.shareProcessNamespace.value_or(false) ? cri::NamespaceMode::kPod
                                                                 : cri::NamespaceMode::kContainer;
  return options;
}

cri::SecurityProfile seccomp_of(const corev1::PodSecurityContext* pod,
                                const corev1::SecurityContext* container, const std::string& seccomp_root) {
  const corev1::SeccompProfile* profile = nullptr;
  if (pod != nullptr && pod->seccompProfile) profile = pod->seccompProfile.get();
  if (container != nullptr && container->seccompProfile) profile = container->seccompProfile.get();
  cri::SecurityProfile out;
  out.type = cri::SecurityProfile::Type::kUnconfined;
  if (profile == nullptr) return out;
  if (profile->type == "RuntimeDefault") out.type = cri::SecurityProfile::Type::kRuntimeDefault;
  if (profile->type == "Localhost") {
    out.type = cri::SecurityProfile::Type::kLocalhost;
    out.localhost_ref = seccomp_root + "/" + profile->localhostProfile.value_or("");
  }
  return out;
}

Result<cri::PodSandboxConfig> make_sandbox_config(const KubeletOptions& options, const corev1::Pod& pod,
                                                  uint32_t attempt, std::string_view host_resolv_conf,
                                                  std::vector<PodWarning>* warnings) {
  if (!pod.spec.hostUsers.value_or(true)) {
    return fail(problem("user namespaces (hostUsers: false) are not supported by this container runtime"));
  }
  cri::PodSandboxConfig config;
  config.metadata = {pod.metadata.name, pod.metadata.uid, pod.metadata.namespace_, attempt};
  if (!pod.spec.hostNetwork) {
    config.hostname = pod_hostname(pod);
    if (pod.spec.setHostnameAsFQDN.value_or(false) && !pod.spec.subdomain.empty()) {
      config.hostname +=
          fmt::format(".{}.{}.svc.{}", pod.spec.subdomain, pod.metadata.namespace_, options.cluster_domain);
      if (config.hostname.size() > 64) {
        return fail(
            problem(fmt::format("failed to construct FQDN from pod hostname and cluster domain, FQDN {} is "
                                "too long (64 characters "
                                "is the max, {} characters requested)",
                                config.hostname, config.hostname.size())));
      }
    }
  }
  config.log_directory = pod_log_directory(options, pod);
  std::vector<PodWarning> found;
  config.dns = dns_of(options, pod, host_resolv_conf, found);
  if (warnings != nullptr) *warnings = std::move(found);
  if (!pod.spec.hostNetwork) config.port_mappings = ports_of(pod);
  for (const auto& [key, value] : pod.metadata.labels) config.labels[key] = value;
  config.labels[kPodName] = pod.metadata.name;
  config.labels[kPodNamespace] = pod.metadata.namespace_;
  config.labels[kPodUid] = pod.metadata.uid;
  for (const auto& [key, value] : pod.metadata.annotations) config.annotations[key] = value;
  config.cgroup_parent = pod_cgroup(options.cgroup_root, pod);
  config.overhead = resources_of(pod.spec.overhead, pod.spec.overhead);
  config.resources = resources_of(api::pod_requests(pod), api::pod_limits(pod));

  const corev1::PodSecurityContext* security = pod.spec.securityContext.get();
  config.security.namespaces = namespaces_of(pod);
  config.security.privileged = any_privileged(pod);
  // The pause process itself is confined as the pod is; RuntimeDefault where nothing is said, as upstream
  // does.
  config.security.seccomp = seccomp_of(security, nullptr, options.root_dir + "/seccomp");
  if (security == nullptr || !security->seccompProfile) {
    config.security.seccomp->type = cri::SecurityProfile::Type::kRuntimeDefault;
  }
  if (security != nullptr && security->seLinuxOptions) {
    const corev1::SELinuxOptions& from = *security->seLinuxOptions;
    config.security.selinux = cri::SelinuxOptions{from.user, from.role, from.type, from.level};
  }
  if (security != nullptr) {
    config.security.run_as_user = security->runAsUser;
    config.security.run_as_group = security->runAsGroup;
    config.security.supplemental_groups = security->supplementalGroups;
    if (security->fsGroup) config.security.supplemental_groups.push_back(*security->fsGroup);
    for (const corev1::Sysctl& sysctl : security->sysctls) config.sysctls[sysctl.name] = sysctl.value;
  }
  return config;
}

}  // namespace xebec::kubelet
