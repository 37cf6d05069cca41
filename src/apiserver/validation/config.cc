// ConfigMaps and Secrets.
#include <fmt/format.h>

#include "apiserver/validation/core.h"
#include "codec/json.h"

namespace xebec::apiserver::validation {
namespace {

constexpr size_t kMaxBytes = 1 << 20;

void require_keys(Errors& errors, const corev1::Secret& secret,
                  std::initializer_list<std::string_view> keys) {
  for (std::string_view key : keys) {
    if (!secret.data.contains(key)) errors.push_back(field::required(Path("data").key(key)));
  }
}

void require_json(Errors& errors, const corev1::Secret& secret, std::string_view key) {
  const api::Bytes* bytes = secret.data.get(key);
  if (bytes == nullptr) {
    errors.push_back(field::required(Path("data").key(key)));
    return;
  }
  Result<codec::Value> parsed = codec::parse_json(bytes->view());
  std::string why;
  if (!parsed) {
    why = parsed.error().message;
  } else if (!parsed->is_map() && !parsed->is_null()) {
    const std::string_view what = parsed->is_list()     ? "array"
                                  : parsed->is_string() ? "string"
                                  : parsed->is_bool()   ? "bool"
                                                        : "number";
    why = fmt::format("json: cannot unmarshal {} into Go value of type map[string]interface {{}}", what);
  }
  if (!why.empty())
    errors.push_back(field::invalid_string(Path("data").key(key), "<secret contents redacted>", why));
}

void check_secret_type(Errors& errors, const corev1::Secret& secret) {
  if (secret.type == "kubernetes.io/service-account-token") {
    if (secret.metadata.annotations.value_or("kubernetes.io/service-account.name", "").empty()) {
      errors.push_back(
          field::required(Path("metadata").child("annotations").key("kubernetes.io/service-account.name")));
    }
  } else if (secret.type == "kubernetes.io/dockercfg") {
    require_json(errors, secret, ".dockercfg");
  } else if (secret.type == "kubernetes.io/dockerconfigjson") {
    require_json(errors, secret, ".dockerconfigjson");
  } else if (secret.type == "kubernetes.io/basic-auth") {
    if (!secret.data.contains("username") && !secret.data.contains("password")) {
      require_keys(errors, secret, {"username", "password"});
    }
  } else if (secret.type == "kubernetes.io/ssh-auth") {
    if (secret.data.value_or("ssh-privatekey", {}).empty())
      errors.push_back(field::required(Path("data").key("ssh-privatekey")));
  } else if (secret.type == "kubernetes.io/tls") {
    require_keys(errors, secret, {"tls.crt", "tls.key"});
  }
}

}  // namespace

Errors validate_config_map(const corev1::ConfigMap& map) {
  Errors errors;
  size_t total = 0;
  for (const auto& [key, value] : map.data) {
    check_config_key(errors, Path("data").key(key), key);
    if (map.binaryData.contains(key)) {
      errors.push_back(
          field::invalid_string(Path("data").key(key), key, "duplicate of key present in binaryData"));
    }
    total += value.size();
  }
  for (const auto& [key, value] : map.binaryData) {
    check_config_key(errors, Path("binaryData").key(key), key);
    total += value.data.size();
  }
  if (total > kMaxBytes) errors.push_back(field::too_long(Path("[]"), kMaxBytes));
  return errors;
}

Errors validate_config_map_update(const corev1::ConfigMap& map, const corev1::ConfigMap& old) {
  Errors errors;
  if (old.immutable.value_or(false)) {
    std::string_view text = "field is immutable when `immutable` is set";
    if (!map.immutable.value_or(false)) errors.push_back(field::forbidden(Path("immutable"), text));
    if (map.data != old.data) errors.push_back(field::forbidden(Path("data"), text));
    if (map.binaryData != old.binaryData) errors.push_back(field::forbidden(Path("binaryData"), text));
  }
  field::append(errors, validate_config_map(map));
  return errors;
}

Errors validate_secret(const corev1::Secret& secret) {
  Errors errors;
  size_t total = 0;
  for (const auto& [key, value] : secret.data) {
    check_config_key(errors, Path("data").key(key), key);
    total += value.data.size();
  }
  if (total > kMaxBytes) errors.push_back(field::too_long(Path("data"), kMaxBytes));
  check_secret_type(errors, secret);
  return errors;
}

Errors validate_secret_update(const corev1::Secret& secret, const corev1::Secret& old) {
  Errors errors;
  check_immutable(errors, Path("type"), secret.type == old.type, field::quote(secret.type));
  if (old.immutable.value_or(false)) {
    std::string_view text = "field is immutable when `immutable` is set";
    if (!secret.immutable.value_or(false)) errors.push_back(field::forbidden(Path("immutable"), text));
    if (secret.data != old.data) errors.push_back(field::forbidden(Path("data"), text));
  }
  field::append(errors, validate_secret(secret));
  return errors;
}

}  // namespace xebec::apiserver::validation
