#include "load/objects.h"

#include <fmt/format.h>

#include <charconv>

namespace xebec::load {
namespace {

constexpr std::string_view kMark = "xl=";

// The protobuf wire format (length-delimited fields are all that is needed here).
void put_varint(std::string& out, uint64_t value) {
  while (value >= 0x80) {
    out += static_cast<char>(value | 0x80);
    value >>= 7;
  }
  out += static_cast<char>(value);
}

void put(std::string& out, uint32_t number, std::string_view bytes) {
  put_varint(out, number << 3 | 2);
  put_varint(out, bytes.size());
  out += bytes;
}

std::string envelope(std::string_view api_version, std::string_view kind, std::string_view raw) {
  std::string type;
  put(type, 1, api_version);
  put(type, 2, kind);
  std::string out("k8s\0", 4);
  put(out, 1, type);
  put(out, 2, raw);
  return out;
}

std::string metadata(std::string_view ns, std::string_view name) {
  std::string out;
  put(out, 1, name);
  put(out, 3, ns);
  return out;
}

std::string entry(std::string_view key, std::string_view value) {
  std::string out;
  put(out, 1, key);
  put(out, 2, value);
  return out;
}

}  // namespace

std::string_view media_type(Format format) {
  return format == Format::kJson ? "application/json" : "application/vnd.kubernetes.protobuf";
}

std::string config_map(Format format, std::string_view ns, std::string_view name, std::string_view payload,
                       uint64_t mark) {
  std::string mark_text = fmt::format("{}{};", kMark, mark);
  if (format == Format::kJson) {
    return fmt::format(
        R"({{"apiVersion":"v1","kind":"ConfigMap","metadata":{{"name":"{}","namespace":"{}"}},"data":{{"mark":"{}","payload":"{}"}}}})",
        name, ns, mark_text, payload);
  }
  std::string raw;
  put(raw, 1, metadata(ns, name));
  put(raw, 2, entry("mark", mark_text));
  put(raw, 2, entry("payload", payload));
  return envelope("v1", "ConfigMap", raw);
}

std::string pod(Format format, std::string_view ns, std::string_view name) {
  if (format == Format::kJson) {
    return fmt::format(
        R"({{"apiVersion":"v1","kind":"Pod","metadata":{{"name":"{}","namespace":"{}","labels":{{"app":"load"}}}},"spec":{{)"
        R"("schedulerName":"nobody","containers":[{{"name":"main","image":"registry.k8s.io/pause:3.9","env":[{{"name":"A","value":"1"}}],)"
        R"("resources":{{"requests":{{"cpu":"100m","memory":"64Mi"}}}}}}]}}}})",
        name, ns);
  }
  std::string env;
  put(env, 1, "A");
  put(env, 2, "1");
  auto quantity = [](std::string_view resource, std::string_view amount) {
    std::string value;
    put(value, 1, amount);
    return entry(resource, value);
  };
  std::string resources;
  put(resources, 2, quantity("cpu", "100m"));
  put(resources, 2, quantity("memory", "64Mi"));
  std::string container;
  put(container, 1, "main");
  put(container, 2, "registry.k8s.io/pause:3.9");
  put(container, 7, env);
  put(container, 8, resources);
  std::string spec;
  put(spec, 2, container);
  put(spec, 19, "nobody");
  std::string meta = metadata(ns, name);
  put(meta, 11, entry("app", "load"));
  std::string raw;
  put(raw, 1, meta);
  put(raw, 2, spec);
  return envelope("v1", "Pod", raw);
}

std::string ns_object(std::string_view name) {
  return fmt::format(R"({{"apiVersion":"v1","kind":"Namespace","metadata":{{"name":"{}"}}}})", name);
}

std::string service_account_object() {
  return R"({"apiVersion":"v1","kind":"ServiceAccount","metadata":{"name":"default"}})";
}

uint64_t mark_of(std::string_view bytes) {
  size_t at = bytes.find(kMark);
  if (at == std::string_view::npos) return 0;
  uint64_t mark = 0;
  std::from_chars(bytes.data() + at + kMark.size(), bytes.data() + bytes.size(), mark);
  return mark;
}

}  // namespace xebec::load
