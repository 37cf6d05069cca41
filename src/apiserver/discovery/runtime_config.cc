#include "apiserver/discovery/runtime_config.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <set>

namespace xebec::apiserver {
namespace {

// What the settings say, the later the stronger.
struct Settings {
  std::map<std::string, bool, std::less<>> stages;     // "ga", "beta", "alpha"
  std::map<std::string, bool, std::less<>> versions;   // "apps/v1"
  std::map<std::string, bool, std::less<>> resources;  // "apps/v1/deployments"

  bool serves(const api::Resource& resource) const;
};

std::string_view stage_of(std::string_view version) {
  if (version.find("alpha") != std::string_view::npos) return "alpha";
  return version.find("beta") != std::string_view::npos ? "beta" : "ga";
}

// The legacy group is named "api" here: "api/v1".
std::string version_key(std::string_view group, std::string_view version) {
  return fmt::format("{}/{}", group.empty() ? "api" : group, version);
}

bool Settings::serves(const api::Resource& resource) const {
  std::string version = version_key(resource.group, resource.version);
  if (auto it = resources.find(fmt::format("{}/{}", version, resource.plural)); it != resources.end())
    return it->second;
  if (auto it = versions.find(version); it != versions.end()) return it->second;
  if (auto it = stages.find(stage_of(resource.version)); it != stages.end()) return it->second;
  return resource.enabled_by_default;
}

struct Setting {
  std::string key;
  bool value = true;
};

Result<Setting> parse_setting(const std::string& text) {
  size_t mark = text.find('=');
  Setting out{text.substr(0, mark)};
  if (mark == std::string::npos) return out;
  std::string value = text.substr(mark + 1);
  if (value.empty()) return out;
  // What Go's ParseBool reads.
  static const std::set<std::string_view> kTrue = {"1", "t", "T", "true", "TRUE", "True"};
  static const std::set<std::string_view> kFalse = {"0", "f", "F", "false", "FALSE", "False"};
  out.value = kTrue.contains(value);
  if (out.value || kFalse.contains(value)) return out;
  return fail(errors::bad_request(
      fmt::format("invalid value of {}: {}, err: strconv.ParseBool: parsing \"{}\": invalid syntax", out.key,
                  value, value)));
}

// Groups that are not known are collected: the error names all of them.
Result<void> apply(const Setting& setting, const api::Scheme& scheme, Settings& out,
                   std::set<std::string>& unknown) {
  const auto slashes = std::ranges::count(setting.key, '/');
  if (slashes != 1 && slashes != 2)
    return fail(errors::bad_request(fmt::format("runtime-config invalid key {}", setting.key)));
  size_t first = setting.key.find('/'), second = setting.key.find('/', first + 1);
  std::string group = setting.key.substr(0, first), version = setting.key.substr(0, second);
  bool has_group = false, has_version = false;
  for (const api::Resource* resource : scheme.resources()) {
    has_version |= version_key(resource->group, resource->version) == version;
    has_group |= resource->group.empty() ? group == "api" : resource->group == group;
  }
  if (!has_group) {
    unknown.insert(group);
    return {};
  }
  if (!has_version)
    return fail(errors::bad_request(fmt::format("group version {} that has not been registered", version)));
  if (second == std::string::npos) {
    out.versions[version] = setting.value;
  } else {
    out.resources[setting.key] = setting.value;
  }
  return {};
}

}  // namespace

Result<std::function<bool(const api::Resource&)>> parse_runtime_config(std::span<const std::string> settings,
                                                                       const api::Scheme& scheme) {
  Settings out;
  std::map<std::string, bool, std::less<>> broad;
  std::set<std::string> unknown;
  size_t narrow = 0;
  for (const std::string& text : settings) {
    TRY(Setting setting, parse_setting(text));
    if (setting.key == "api/all" || setting.key == "api/ga" || setting.key == "api/beta" ||
        setting.key == "api/alpha") {
      broad[setting.key.substr(4)] = setting.value;
    } else {
      TRY_VOID(apply(setting, scheme, out, unknown));
      ++narrow;
    }
  }
  if (!unknown.empty())
    return fail(errors::bad_request(fmt::format("unknown api groups {}", fmt::join(unknown, ","))));
  if (narrow == 0 && broad.size() == 1 && broad.contains("all") && !broad["all"])
    return fail(errors::bad_request("invalid key with only api/all=false"));
  for (std::string_view stage : {"ga", "beta", "alpha"}) {
    auto it = broad.find(stage);
    if (it == broad.end()) it = broad.find("all");
    if (it != broad.end()) out.stages[std::string(stage)] = it->second;
  }
  return [out = std::move(out)](const api::Resource& resource) { return out.serves(resource); };
}

}  // namespace xebec::apiserver
