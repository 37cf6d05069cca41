// Small building blocks of the validators: each appends what is wrong, in upstream's words.
#pragma once

#include <initializer_list>
#include <limits>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "api/field_error.h"
#include "api/flat_map.h"
#include "api/int_or_string.h"
#include "api/names.h"
#include "api/quantity.h"
#include "apiserver/validation/addresses.h"
#include "apiserver/validation/go_value.h"

namespace xebec::metav1 {
struct LabelSelector;
}

namespace xebec::apiserver::validation {

using field::Errors;
using field::Path;

// One error a message of a name rule.
void check_messages(Errors& errors, const Path& path, std::string_view value, const api::Messages& messages);
void check_non_negative(Errors& errors, const Path& path, int64_t value);
void check_positive(Errors& errors, const Path& path, int64_t value);
void check_required(Errors& errors, const Path& path, std::string_view value, std::string_view detail = {});
// The value must be one of `supported`, which the error lists in this order.
void check_enum(Errors& errors, const Path& path, std::string_view value,
                std::initializer_list<std::string_view> supported);
// The value is no string; the error shows it as it is rendered.
field::Error not_supported_value(const Path& path, std::string_view rendered_value,
                                 std::initializer_list<std::string_view> supported);
// For optional enums: nothing to check when unset.
void check_enum(Errors& errors, const Path& path, const std::optional<std::string>& value,
                std::initializer_list<std::string_view> supported);
// An empty value is missing rather than unsupported.
void check_required_enum(Errors& errors, const Path& path, std::string_view value,
                         std::initializer_list<std::string_view> supported);
void check_port(Errors& errors, const Path& path, int64_t port);
// A port number, or the name of a port.
void check_port_or_name(Errors& errors, const Path& path, const api::IntOrString& port);
api::Messages is_valid_port_name(std::string_view name);
api::Messages is_valid_port_number(int64_t port);
void check_dns_label(Errors& errors, const Path& path, std::string_view value);
void check_dns_subdomain(Errors& errors, const Path& path, std::string_view value);
// Also with underscores, as names in a DNS search list.
void check_relaxed_subdomain(Errors& errors, const Path& path, std::string_view value);
// "*.example.com".
void check_wildcard_subdomain(Errors& errors, const Path& path, std::string_view value);
// A domain of at least two labels.
void check_full_domain(Errors& errors, const Path& path, std::string_view value);
// Required, and one part of a URL's path.
void check_path_segment(Errors& errors, const Path& path, std::string_view value,
                        std::string_view missing = {});
void check_qualified_name(Errors& errors, const Path& path, std::string_view value);
void check_label_value(Errors& errors, const Path& path, std::string_view value);
// "acme.io/foo".
void check_domain_prefixed_path(Errors& errors, const Path& path, std::string_view value);
void check_immutable(Errors& errors, const Path& path, bool same, std::string_view rendered_value);
// A user or group id.
void check_id(Errors& errors, const Path& path, int64_t id);
// kAny: the values of its expressions are not looked at, as of an object that was stored before they were.
enum class SelectorValues { kChecked, kAny };
// kAny: younger clients may know more of them.
enum class SelectorOperators { kKnown, kAny };
// Of a requirement at `path` by In, NotIn, Exists or DoesNotExist; false for another operator.
bool check_operator_values(Errors& errors, const Path& path, std::string_view op,
                           const std::vector<std::string>& values);
void check_label_requirement(Errors& errors, const Path& path, const metav1::LabelSelectorRequirement& r,
                             SelectorValues values = SelectorValues::kChecked,
                             SelectorOperators operators = SelectorOperators::kKnown);
void check_label_selector(Errors& errors, const Path& path, const metav1::LabelSelector& selector,
                          SelectorValues values = SelectorValues::kChecked);
// For an update: kAny when what is stored would be refused.
SelectorValues values_after(const metav1::LabelSelector* old);
// Relative and without `..`.
void check_local_path(Errors& errors, const Path& path, std::string_view value);
void check_no_backsteps(Errors& errors, const Path& path, std::string_view value);
// A local path whose first element does not begin with `..` either.
void check_unreserved_path(Errors& errors, const Path& path, std::string_view value);
// A ConfigMap's or Secret's key.
void check_config_key(Errors& errors, const Path& path, std::string_view key);
void check_env_name(Errors& errors, const Path& path, std::string_view name);
// An int >= 0, or a percentage.
void check_int_or_percent(Errors& errors, const Path& path, const api::IntOrString& value);
bool is_percent(std::string_view text);
void check_not_over_100_percent(Errors& errors, const Path& path, const api::IntOrString& value);

inline constexpr std::string_view kNonNegative = "must be greater than or equal to 0";
inline constexpr std::string_view kImmutable = "field is immutable";

}  // namespace xebec::apiserver::validation
