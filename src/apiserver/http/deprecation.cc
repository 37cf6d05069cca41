#include "apiserver/http/deprecation.h"

#include <fmt/format.h>

#include <charconv>

#include "api/lifecycle.h"

namespace xebec::apiserver {
namespace {

std::string kind_text(std::string_view group, std::string_view version, std::string_view kind) {
  return group.empty() ? fmt::format("{} {}", version, kind) : fmt::format("{}/{} {}", group, version, kind);
}

// The n of "1.n".
int minor_of(std::string_view release) {
  int out = 0;
  release.remove_prefix(std::min(release.size(), release.find('.') + 1));
  std::from_chars(release.data(), release.data() + release.size(), out);
  return out;
}

std::string warning(const api::Lifecycle& life, std::string_view release) {
  if (minor_of(life.deprecated_in) > minor_of(release)) return "";
  std::string out =
      fmt::format("{} is deprecated in v{}+", kind_text(life.kind.group, life.kind.version, life.kind.kind),
                  life.deprecated_in);
  if (!life.removed_in.empty()) out += fmt::format(", unavailable in v{}+", life.removed_in);
  const api::TypeName& better = life.replacement;
  if (!better.kind.empty())
    out += fmt::format("; use {}", kind_text(better.group, better.version, better.kind));
  return out;
}

}  // namespace

std::string deprecation_warning(const api::Scheme& scheme, const api::Resource& resource,
                                const api::Subresource* subresource, std::string_view release) {
  const bool own = subresource != nullptr && subresource->kind.kind != resource.kind;
  const api::TypeName kind =
      own ? subresource->kind : api::TypeName{resource.group, resource.version, resource.kind};
  if (const api::Lifecycle* life = api::lifecycle_of(kind)) return warning(*life, release);
  if (own || !resource.removed) return "";
  std::string out =
      fmt::format("{} is deprecated", kind_text(resource.group, resource.version, resource.kind));
  const api::ApiGroup* group = scheme.group(resource.storage_group);
  const api::Resource* better =
      group ? scheme.resource(resource.storage_group, group->preferred_version, resource.plural) : nullptr;
  if (better) out += fmt::format("; use {}", kind_text(better->group, better->version, better->kind));
  return out;
}

}  // namespace xebec::apiserver
