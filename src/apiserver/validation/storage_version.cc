// StorageVersions: in which version each API server stores a resource.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>

#include "apiserver/validation/storage_versions.h"

namespace xebec::apiserver::validation {
namespace {

using Server = apiserverinternalv1alpha1::ServerStorageVersion;
using Status = apiserverinternalv1alpha1::StorageVersionStatus;

void add_prefixed(api::Messages& to, std::string_view prefix, const api::Messages& from) {
  for (const std::string& message : from) to.push_back(fmt::format("{}{}", prefix, message));
}

// "v1" or "apps/v1".
api::Messages api_version_errors(std::string_view text) {
  const size_t slash = text.find('/');
  if (slash != std::string_view::npos && text.find('/', slash + 1) != std::string_view::npos) {
    return {
        "an apiVersion is " +
        api::regex_error("a DNS-1035 label, which must consist of lower case alphanumeric characters or "
                         "'-', start with an alphabetic character, and end with an alphanumeric character",
                         "[a-z]([-a-z0-9]*[a-z0-9])?", {"my-name", "abc-123"}) +
        " with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyVersion')"};
  }
  api::Messages out;
  auto check = [&](std::string_view part, std::string_view prefix, auto rule) {
    add_prefixed(out, prefix, part.empty() ? api::Messages{"must be non-empty"} : rule(part));
  };
  if (slash != std::string_view::npos)
    check(text.substr(0, slash), "group part: ", api::is_dns1123_subdomain);
  check(slash == std::string_view::npos ? text : text.substr(slash + 1),
        "version part: ", api::is_dns1035_label);
  return out;
}

void check_api_version(Errors& errors, const Path& path, std::string_view version) {
  const api::Messages wrong = api_version_errors(version);
  if (!wrong.empty())
    errors.push_back(field::invalid_string(path, version, fmt::format("{}", fmt::join(wrong, ","))));
}

void check_server(Errors& errors, const Path& path, const Server& server) {
  check_dns_subdomain(errors, path.child("apiServerID"), server.apiServerID);
  check_api_version(errors, path.child("encodingVersion"), server.encodingVersion);
  const auto& decodable = server.decodableVersions;
  auto decodes = [&](const std::string& version) {
    return std::find(decodable.begin(), decodable.end(), version) != decodable.end();
  };
  for (size_t i = 0; i < decodable.size(); ++i)
    check_api_version(errors, path.child("decodableVersions").index(i), decodable[i]);
  if (!decodes(server.encodingVersion)) {
    errors.push_back(field::invalid(
        path.child("decodableVersions"), decodable.empty() ? "null" : go_json(decodable),
        fmt::format("decodableVersions must include encodingVersion {}", server.encodingVersion)));
  }
  for (size_t i = 0; i < server.servedVersions.size(); ++i) {
    const std::string& served = server.servedVersions[i];
    const Path at = path.child("servedVersions").index(i);
    check_api_version(errors, at, served);
    if (decodes(served)) continue;
    errors.push_back(field::invalid_string(
        at, served,
        fmt::format("individual served version : {} must be included in decodableVersions : [{}]", served,
                    fmt::join(decodable, " "))));
  }
}

// The version that all servers encode in.
std::optional<std::string> common_version(const std::vector<Server>& servers) {
  if (servers.empty()) return {};
  for (const Server& server : servers)
    if (server.encodingVersion != servers[0].encodingVersion) return {};
  return servers[0].encodingVersion;
}

void check_common_version(Errors& errors, const Path& path, const Status& status) {
  const std::optional<std::string> actual = common_version(status.storageVersions);
  const std::optional<std::string>& said = status.commonEncodingVersion;
  if (actual == said) return;
  if (!actual) {
    errors.push_back(field::invalid_string(
        path, *said,
        "should be nil if servers do not agree on the same encoding version, or if there is no server "
        "reporting the supported versions yet"));
  } else if (!said) {
    errors.push_back(
        field::invalid_string(path, "null", fmt::format("the common encoding version is {}", *actual)));
  } else {
    errors.push_back(
        field::invalid_string(path, *said, fmt::format("the actual common encoding version is {}", *actual)));
  }
}

Errors validate_status(const Status& status) {
  Errors errors;
  const Path path("status");
  std::set<std::string_view> ids;
  for (size_t i = 0; i < status.storageVersions.size(); ++i) {
    const Path at = path.child("storageVersions").index(i);
    const Server& server = status.storageVersions[i];
    if (!ids.insert(server.apiServerID).second)
      errors.push_back(field::duplicate(at.child("apiServerID"), server.apiServerID));
    check_server(errors, at, server);
  }
  check_common_version(errors, path.child("commonEncodingVersion"), status);
  // Upstream's paths of conditions leave their list out.
  std::map<std::string_view, size_t> types;
  for (size_t i = 0; i < status.conditions.size(); ++i) {
    const auto& condition = status.conditions[i];
    const Path at = path.index(i);
    const auto seen = types.find(condition.type);
    if (seen != types.end()) {
      errors.push_back(field::invalid_string(
          at.child("type"), condition.type,
          fmt::format("the type of the condition is not unique, it also appears in conditions[{}]",
                      seen->second)));
    }
    types[condition.type] = i;
    check_qualified_name(errors, at.child("type"), condition.type);
    check_qualified_name(errors, at.child("status"), condition.status);
    check_required(errors, at.child("reason"), condition.reason, "reason cannot be empty");
    check_required(errors, at.child("message"), condition.message, "message cannot be empty");
  }
  return errors;
}

}  // namespace

api::Messages name_is_storage_version(std::string_view name, bool) {
  const size_t dot = name.rfind('.');
  if (dot == std::string_view::npos) return {"name must be in the form of <group>.<resource>"};
  api::Messages out;
  add_prefixed(out, "the group segment ", api::is_dns1123_subdomain(name.substr(0, dot)));
  add_prefixed(out, "the resource segment ", api::is_dns1035_label(name.substr(dot + 1)));
  return out;
}

Errors validate_storage_version(const StorageVersion& version) { return validate_status(version.status); }

Errors validate_storage_version_status_update(const StorageVersion& version, const StorageVersion&) {
  return validate_status(version.status);
}

}  // namespace xebec::apiserver::validation
