// Rules for names and labels with upstream's messages (k8s.io/apimachinery/pkg/util/validation and
// pkg/api/validation). Each function returns what is wrong, one message a rule; empty when the value is
// valid.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace xebec::api {

using Messages = std::vector<std::string>;

Messages is_dns1123_label(std::string_view value);
Messages is_dns1123_subdomain(std::string_view value);
Messages is_dns1035_label(std::string_view value);
Messages is_qualified_name(std::string_view value);  // label and annotation keys, finalizers, resource names
Messages is_valid_label_value(std::string_view value);
Messages is_valid_path_segment_name(std::string_view value);
Messages is_valid_path_segment_prefix(std::string_view value);

std::string max_length_error(int length);  // "must be no more than 63 characters"
std::string regex_error(std::string_view message, std::string_view regex,
                        std::initializer_list<std::string_view> examples);

// A name rule as ValidateNameFunc: `prefix` is true for generateName, which may end in '-'.
using NameRule = Messages (*)(std::string_view name, bool prefix);
Messages name_is_dns_subdomain(std::string_view name, bool prefix);
Messages name_is_dns_label(std::string_view name, bool prefix);
Messages name_is_dns1035_label(std::string_view name, bool prefix);
Messages name_is_path_segment(std::string_view name, bool prefix);

}  // namespace xebec::api
