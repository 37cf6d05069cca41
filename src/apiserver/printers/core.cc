#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "api/gen/corev1.h"
#include "apiserver/printers/human_duration.h"
#include "apiserver/printers/printer.h"

namespace xebec::apiserver {
namespace {

void print(const corev1::ConfigMap& object, Row& row) {
  row.set("Data", static_cast<int64_t>(object.data.size() + object.binaryData.size()));
}

void print(const corev1::Secret& object, Row& row) {
  row.set("Type", object.type);
  row.set("Data", static_cast<int64_t>(object.data.size()));
}

void print(const corev1::ServiceAccount& object, Row& row) {
  row.set("Secrets", static_cast<int64_t>(object.secrets.size()));
}

void print(const corev1::Namespace& object, Row& row) { row.set("Status", object.status.phase); }

std::string node_status(const corev1::Node& node) {
  std::string out = "Unknown";
  for (const corev1::NodeCondition& condition : node.status.conditions) {
    if (condition.type == "Ready") out = condition.status == "True" ? "Ready" : "NotReady";
  }
  if (node.spec.unschedulable) out += ",SchedulingDisabled";
  return out;
}

std::string node_roles(const corev1::Node& node) {
  constexpr std::string_view kPrefix = "node-role.kubernetes.io/";
  std::set<std::string> roles;
  for (const auto& [key, value] : node.metadata.labels) {
    if (key.starts_with(kPrefix) && key.size() > kPrefix.size()) roles.insert(key.substr(kPrefix.size()));
    if (key == "kubernetes.io/role" && !value.empty()) roles.insert(value);
  }
  return cells::or_none(cells::join({roles.begin(), roles.end()}));
}

std::string node_address(const corev1::Node& node, std::string_view type) {
  for (const corev1::NodeAddress& address : node.status.addresses) {
    if (address.type == type) return address.address;
  }
  return "<none>";
}

std::string or_unknown(const std::string& text) { return text.empty() ? "<unknown>" : text; }

void print(const corev1::Node& node, Row& row) {
  const corev1::NodeSystemInfo& info = node.status.nodeInfo;
  row.set("Status", node_status(node));
  row.set("Roles", node_roles(node));
  row.set("Version", info.kubeletVersion);
  row.set("Internal-IP", node_address(node, "InternalIP"));
  row.set("External-IP", node_address(node, "ExternalIP"));
  row.set("OS-Image", or_unknown(info.osImage));
  std::string kernel = or_unknown(info.kernelVersion);
  if (!info.architecture.empty()) kernel += fmt::format(" ({})", info.architecture);
  row.set("Kernel-Version", std::move(kernel));
  row.set("Container-Runtime", or_unknown(info.containerRuntimeVersion));
}

void print(const corev1::Event& event, Row& row) {
  std::string first = human_age(event.firstTimestamp, row.now());
  if (event.firstTimestamp.is_zero())
    first = human_age(api::Time::from_unix(event.eventTime.seconds), row.now());
  std::string last = event.lastTimestamp.is_zero() ? first : human_age(event.lastTimestamp, row.now());
  int64_t count = event.count == 0 ? 1 : event.count;
  if (event.series) {
    last = human_age(api::Time::from_unix(event.series->lastObservedTime.seconds), row.now());
    count = event.series->count;
  }
  std::string kind = event.involvedObject.kind;
  std::ranges::transform(kind, kind.begin(), [](unsigned char c) { return std::tolower(c); });
  std::string source = event.source.component.empty() ? event.reportingComponent : event.source.component;
  const std::string& host = event.source.component.empty() ? event.reportingInstance : event.source.host;
  if (!host.empty()) source += ", " + host;

  row.set("Last Seen", std::move(last));
  row.set("Type", event.type);
  row.set("Reason", event.reason);
  row.set("Object",
          event.involvedObject.name.empty() ? kind : fmt::format("{}/{}", kind, event.involvedObject.name));
  row.set("Subobject", event.involvedObject.fieldPath);
  row.set("Source", std::move(source));
  std::string message = event.message;
  while (!message.empty() && std::isspace(static_cast<unsigned char>(message.back()))) message.pop_back();
  row.set("Message", std::move(message));
  row.set("First Seen", std::move(first));
  row.set("Count", count);
  row.set("Name", event.metadata.name);
}

void print(const corev1::ResourceQuota& object, Row& row) {
  std::vector<std::string> requests, limits;
  for (const auto& [name, hard] : object.status.hard) {
    const api::Quantity* used = object.status.used.get(name);
    std::string text = fmt::format("{}: {}/{}", name, used ? used->str() : "0", hard.str());
    (name.starts_with("limits.") ? limits : requests).push_back(std::move(text));
  }
  row.set("Request", cells::join(requests, ", "));
  row.set("Limit", cells::join(limits, ", "));
}

void print(const corev1::ComponentStatus& object, Row& row) {
  std::string status = "Unknown", message, error;
  for (const corev1::ComponentCondition& condition : object.conditions) {
    if (condition.type != "Healthy") continue;
    status = condition.status == "True" ? "Healthy" : "Unhealthy";
    message = condition.message;
    error = condition.error;
  }
  row.set("Status", std::move(status));
  row.set("Message", std::move(message));
  row.set("Error", std::move(error));
}

}  // namespace

std::span<const PrinterEntry> core_printers() {
  static const PrinterEntry kTable[] = {
      XEBEC_PRINTER(corev1::ConfigMap),      XEBEC_PRINTER(corev1::Secret),
      XEBEC_PRINTER(corev1::ServiceAccount), XEBEC_PRINTER(corev1::Namespace),
      XEBEC_PRINTER(corev1::Node),           XEBEC_PRINTER(corev1::Event),
      XEBEC_PRINTER(corev1::ResourceQuota),  XEBEC_PRINTER(corev1::ComponentStatus)};
  return kTable;
}

}  // namespace xebec::apiserver
