// What a ResourceSlice says of its devices: attributes, and capacity that claims share.
#include <fmt/format.h>

#include <algorithm>

#include "apiserver/validation/devices.h"

namespace xebec::apiserver::validation {
namespace {

namespace v1 = resourcev1;

constexpr size_t kLongestValue = 64, kLongestAttributeName = 63 + 1 + 32, kMostValidValues = 10;

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_word(char c) { return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-'; }

// Non-empty words between dots; a number of a release or pre-release has no leading zero.
bool are_words(std::string_view text, bool numbers_only, bool zeros) {
  for (size_t begin = 0; begin <= text.size();) {
    const size_t end = std::min(text.find('.', begin), text.size());
    const std::string_view word = text.substr(begin, end - begin);
    if (word.empty() || !std::all_of(word.begin(), word.end(), is_word)) return false;
    const bool number = std::all_of(word.begin(), word.end(), is_digit);
    if (numbers_only && !number) return false;
    if (!zeros && number && word.size() > 1 && word[0] == '0') return false;
    begin = end + 1;
  }
  return true;
}

// "1.2.3-alpha.1+build.5" (semver.org).
bool is_semantic_version(std::string_view text) {
  if (const size_t plus = text.find('+'); plus != std::string_view::npos) {
    if (!are_words(text.substr(plus + 1), false, true)) return false;
    text = text.substr(0, plus);
  }
  if (const size_t dash = text.find('-'); dash != std::string_view::npos) {
    if (!are_words(text.substr(dash + 1), false, false)) return false;
    text = text.substr(0, dash);
  }
  return std::count(text.begin(), text.end(), '.') == 2 && are_words(text, true, false);
}

// A key in a path, cut in the middle when it is too long.
std::string shortened(std::string_view key, size_t most) {
  if (key.size() <= most) return std::string(key);
  const size_t rest = most - 3;
  return fmt::format("{}...{}", key.substr(0, (rest + 1) / 2), key.substr(key.size() - rest / 2));
}

void check_version(Errors& errors, const Path& path, std::string_view version) {
  if (!is_semantic_version(version))
    errors.push_back(
        field::invalid_string(path, version, "must be a string compatible with semver.org spec 2.0.0"));
  if (version.size() > kLongestValue) errors.push_back(field::too_long(path, kLongestValue));
}

void check_text(Errors& errors, const Path& path, std::string_view text) {
  if (text.size() > kLongestValue) errors.push_back(field::too_long(path, kLongestValue));
}

void check_attribute(Errors& errors, const Path& path, const v1::DeviceAttribute& attribute) {
  const int values = attribute.bool_.has_value() + attribute.int_.has_value() + attribute.string.has_value() +
                     attribute.version.has_value() + !attribute.bools.empty() + !attribute.ints.empty() +
                     !attribute.strings.empty() + !attribute.versions.empty();
  if (attribute.string) check_text(errors, path.child("string"), *attribute.string);
  if (attribute.version) check_version(errors, path.child("version"), *attribute.version);
  for (size_t i = 0; i < attribute.strings.size(); ++i)
    check_text(errors, path.child("strings").index(i), attribute.strings[i]);
  for (size_t i = 0; i < attribute.versions.size(); ++i)
    check_version(errors, path.child("versions").index(i), attribute.versions[i]);
  constexpr std::string_view kOne = "exactly one value must be specified";
  if (values == 0) errors.push_back(field::invalid_string(path, "", kOne));
  if (values > 1) errors.push_back(field::invalid(path, go_json(attribute), kOne));
}

void refuse(Errors& errors, const Path& path, const api::Quantity& value, std::string_view detail) {
  errors.push_back(field::invalid_string(path, value.str(), detail));
}

void check_valid_values(Errors& errors, const Path& path, const api::Quantity& usual,
                        const api::Quantity& capacity, const std::vector<api::Quantity>& values) {
  for (size_t i = 1; i < values.size(); ++i)
    if (values[i - 1] > values[i])
      refuse(errors, path.index(i), values[i], "values must be sorted in ascending order");
  check_set(
      errors, path, values, kMostValidValues,
      [](const api::Quantity& value) { return std::to_string(value.value()); },
      [&](const Path& at, const api::Quantity& value) {
        if (value > capacity)
          refuse(errors, at, value, fmt::format("option is larger than capacity value: {}", capacity.str()));
      });
  if (std::find(values.begin(), values.end(), usual) == values.end())
    refuse(errors, path, usual, "default value is not valid according to the requestPolicy");
}

void check_step(Errors& errors, const Path& path, const api::Quantity& value, const api::Quantity& min,
                const api::Quantity& step) {
  if (step.value() == 0 || (value.value() - min.value()) % step.value() == 0) return;
  refuse(errors, path, value,
         fmt::format("value is not a multiple of a given step ({}) from ({})", step.str(), min.str()));
}

void check_valid_range(Errors& errors, const Path& path, const api::Quantity& usual,
                       const api::Quantity& capacity, const v1::CapacityRequestPolicyRange& range) {
  const Path min_path = path.child("min"), max_path = path.child("max"), step_path = path.child("step");
  if (!range.min)
    return void(errors.push_back(field::required(min_path, "required when validRange is defined")));
  const api::Quantity& min = *range.min;
  if (min > capacity)
    refuse(errors, min_path, min, fmt::format("min is larger than capacity value: {}", capacity.str()));
  if (usual < min) refuse(errors, min_path, usual, fmt::format("default is less than min: {}", min.str()));
  if (range.max) {
    const api::Quantity& max = *range.max;
    if (min > max) refuse(errors, max_path, min, fmt::format("min is larger than max: {}", max.str()));
    if (max > capacity)
      refuse(errors, max_path, max, fmt::format("max is larger than capacity value: {}", capacity.str()));
    if (usual > max) refuse(errors, max_path, usual, fmt::format("default is more than max: {}", max.str()));
  }
  if (!range.step) return;
  if (range.step->sign() <= 0) return refuse(errors, step_path, *range.step, "must be greater than zero");
  api::Quantity first = min;
  first.add(*range.step);
  if (first > capacity)
    refuse(errors, step_path, *range.step,
           fmt::format("one step {} is larger than capacity value: {}", first.str(), capacity.str()));
  check_step(errors, step_path, usual, min, *range.step);
  if (range.max) check_step(errors, step_path, *range.max, min, *range.step);
}

void check_request_policy(Errors& errors, const Path& path, const api::Quantity& capacity,
                          const v1::CapacityRequestPolicy& policy) {
  const bool values = !policy.validValues.empty();
  if (values && policy.validRange) {
    errors.push_back(
        field::forbidden(path,
                         "exactly one policy can be specified, cannot specify \"validValues\" and "
                         "\"validRange\" at the same time"));
    return;
  }
  if (!values && !policy.validRange) return;
  if (!policy.default_) {
    errors.push_back(
        field::required(path.child("default"),
                        fmt::format("required when {} is defined", values ? "validValues" : "validRange")));
  } else if (values) {
    check_valid_values(errors, path.child("validValues"), *policy.default_, capacity, policy.validValues);
  } else {
    check_valid_range(errors, path.child("validRange"), *policy.default_, capacity, *policy.validRange);
  }
}

}  // namespace

void check_device_attributes(Errors& errors, const Path& path, const v1::Device& device) {
  for (const auto& [name, attribute] : device.attributes) {
    check_attribute_name(errors, path, name);
    check_attribute(errors, path.key(shortened(name, kLongestAttributeName)), attribute);
  }
}

void check_device_capacity(Errors& errors, const Path& path, const v1::Device& device) {
  for (const auto& [name, capacity] : device.capacity) {
    const Path policy = path.key(shortened(name, kLongestAttributeName)).child("requestPolicy");
    check_attribute_name(errors, path, name);
    if (!capacity.requestPolicy) continue;
    if (device.allowMultipleAllocations.value_or(false))
      check_request_policy(errors, policy, capacity.value, *capacity.requestPolicy);
    else
      errors.push_back(field::forbidden(policy, "allowMultipleAllocations must be true"));
  }
}

}  // namespace xebec::apiserver::validation
