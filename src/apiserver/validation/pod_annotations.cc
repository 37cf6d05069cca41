#include <charconv>

#include <fmt/format.h>

#include "apiserver/validation/pod.h"

namespace xebec::apiserver::validation {
namespace {

using Annotations = api::FlatMap<std::string>;

constexpr std::string_view kMirror = "kubernetes.io/config.mirror";
constexpr std::string_view kDeletionCost = "controller.kubernetes.io/pod-deletion-cost";
constexpr std::string_view kSeccompPod = "seccomp.security.alpha.kubernetes.io/pod";
constexpr std::string_view kSeccompContainer = "container.seccomp.security.alpha.kubernetes.io/";
constexpr std::string_view kAppArmor = "container.apparmor.security.beta.kubernetes.io/";
constexpr std::string_view kLocalhost = "localhost/";

bool is_cost(std::string_view text) {
  if (text.empty()) return false;
  const bool first = text[0] == '-' || text == "0" || (text[0] >= '1' && text[0] <= '9');
  int32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return first && error == std::errc() && end == text.data() + text.size();
}

bool has_container(const corev1::PodSpec& spec, std::string_view name) {
  bool found = false;
  visit_containers(spec, Path("spec"), [&](const corev1::Container& container, const Path&) {
    found = found || container.name == name;
  });
  return found;
}

void check_app_armor(Errors& errors, const Path& path, const std::string& key, const std::string& profile,
                     const corev1::PodSpec& spec) {
  const std::string_view container = std::string_view(key).substr(kAppArmor.size());
  if (!has_container(spec, container))
    errors.push_back(field::invalid_string(path.key(key), container, "container not found"));
  if (const std::string error = app_armor_error(profile); !error.empty())
    errors.push_back(field::invalid_string(path.key(key), profile, error));
}

// One of the two ways to name a profile, with its three forms in an annotation.
template <class Profile>
void check_profile_match(Errors& errors, const Path& path, std::string_view what, const Profile& profile,
                         std::string_view annotation) {
  const Path type = path.child("type");
  const std::string types = fmt::format("{} type in annotation and field must match", what);
  bool same = true;
  if (profile.type == "Unconfined") {
    same = annotation == "unconfined";
  } else if (profile.type == "RuntimeDefault") {
    same = annotation == "runtime/default" || (what == "seccomp" && annotation == "docker/default");
  } else if (profile.type == "Localhost") {
    same = annotation.starts_with(kLocalhost);
    if (same && profile.localhostProfile != annotation.substr(kLocalhost.size())) {
      errors.push_back(field::forbidden(path.child("localhostProfile"),
                                        fmt::format("{} profile in annotation and field must match", what)));
    }
  }
  if (!same) errors.push_back(field::forbidden(type, types));
}

}  // namespace

void check_seccomp_text(Errors& errors, const Path& path, std::string_view profile) {
  if (profile == "runtime/default" || profile == "docker/default" || profile == "unconfined") return;
  if (profile.starts_with(kLocalhost)) {
    std::string_view file = profile.substr(kLocalhost.size());
    return check_local_path(errors, path, file);
  }
  errors.push_back(field::invalid_string(path, profile, "must be a valid seccomp profile"));
}

std::string app_armor_error(std::string_view profile) {
  if (profile.empty() || profile == "runtime/default" || profile == "unconfined" ||
      profile.starts_with(kLocalhost))
    return {};
  return fmt::format("invalid AppArmor profile name: {}", field::quote(profile));
}

void check_pod_annotations(Errors& errors, const Path& path, const Annotations& annotations,
                           const corev1::PodSpec& spec) {
  if (const std::string* mirror = annotations.get(kMirror); mirror != nullptr && spec.nodeName.empty()) {
    errors.push_back(field::invalid_string(path.key(kMirror), *mirror,
                                           "must set spec.nodeName if mirror pod annotation is set"));
  }
  if (const std::string* cost = annotations.get(kDeletionCost); cost != nullptr && !is_cost(*cost))
    errors.push_back(field::invalid_string(path.key(kDeletionCost), *cost, "must be a 32bit integer"));
  if (const std::string* profile = annotations.get(kSeccompPod))
    check_seccomp_text(errors, path.child(kSeccompPod), *profile);
  for (const auto& [key, value] : annotations) {
    if (key.starts_with(kSeccompContainer)) check_seccomp_text(errors, path.child(key), value);
    if (key.starts_with(kAppArmor)) check_app_armor(errors, path, key, value, spec);
  }
}

void check_pod_annotation_changes(Errors& errors, const Path& path, const corev1::Pod& pod,
                                  const corev1::Pod& old) {
  const Annotations &now = pod.metadata.annotations, &before = old.metadata.annotations;
  for (const auto& [key, value] : before) {
    const std::string* kept = now.get(key);
    if (kept != nullptr && *kept == value) continue;
    if (key.starts_with(kAppArmor))
      errors.push_back(field::forbidden(path.key(key), "may not remove or update AppArmor annotations"));
    if (key == kMirror)
      errors.push_back(field::forbidden(path.key(key), "may not remove or update mirror pod annotation"));
  }
  for (const auto& [key, value] : now) {
    if (before.contains(key)) continue;
    if (key.starts_with(kAppArmor))
      errors.push_back(field::forbidden(path.key(key), "may not add AppArmor annotations"));
    if (key == kMirror)
      errors.push_back(field::forbidden(path.key(key), "may not add mirror pod annotation"));
  }
  check_pod_annotations(errors, path, now, pod.spec);
}

void check_profile_annotations(Errors& errors, const Path& spec_path, const Annotations& annotations,
                               const corev1::PodSpec& spec) {
  const corev1::PodSecurityContext* pod = spec.securityContext.get();
  if (const std::string* text = annotations.get(kSeccompPod);
      text != nullptr && pod != nullptr && pod->seccompProfile) {
    check_profile_match(errors, spec_path.child("securityContext").child("seccompProfile"), "seccomp",
                        *pod->seccompProfile, *text);
  }
  visit_containers(spec, spec_path, [&](const corev1::Container& container, const Path& at) {
    const std::string* text = annotations.get(std::string(kSeccompContainer) + container.name);
    if (text == nullptr || !container.securityContext || !container.securityContext->seccompProfile) return;
    check_profile_match(errors, at.child("securityContext").child("seccompProfile"), "seccomp",
                        *container.securityContext->seccompProfile, *text);
  });
  if (spec.os && spec.os->name == "windows") return;
  visit_containers(spec, spec_path, [&](const corev1::Container& container, const Path& at) {
    const std::string* text = annotations.get(std::string(kAppArmor) + container.name);
    const corev1::AppArmorProfile* profile = pod != nullptr ? pod->appArmorProfile.get() : nullptr;
    if (container.securityContext && container.securityContext->appArmorProfile)
      profile = container.securityContext->appArmorProfile.get();
    if (text == nullptr || profile == nullptr) return;
    check_profile_match(errors, at.child("securityContext").child("appArmorProfile"), "apparmor", *profile,
                        *text);
  });
}

}  // namespace xebec::apiserver::validation
