#include "apiserver/http/options.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "api/field_error.h"
#include "api/gen/metav1.h"
#include "apiserver/http/body.h"
#include "apiserver/validation/object_meta.h"
#include "http/query_flag.h"

namespace xebec::apiserver {
namespace {

using field::Path;

Status invalid_options(std::string_view kind, const field::Errors& errors) {
  return errors::invalid(KindName{"meta.k8s.io", kind}, "", field::causes(errors));
}

Result<std::optional<int64_t>> int_param(const http::Request& request, std::string_view name) {
  std::optional<std::string> text = request.param(name);
  if (!text || text->empty()) return std::nullopt;
  int64_t value = 0;
  auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), value);
  if (error != std::errc() || end != text->data() + text->size()) {
    std::string_view why = error == std::errc::result_out_of_range ? "value out of range" : "invalid syntax";
    return fail(
        errors::bad_request(fmt::format("strconv.ParseInt: parsing {}: {}", field::quote(*text), why)));
  }
  return value;
}

void check_field_manager(const std::string& manager, field::Errors& errors) {
  if (manager.size() > 128) errors.push_back(field::too_long(Path("fieldManager"), 128));
  bool printable = std::ranges::none_of(manager, [](unsigned char c) { return c < 0x20 || c == 0x7f; });
  if (!printable) {
    errors.push_back(
        field::invalid_string(Path("fieldManager"), manager, "should only contain printable characters"));
  }
}

// "kubectl/v1.33 (linux/amd64) ..." -> "kubectl"; "unknown" for whoever does not say.
std::string manager_of_agent(std::string_view agent) {
  agent = agent.substr(0, agent.find('/'));
  std::string out;
  for (char c : agent.substr(0, 128)) {
    if (static_cast<unsigned char>(c) >= 0x20 && static_cast<unsigned char>(c) != 0x7f) out += c;
  }
  return out.empty() ? "unknown" : out;
}

std::string_view kind_name(WriteKind kind) {
  switch (kind) {
    case WriteKind::kCreate:
      return "CreateOptions";
    case WriteKind::kUpdate:
      return "UpdateOptions";
    case WriteKind::kPatch:
      return "PatchOptions";
  }
  return "";
}

Result<metav1::DeleteOptions> delete_options_of_query(const http::Request& request) {
  metav1::DeleteOptions options;
  TRY(options.gracePeriodSeconds, int_param(request, "gracePeriodSeconds"));
  if (auto value = request.param("orphanDependents")) options.orphanDependents = http::is_true(*value);
  if (auto value = request.param("propagationPolicy"); value && !value->empty())
    options.propagationPolicy = *value;
  if (auto value = request.param("ignoreStoreReadErrorWithClusterBreakingPotential"))
    options.ignoreStoreReadErrorWithClusterBreakingPotential = http::is_true(*value);
  options.dryRun = request.params("dryRun");
  return options;
}

}  // namespace

Result<void> refuse_dry_run(const http::Request& request) {
  if (request.params("dryRun").empty()) return {};
  return fail(errors::bad_request("dryRun is not supported"));
}

Result<ListOptions> parse_list_options(const http::Request& request, bool is_watch) {
  ListOptions out;
  out.label_selector = request.param("labelSelector").value_or("");
  out.field_selector = request.param("fieldSelector").value_or("");
  out.watch = is_watch;
  out.allow_bookmarks = http::query_flag(request, "allowWatchBookmarks");
  if (auto value = request.param("sendInitialEvents"); value && !value->empty())
    out.send_initial_events = http::is_true(*value);
  out.resource_version = request.param("resourceVersion").value_or("");
  out.resource_version_match = request.param("resourceVersionMatch").value_or("");
  TRY(out.timeout_seconds, int_param(request, "timeoutSeconds"));
  TRY(std::optional<int64_t> limit, int_param(request, "limit"));
  out.limit = limit.value_or(0);
  out.continue_ = request.param("continue").value_or("");
  return out;
}

Result<IncludeObject> parse_include_object(const http::Request& request) {
  std::string value = request.param("includeObject").value_or("");
  if (value.empty() || value == "Metadata") return IncludeObject::kMetadata;
  if (value == "None") return IncludeObject::kNone;
  if (value == "Object") return IncludeObject::kObject;
  field::Errors errors;
  constexpr std::string_view kSupported[] = {"None", "Metadata", "Object", ""};
  errors.push_back(field::not_supported(Path("includeObject"), value, kSupported));
  return fail(
      errors::bad_request(fmt::format("Invalid value for option: {}: {}", errors[0].field, errors[0].body)));
}

Result<WriteQuery> parse_write_query(const http::Request& request, WriteKind kind, bool apply) {
  WriteQuery out;
  field::Errors errors;
  std::vector<std::string> dry_run = request.params("dryRun");
  field::append(errors, validation::validate_dry_run(dry_run, Path("dryRun")));
  out.dry_run = !dry_run.empty();

  std::string manager = request.param("fieldManager").value_or("");
  check_field_manager(manager, errors);
  out.field_manager_given = !manager.empty();
  if (apply && manager.empty()) {
    errors.push_back(field::required(Path("fieldManager"), "is required for apply patch"));
  }
  out.field_manager =
      manager.empty() ? manager_of_agent(request.headers.get("user-agent")) : std::move(manager);

  if (auto force = request.param("force"); kind == WriteKind::kPatch && force && !force->empty()) {
    out.force = http::is_true(*force);
    if (!apply) errors.push_back(field::forbidden(Path("force"), "may not be specified for non-apply patch"));
  }

  std::string validation = request.param("fieldValidation").value_or("");
  if (validation == "Ignore")
    out.strictness = codec::Strictness::Ignore;
  else if (validation == "Strict")
    out.strictness = codec::Strictness::Strict;
  else if (!validation.empty() && validation != "Warn") {
    constexpr std::string_view kSupported[] = {"", "Ignore", "Strict", "Warn"};
    errors.push_back(field::not_supported(Path("fieldValidation"), validation, kSupported));
  }
  if (!errors.empty()) return fail(invalid_options(kind_name(kind), errors));
  return out;
}

Result<std::shared_ptr<const metav1::DeleteOptions>> parse_delete_options(const http::Request& request) {
  metav1::DeleteOptions options;
  if (request.body.empty()) {
    TRY(options, delete_options_of_query(request));
  } else {
    TRY(options, decode_delete_options(request));
  }
  return std::make_shared<const metav1::DeleteOptions>(std::move(options));
}

}  // namespace xebec::apiserver
