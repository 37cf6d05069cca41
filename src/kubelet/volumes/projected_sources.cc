#include "kubelet/volumes/projected_sources.h"

#include <fmt/format.h>

#include <utility>

#include "api/gen/authenticationv1.h"
#include "kubelet/objects.h"
#include "kubelet/pods/field_ref.h"
#include "kubelet/problem.h"

namespace xebec::kubelet {
namespace {

constexpr int64_t kMaxTokenAge = 24 * 3600;

// Who owns a token: the user that all containers run as, when they have one in common.
std::optional<int64_t> common_user(const corev1::Pod& pod) {
  std::optional<int64_t> user, of_pod;
  if (pod.spec.securityContext) of_pod = pod.spec.securityContext->runAsUser;
  for (const auto* list : {&pod.spec.initContainers, &pod.spec.containers}) {
    for (const corev1::Container& container : *list) {
      const auto& own = container.securityContext;
      std::optional<int64_t> one = own && own->runAsUser ? own->runAsUser : of_pod;
      if (!one || (user && *user != *one)) return std::nullopt;
      user = one;
    }
  }
  return user;
}

// `data` under the names the items give, or under their own.
template <class Get>
Result<ProjectedFiles> pick(const std::vector<corev1::KeyToPath>& items, int mode, bool optional,
                            std::string_view what, Get get) {
  ProjectedFiles files;
  for (const corev1::KeyToPath& item : items) {
    std::optional<std::string> value = get(item.key);
    if (!value && optional) continue;
    if (!value) return fail(problem(fmt::format("references non-existent {} key: {}", what, item.key)));
    files[item.path] = ProjectedFile{std::move(*value), static_cast<int>(item.mode.value_or(mode))};
  }
  return files;
}

}  // namespace

ProjectedSources::ProjectedSources(client::Env env, client::Rest rest,
                                   api::FlatMap<api::Quantity> allocatable)
    : env_(std::move(env)), rest_(std::move(rest)), allocatable_(std::move(allocatable)) {}

int64_t ProjectedSources::now_seconds() const {
  return env_.clock->now().time_since_epoch().count() / 1'000'000'000;
}

Task<Result<ProjectedFiles>> ProjectedSources::config_map(PodPtr pod, std::string name,
                                                          std::vector<corev1::KeyToPath> items, int mode,
                                                          bool optional, CancelToken token) {
  Result<corev1::ConfigMap> map = co_await get_config_map(rest_, token, pod->metadata.namespace_, name);
  if (!map && optional && map.error().is(reason::kNotFound)) co_return ProjectedFiles();
  if (!map) co_return fail(map.error());
  if (items.empty()) {
    ProjectedFiles files;
    for (const auto& [key, value] : map->data) files[key] = ProjectedFile{value, mode};
    for (const auto& [key, value] : map->binaryData) files[key] = ProjectedFile{value.data, mode};
    co_return files;
  }
  co_return pick(items, mode, optional, "config", [&](const std::string& key) -> std::optional<std::string> {
    if (const std::string* value = map->data.get(key)) return *value;
    if (const api::Bytes* value = map->binaryData.get(key)) return value->data;
    return std::nullopt;
  });
}

Task<Result<ProjectedFiles>> ProjectedSources::secret(PodPtr pod, std::string name,
                                                      std::vector<corev1::KeyToPath> items, int mode,
                                                      bool optional, CancelToken token) {
  Result<corev1::Secret> found = co_await get_secret(rest_, token, pod->metadata.namespace_, name);
  if (!found && optional && found.error().is(reason::kNotFound)) co_return ProjectedFiles();
  if (!found) co_return fail(found.error());
  if (items.empty()) {
    ProjectedFiles files;
    for (const auto& [key, value] : found->data) files[key] = ProjectedFile{value.data, mode};
    co_return files;
  }
  co_return pick(items, mode, optional, "secret", [&](const std::string& key) -> std::optional<std::string> {
    if (const api::Bytes* value = found->data.get(key)) return value->data;
    return std::nullopt;
  });
}

Result<ProjectedFiles> ProjectedSources::downward(const corev1::Pod& pod,
                                                  const std::vector<corev1::DownwardAPIVolumeFile>& items,
                                                  int mode) {
  ProjectedFiles files;
  for (const corev1::DownwardAPIVolumeFile& item : items) {
    ProjectedFile file;
    file.mode = item.mode.value_or(mode);
    if (item.fieldRef) {
      TRY(file.data, field_value(pod, item.fieldRef->fieldPath, PodFacts()));
    } else if (item.resourceFieldRef) {
      TRY(file.data, resource_value(pod, nullptr, *item.resourceFieldRef, allocatable_));
    }
    files[item.path] = std::move(file);
  }
  return files;
}

Task<Result<ProjectedFiles>> ProjectedSources::projected(PodPtr pod, corev1::Volume volume,
                                                         CancelToken token) {
  ProjectedFiles all;
  int mode = volume.projected->defaultMode.value_or(kDefaultFileMode);
  for (const corev1::VolumeProjection& source : volume.projected->sources) {
    ProjectedFiles files;
    if (source.configMap) {
      const auto& s = *source.configMap;
      CO_TRY(files, co_await config_map(pod, s.name, s.items, mode, s.optional.value_or(false), token));
    } else if (source.secret) {
      const auto& s = *source.secret;
      CO_TRY(files, co_await secret(pod, s.name, s.items, mode, s.optional.value_or(false), token));
    } else if (source.downwardAPI) {
      CO_TRY(files, downward(*pod, source.downwardAPI->items, mode));
    } else if (source.serviceAccountToken) {
      CO_TRY(std::string text,
             co_await service_account_token(pod, volume.name, *source.serviceAccountToken, token));
      ProjectedFile file{std::move(text), mode, common_user(*pod)};
      if (file.owner || pod_group(*pod)) file.mode = 0600;
      files[source.serviceAccountToken->path] = std::move(file);
    } else {
      co_return fail(problem("this kind of projected volume source is not supported"));
    }
    for (auto& [path, file] : files) all[path] = std::move(file);
  }
  co_return all;
}

Task<Result<std::string>> ProjectedSources::service_account_token(
    PodPtr pod, std::string volume, corev1::ServiceAccountTokenProjection source, CancelToken token) {
  std::string key = fmt::format("{}/{}/{}", pod->metadata.uid, volume, source.path);
  auto known = tokens_.find(key);
  int64_t now = now_seconds();
  bool fresh = false;
  if (known != tokens_.end()) {
    // Good for 80 % of its time, and for a day at most.
    const Token& t = known->second;
    fresh = now < t.issued + (t.expires - t.issued) * 8 / 10 && now < t.issued + kMaxTokenAge;
  }
  if (fresh) co_return known->second.text;
  authenticationv1::TokenRequest request;
  if (!source.audience.empty()) request.spec.audiences.push_back(source.audience);
  request.spec.expirationSeconds = source.expirationSeconds.value_or(3600);
  auto& bound = request.spec.boundObjectRef.emplace();
  bound.kind = "Pod";
  bound.apiVersion = "v1";
  bound.name = pod->metadata.name;
  bound.uid = pod->metadata.uid;
  Context context;
  context.cancel = token;
  std::string account = pod->spec.serviceAccountName.empty() ? "default" : pod->spec.serviceAccountName;
  Result<authenticationv1::TokenRequest> made =
      co_await rest_.create_token(context, pod->metadata.namespace_, account, request);
  if (!made) {
    // The old one may do until the server answers again.
    known = tokens_.find(key);
    if (known != tokens_.end() && now < known->second.expires) co_return known->second.text;
    co_return fail(problem("failed to fetch token: " + made.error().message));
  }
  Token& kept = tokens_[key];
  kept.text = made->status.token;
  kept.issued = now;
  kept.expires = made->status.expirationTimestamp.seconds;
  co_return kept.text;
}

void ProjectedSources::forget(const std::string& uid) {
  auto end = tokens_.lower_bound(uid + "0");  // '0' follows '/'
  tokens_.erase(tokens_.lower_bound(uid + "/"), end);
}

}  // namespace xebec::kubelet
