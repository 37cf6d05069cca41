#include "apiserver/validation/go_value.h"

#include "codec/json.h"

namespace xebec::apiserver::validation {
namespace {

// JSON names whose Go names differ by more than a capital letter at the front.
std::string go_name(std::string_view json) {
  static constexpr std::pair<std::string_view, std::string_view> kInitialisms[] = {
      {"uid", "UID"},
      {"ip", "IP"},
      {"apiVersion", "APIVersion"},
      {"apiGroup", "APIGroup"},
      {"tty", "TTY"},
      {"cidrs", "CIDRs"},
      {"seLinuxOptions", "SELinuxOptions"},
      {"gmsaCredentialSpecName", "GMSACredentialSpecName"},
      {"gmsaCredentialSpec", "GMSACredentialSpec"},
      {"awsElasticBlockStore", "AWSElasticBlockStore"},
      {"cephfs", "CephFS"},
      {"csi", "CSI"},
      {"dnsConfig", "DNSConfig"},
      {"dnsPolicy", "DNSPolicy"},
      {"fc", "FC"},
      {"fsGroup", "FSGroup"},
      {"fsGroupChangePolicy", "FSGroupChangePolicy"},
      {"fsType", "FSType"},
      {"gcePersistentDisk", "GCEPersistentDisk"},
      {"grpc", "GRPC"},
      {"httpGet", "HTTPGet"},
      {"httpHeaders", "HTTPHeaders"},
      {"iscsi", "ISCSI"},
      {"nfs", "NFS"},
      {"os", "OS"},
      {"rbd", "RBD"},
      {"seLinuxChangePolicy", "SELinuxChangePolicy"},
      {"storageos", "StorageOS"},
      {"tcpSocket", "TCPSocket"},
      {"id", "ID"},
      {"$schema", "Schema"},
      {"$ref", "Ref"},
      {"x-kubernetes-preserve-unknown-fields", "XPreserveUnknownFields"},
      {"x-kubernetes-embedded-resource", "XEmbeddedResource"},
      {"x-kubernetes-int-or-string", "XIntOrString"},
      {"x-kubernetes-list-map-keys", "XListMapKeys"},
      {"x-kubernetes-list-type", "XListType"},
      {"x-kubernetes-map-type", "XMapType"},
      {"x-kubernetes-validations", "XValidations"}};
  for (const auto& [from, to] : kInitialisms)
    if (json == from) return std::string(to);
  std::string out(json);
  if (!out.empty() && out[0] >= 'a' && out[0] <= 'z') out[0] = static_cast<char>(out[0] - 'a' + 'A');
  return out;
}

bool has_json_names(const api::Message& type) { return type.full_name.starts_with("k8s.io.apimachinery."); }

void append_value(api::Kind kind, const api::Message* message, const void* value, std::string& out) {
  if (kind == api::Kind::Message) {
    out += go_json(*message, value);
  } else {
    codec::append_json_scalar(kind, value, out);
  }
}

void append_list(const api::Field& field, const void* object, std::string& out) {
  const size_t n = field.size(object);
  if (n == 0) return void(out += "null");
  for (size_t i = 0; i < n; ++i) {
    out += i == 0 ? '[' : ',';
    append_value(field.kind, field.message, field.list->at(field.ptr(object), i), out);
  }
  out += ']';
}

void append_map(const api::Field& field, const void* object, std::string& out) {
  const size_t n = field.size(object);
  if (n == 0) return void(out += "null");
  for (size_t i = 0; i < n; ++i) {
    out += i == 0 ? '{' : ',';
    codec::append_json_scalar(api::Kind::String, &field.map->key(field.ptr(object), i), out);
    out += ':';
    append_value(field.kind, field.message, field.map->value(const_cast<void*>(field.ptr(object)), i), out);
  }
  out += '}';
}

void append_field(const api::Field& field, const void* object, std::string& out) {
  if (out.size() > 1) out += ',';
  out.append("\"").append(go_name(field.name)).append("\":");
  if (field.rep == api::Rep::List) {
    append_list(field, object, out);
  } else if (field.rep == api::Rep::Map) {
    append_map(field, object, out);
  } else if (const void* value = field.get(object)) {
    append_value(field.kind, field.message, value, out);
  } else {
    out += "null";
  }
}

// The internal type of schemas has this field earlier than the served ones.
const api::Field* moved_behind_type(const api::Message& type) {
  if (!type.full_name.ends_with(".JSONSchemaProps")) return nullptr;
  for (const api::Field& field : type.fields)
    if (field.name == "nullable") return &field;
  return nullptr;
}

}  // namespace

std::string go_json(const api::Message& type, const void* object) {
  std::string out;
  if (has_json_names(type)) {
    codec::append_json(type, object, "", "", out);
    return out;
  }
  out += '{';
  const api::Field* moved = moved_behind_type(type);
  for (const api::Field& field : type.fields) {
    if (&field == moved) continue;
    append_field(field, object, out);
    if (moved != nullptr && field.name == "type") append_field(*moved, object, out);
  }
  return out + "}";
}

std::string go_json(const std::vector<std::string>& texts) {
  if (texts.empty()) return "null";
  std::string out;
  for (const std::string& text : texts) {
    out += out.empty() ? '[' : ',';
    codec::append_json_scalar(api::Kind::String, &text, out);
  }
  return out + "]";
}

}  // namespace xebec::apiserver::validation
