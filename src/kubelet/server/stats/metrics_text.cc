// The Prometheus forms of a snapshot.
#include <fmt/format.h>

#include "kubelet/server/stats/summary.h"

namespace xebec::kubelet {
namespace {

// Families in the order of their names, as scrapers expect them: header, then samples.
class Exposition {
 public:
  void add(const std::string& name, std::string_view type, std::string_view help, const std::string& labels,
           double value, int64_t at_nanos) {
    std::string& text = families_[name];
    if (text.empty()) text = fmt::format("# HELP {} {}\n# TYPE {} {}\n", name, help, name, type);
    std::string at = at_nanos == 0 ? std::string() : fmt::format(" {}", at_nanos / 1'000'000);
    std::string braced = labels.empty() ? std::string() : "{" + labels + "}";
    text += fmt::format("{}{} {}{}\n", name, braced, value, at);
  }
  std::string text() const {
    std::string out;
    for (const auto& [name, family] : families_) out += family;
    return out;
  }

 private:
  std::map<std::string, std::string> families_;
};

std::string pod_labels(const PodSnapshot& pod) {
  return fmt::format("namespace=\"{}\",pod=\"{}\"", pod.pod->metadata.namespace_, pod.pod->metadata.name);
}

double seconds(int64_t nanos) { return static_cast<double>(nanos) / 1e9; }
double number(const std::optional<uint64_t>& value) { return static_cast<double>(value.value_or(0)); }

void add_network(Exposition& out, const PodSnapshot& pod, const std::string& labels, int64_t at) {
  if (!pod.sandbox.network) return;
  auto one = [&](const cri::NetworkInterfaceUsage& interface) {
    std::string with = fmt::format("container=\"\",id=\"\",image=\"\",interface=\"{}\",name=\"{}\",{}",
                                   interface.name, pod.sandbox_id, labels);
    auto add = [&](const char* name, const char* help, const std::optional<uint64_t>& value) {
      out.add(name, "counter", help, with, number(value), at);
    };
    add("container_network_receive_bytes_total", "Cumulative count of bytes received", interface.rx_bytes);
    add("container_network_receive_errors_total", "Cumulative count of errors encountered while receiving",
        interface.rx_errors);
    add("container_network_transmit_bytes_total", "Cumulative count of bytes transmitted",
        interface.tx_bytes);
    add("container_network_transmit_errors_total",
        "Cumulative count of errors encountered while transmitting", interface.tx_errors);
  };
  if (pod.sandbox.network->default_interface) one(*pod.sandbox.network->default_interface);
  for (const cri::NetworkInterfaceUsage& interface : pod.sandbox.network->interfaces) one(interface);
}

void add_container(Exposition& out, const ContainerSnapshot& container, const std::string& pod, int64_t at) {
  const cri::ContainerStats& stats = container.stats;
  std::string id = fmt::format("id=\"{0}\",image=\"{1}\",name=\"{0}\",{2}", stats.id, container.image, pod);
  std::string labels = fmt::format("container=\"{}\",{}", stats.metadata.name, id);
  if (stats.cpu) {
    out.add("container_cpu_usage_seconds_total", "counter", "Cumulative cpu time consumed in seconds.",
            fmt::format("container=\"{}\",cpu=\"total\",{}", stats.metadata.name, id),
            seconds(static_cast<int64_t>(stats.cpu->usage_core_nano_seconds.value_or(0))), at);
  }
  if (stats.memory) {
    const cri::MemoryUsage& memory = *stats.memory;
    auto gauge = [&](const char* name, const char* help, const std::optional<uint64_t>& value) {
      out.add(name, "gauge", help, labels, number(value), at);
    };
    gauge("container_memory_usage_bytes",
          "Current memory usage in bytes, including all memory regardless of when it was accessed",
          memory.usage_bytes);
    gauge("container_memory_working_set_bytes", "Current working set in bytes.", memory.working_set_bytes);
    gauge("container_memory_rss", "Size of RSS in bytes.", memory.rss_bytes);
    for (auto [type, value] :
         {std::pair("pgfault", memory.page_faults), std::pair("pgmajfault", memory.major_page_faults)}) {
      out.add("container_memory_failures_total", "counter", "Cumulative count of memory allocation failures.",
              fmt::format("container=\"{}\",failure_type=\"{}\",{},scope=\"container\"", stats.metadata.name,
                          type, id),
              number(value), at);
    }
  }
  if (stats.writable_layer) {
    out.add("container_fs_usage_bytes", "gauge",
            "Number of bytes that are consumed by the container on this filesystem.", labels,
            number(stats.writable_layer->used_bytes), at);
  }
  out.add("container_start_time_seconds", "gauge", "Start time of the container since unix epoch in seconds.",
          labels, seconds(container.started_at), at);
  out.add("container_last_seen", "gauge", "Last time a container was seen by the exporter", labels,
          seconds(at), at);
}

}  // namespace

std::string resource_metrics(const NodeSnapshot& s) {
  Exposition out;
  int64_t at = s.taken_at;
  for (const PodSnapshot& pod : s.pods) {
    std::string labels = pod_labels(pod);
    for (const ContainerSnapshot& container : pod.containers) {
      std::string own = fmt::format("container=\"{}\",{}", container.stats.metadata.name, labels);
      if (container.stats.cpu) {
        out.add("container_cpu_usage_seconds_total", "counter",
                "[STABLE] Cumulative cpu time consumed by the container in core-seconds", own,
                seconds(static_cast<int64_t>(container.stats.cpu->usage_core_nano_seconds.value_or(0))), at);
      }
      if (container.stats.memory) {
        out.add("container_memory_working_set_bytes", "gauge",
                "[STABLE] Current working set of the container in bytes", own,
                number(container.stats.memory->working_set_bytes), at);
      }
      out.add("container_start_time_seconds", "gauge",
              "[STABLE] Start time of the container since unix epoch in seconds", own,
              seconds(container.started_at), 0);
    }
    out.add("pod_cpu_usage_seconds_total", "counter",
            "[STABLE] Cumulative cpu time consumed by the pod in core-seconds", labels,
            seconds(pod.cpu_nanos()), at);
    out.add("pod_memory_working_set_bytes", "gauge", "[STABLE] Current working set of the pod in bytes",
            labels, static_cast<double>(pod.working_set()), at);
  }
  out.add("node_cpu_usage_seconds_total", "counter",
          "[STABLE] Cumulative cpu time consumed by the node in core-seconds", "",
          seconds(s.node.load.cpu_nanos), at);
  out.add("node_memory_working_set_bytes", "gauge", "[STABLE] Current working set of the node in bytes", "",
          static_cast<double>(s.node.machine.memory_bytes - s.node.load.memory_available_bytes), at);
  out.add("resource_scrape_error", "gauge",
          "[STABLE] 1 if there was an error while getting container metrics, 0 otherwise", "",
          s.failed ? 1 : 0, 0);
  return out.text();
}

std::string cadvisor_metrics(const NodeSnapshot& s) {
  Exposition out;
  for (const PodSnapshot& pod : s.pods) {
    std::string labels = pod_labels(pod);
    for (const ContainerSnapshot& container : pod.containers)
      add_container(out, container, labels, s.taken_at);
    add_network(out, pod, labels, s.taken_at);
  }
  std::string machine =
      fmt::format("boot_id=\"{}\",machine_id=\"{}\",system_uuid=\"{}\"", s.node.machine.boot_id,
                  s.node.machine.machine_id, s.node.machine.system_uuid);
  out.add("machine_cpu_cores", "gauge", "Number of logical CPU cores.", machine,
          static_cast<double>(s.node.machine.cpus), 0);
  out.add("machine_memory_bytes", "gauge", "Amount of memory installed on the machine.", machine,
          static_cast<double>(s.node.machine.memory_bytes), 0);
  return out.text();
}

}  // namespace xebec::kubelet
