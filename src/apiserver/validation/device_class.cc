#include <fmt/format.h>

#include <algorithm>

#include "apiserver/validation/devices.h"
#include "apiserver/validation/resources.h"
#include "apiserver/validation/volume_plugins.h"
#include "codec/json.h"

namespace xebec::apiserver::validation {
namespace {

constexpr size_t kLongestExpression = 10 << 10, kMostParameterBytes = 10 << 10;
constexpr size_t kLongestPoolName = 253, kLongestIdentifier = 32;

void check_identifier(Errors& errors, const Path& path, std::string_view id) {
  if (id.size() > kLongestIdentifier) errors.push_back(field::too_long(path, kLongestIdentifier));
  auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
  auto any = [&](char c) { return letter(c) || (c >= '0' && c <= '9'); };
  if (!id.empty() && letter(id[0]) && std::all_of(id.begin(), id.end(), any)) return;
  errors.push_back(field::invalid_string(
      path, id,
      "a valid C identifier must start with alphabetic character or '_', followed by a string of "
      "alphanumeric "
      "characters or '_' (e.g. 'my_name',  or 'MY_NAME',  or 'MyName', regex used for validation is "
      "'[A-Za-z_][A-Za-z0-9_]*')"));
}

void check_class_spec(Errors& errors, const resourcev1::DeviceClassSpec& spec, bool stored_selectors,
                      bool stored_configs) {
  const Path path("spec");
  check_device_selectors(errors, path.child("selectors"), spec.selectors, stored_selectors);
  check_list(errors, path.child("config"), spec.config, kMostConfigs,
             [&](const Path& at, const resourcev1::DeviceClassConfiguration& config) {
               check_device_config(errors, at, config, stored_configs);
             });
  if (spec.extendedResourceName && !is_extended_resource(*spec.extendedResourceName)) {
    errors.push_back(field::invalid_string(path.child("extendedResourceName"), *spec.extendedResourceName,
                                           "must be a valid extended resource name"));
  }
}

}  // namespace

void check_raw_object(Errors& errors, const Path& path, const api::RawExtension& raw, size_t most) {
  if (raw.empty()) return void(errors.push_back(field::required(path)));
  if (raw.raw.size() > most) return void(errors.push_back(field::too_long(path, static_cast<int64_t>(most))));
  const Result<codec::Value> value = codec::parse_json(raw.raw);
  if (!value) {
    errors.push_back(field::invalid_string(
        path, "<value omitted>", fmt::format("error parsing data as JSON: {}", value.error().message)));
  } else if (value->is_null()) {
    errors.push_back(field::required(path));
  } else if (!value->is_map()) {
    errors.push_back(field::invalid_string(path, "<value omitted>", "must be a valid JSON object"));
  }
}

void check_device_config(Errors& errors, const Path& path, const resourcev1::DeviceConfiguration& config,
                         bool stored) {
  const Path opaque = path.child("opaque");
  if (!config.opaque) return void(errors.push_back(field::required(opaque)));
  check_csi_driver_name(errors, opaque.child("driver"), config.opaque->driver);
  check_raw_object(errors, opaque.child("parameters"), config.opaque->parameters,
                   stored ? std::string::npos : kMostParameterBytes);
}

void check_device_selectors(Errors& errors, const Path& path,
                            const std::vector<resourcev1::DeviceSelector>& selectors, bool stored) {
  check_list(errors, path, selectors, kMostSelectors,
             [&](const Path& at, const resourcev1::DeviceSelector& selector) {
               if (!selector.cel)
                 errors.push_back(field::required(at.child("cel")));
               else if (!stored && selector.cel->expression.size() > kLongestExpression)
                 errors.push_back(field::too_long(at.child("cel").child("expression"), kLongestExpression));
             });
}

void check_device_toleration(Errors& errors, const Path& path,
                             const resourcev1::DeviceToleration& toleration) {
  const Path value = path.child("value");
  if (!toleration.key.empty()) check_qualified_name(errors, path.child("key"), toleration.key);
  if (toleration.operator_ == "Exists") {
    if (!toleration.value.empty())
      errors.push_back(field::invalid_string(value, toleration.value, "must be empty for operator `Exists`"));
  } else if (toleration.operator_ == "Equal") {
    check_label_value(errors, value, toleration.value);
  } else {
    check_required_enum(errors, path.child("operator"), toleration.operator_, {"Equal", "Exists"});
  }
  if (!toleration.effect.empty())
    check_enum(errors, path.child("effect"), std::string_view(toleration.effect),
               {"NoExecute", "NoSchedule", "None"});
}

void check_pool_name(Errors& errors, const Path& path, std::string_view name) {
  if (name.empty()) return void(errors.push_back(field::required(path)));
  if (name.size() > kLongestPoolName) errors.push_back(field::too_long(path, kLongestPoolName));
  for (size_t begin = 0; begin <= name.size();) {
    const size_t end = std::min(name.find('/', begin), name.size());
    check_dns_subdomain(errors, path, name.substr(begin, end - begin));
    begin = end + 1;
  }
}

void check_attribute_name(Errors& errors, const Path& path, std::string_view name) {
  const auto slashes = std::count(name.begin(), name.end(), '/');
  if (slashes == 0) return check_identifier(errors, path, name);
  if (slashes > 1)
    return void(errors.push_back(field::invalid_string(path, name, "must not contain more than one slash")));
  const size_t slash = name.find('/');
  const std::string_view domain = name.substr(0, slash), id = name.substr(slash + 1);
  if (domain.empty())
    errors.push_back(field::invalid_string(path, "", "the domain must not be empty"));
  else
    check_csi_driver_name(errors, path, domain);
  if (id.empty())
    errors.push_back(field::invalid_string(path, "", "the name must not be empty"));
  else
    check_identifier(errors, path, id);
}

void check_full_attribute_name(Errors& errors, const Path& path, std::string_view name) {
  check_attribute_name(errors, path, name);
  if (name.find('/') != std::string_view::npos) return;
  errors.push_back(field::invalid_string(
      path, name, "a fully qualified name must be a domain and a name separated by a slash"));
}

void check_binding_conditions(Errors& errors, const Path& path, const std::vector<std::string>& good,
                              const std::vector<std::string>& bad) {
  constexpr size_t kMost = 4;
  const Path wanted = path.child("bindingConditions"), refused = path.child("bindingFailureConditions");
  auto check_name = [&](const Path& at, const std::string& name) { check_qualified_name(errors, at, name); };
  check_list(errors, wanted, good, kMost, check_name);
  check_list(errors, refused, bad, kMost, check_name);
  std::set<std::string_view> seen, seen_bad;
  for (size_t i = 0; i < good.size(); ++i)
    if (!seen.insert(good[i]).second) errors.push_back(field::duplicate(wanted.index(i), good[i]));
  for (size_t i = 0; i < bad.size(); ++i) {
    if (!seen_bad.insert(bad[i]).second) errors.push_back(field::duplicate(refused.index(i), bad[i]));
    if (seen.contains(bad[i])) {
      errors.push_back(field::invalid_string(
          refused.index(i), bad[i], "bindingFailureConditions must not overlap with bindingConditions"));
    }
  }
  if (good.empty() && !bad.empty())
    errors.push_back(field::invalid(wanted, go_json(good),
                                    "bindingConditions are required to use bindingFailureConditions"));
  if (bad.empty() && !good.empty())
    errors.push_back(field::invalid(refused, go_json(bad),
                                    "bindingFailureConditions are required to use bindingConditions"));
}

Errors validate_device_class(const resourcev1::DeviceClass& device_class) {
  Errors errors;
  check_class_spec(errors, device_class.spec, false, false);
  return errors;
}

Errors validate_device_class_update(const resourcev1::DeviceClass& device_class,
                                    const resourcev1::DeviceClass& old) {
  Errors errors;
  check_class_spec(errors, device_class.spec, device_class.spec.selectors == old.spec.selectors,
                   device_class.spec.config == old.spec.config);
  return errors;
}

}  // namespace xebec::apiserver::validation
