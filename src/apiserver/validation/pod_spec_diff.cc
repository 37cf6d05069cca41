#include "apiserver/validation/pod_spec_diff.h"

#include "apiserver/validation/go_value.h"
#include "apiserver/validation/unified_diff.h"
#include "codec/json.h"
#include "codec/value.h"

namespace xebec::apiserver::validation {
namespace {

using codec::Value;
using codec::ValueMap;

// core.PodSpec, whose order is not that of v1.
constexpr std::string_view kSpecFields[] = {"Volumes",
                                            "InitContainers",
                                            "Containers",
                                            "EphemeralContainers",
                                            "RestartPolicy",
                                            "TerminationGracePeriodSeconds",
                                            "ActiveDeadlineSeconds",
                                            "DNSPolicy",
                                            "NodeSelector",
                                            "ServiceAccountName",
                                            "AutomountServiceAccountToken",
                                            "NodeName",
                                            "SecurityContext",
                                            "ImagePullSecrets",
                                            "Hostname",
                                            "Subdomain",
                                            "SetHostnameAsFQDN",
                                            "Affinity",
                                            "SchedulerName",
                                            "Tolerations",
                                            "HostAliases",
                                            "PriorityClassName",
                                            "Priority",
                                            "PreemptionPolicy",
                                            "DNSConfig",
                                            "ReadinessGates",
                                            "RuntimeClassName",
                                            "Overhead",
                                            "EnableServiceLinks",
                                            "TopologySpreadConstraints",
                                            "OS",
                                            "SchedulingGates",
                                            "ResourceClaims",
                                            "Resources",
                                            "HostnameOverride",
                                            "SchedulingGroup"};
// Of v1's PodSpec, but of the internal PodSecurityContext; in its order.
constexpr std::string_view kHostFields[] = {"HostNetwork", "HostPID", "HostIPC", "ShareProcessNamespace",
                                            "HostUsers"};

Value taken(const ValueMap& map, std::string_view key) {
  const Value* value = map.find(key);
  return value ? *value : Value();
}

// The security context is there as soon as one of its fields is.
Value security_context(const ValueMap& spec) {
  const Value context = taken(spec, "SecurityContext");
  bool any = context.is_map();
  for (std::string_view field : kHostFields) {
    const Value value = taken(spec, field);
    any = any || value.bool_or(false) ||
          (value.is_bool() && field != "HostNetwork" && field != "HostPID" && field != "HostIPC");
  }
  if (!any) return Value();
  ValueMap out;
  for (std::string_view field : kHostFields) out.set(field, taken(spec, field));
  if (!context.is_map()) {
    // As it is when nothing of it was set.
    const corev1::PodSecurityContext empty;
    Result<Value> zero = codec::parse_json(go_json(empty));
    if (zero && zero->is_map()) {
      for (const auto& [key, value] : *zero->as_map()) out.set(key, value);
    }
    return out;
  }
  for (const auto& [key, value] : *context.as_map()) out.set(key, value);
  return out;
}

// Quobyte stands elsewhere among the sources.
Value volume(const Value& v1) {
  const ValueMap* map = v1.as_map();
  if (map == nullptr) return v1;
  ValueMap out;
  for (const auto& [key, value] : *map) {
    if (key == "Quobyte") continue;
    out.set(key, value);
    if (key == "RBD") out.set("Quobyte", taken(*map, "Quobyte"));
  }
  return out;
}

Value volumes(const Value& v1) {
  const codec::ValueList* list = v1.as_list();
  if (list == nullptr) return v1;
  codec::ValueList out;
  for (const Value& one : *list) out.push_back(volume(one));
  return out;
}

Value internal_spec(const corev1::PodSpec& spec) {
  Result<Value> v1 = codec::parse_json(go_json(spec));
  if (!v1 || !v1->is_map()) return Value();
  const ValueMap& map = *v1->as_map();
  ValueMap out;
  for (std::string_view field : kSpecFields) {
    if (field == "SecurityContext") {
      out.set(field, security_context(map));
    } else {
      out.set(field, field == "Volumes" ? volumes(taken(map, field)) : taken(map, field));
    }
  }
  return out;
}

// encoding/json writes these as escapes.
void append_escaped(std::string_view json, std::string& out) {
  for (char c : json) {
    if (c == '<' || c == '>' || c == '&') {
      out += c == '<' ? "\\u003c" : c == '>' ? "\\u003e" : "\\u0026";
    } else {
      out += c;
    }
  }
}

// json.MarshalIndent with one space.
void append_indented(const Value& value, size_t depth, std::string& out) {
  auto line = [&](size_t at) { out.append("\n").append(at, ' '); };
  if (const ValueMap* map = value.as_map(); map && !map->empty()) {
    char open = '{';
    for (const auto& [key, member] : *map) {
      out += std::exchange(open, ',');
      line(depth + 1);
      append_escaped(codec::to_json(Value(key)), out);
      out += ": ";
      append_indented(member, depth + 1, out);
    }
    line(depth);
    out += '}';
  } else if (const codec::ValueList* list = value.as_list(); list && !list->empty()) {
    char open = '[';
    for (const Value& item : *list) {
      out += std::exchange(open, ',');
      line(depth + 1);
      append_indented(item, depth + 1, out);
    }
    line(depth);
    out += ']';
  } else {
    append_escaped(codec::to_json(value), out);
  }
}

std::string text_of(const corev1::PodSpec& spec) {
  std::string out;
  append_indented(internal_spec(spec), 0, out);
  return out;
}

}  // namespace

std::string pod_spec_diff(const corev1::PodSpec& old, const corev1::PodSpec& now) {
  return unified_diff(text_of(old), text_of(now));
}

}  // namespace xebec::apiserver::validation
