// ServiceAccount: every Pod runs as a service account of its namespace and finds the account's credentials
// mounted (kubernetes plugin/pkg/admission/serviceaccount).
#include <fmt/format.h>

#include "api/gen/corev1.h"
#include "apiserver/admission/plugins.h"
#include "apiserver/authz/node/pod_references.h"
#include "apiserver/cache/entry.h"
#include "apiserver/registry/registry.h"
#include "base/clock.h"

namespace xebec::apiserver {
namespace {

constexpr std::string_view kMountPath = "/var/run/secrets/kubernetes.io/serviceaccount";
constexpr std::string_view kMirrorAnnotation = "kubernetes.io/config.mirror";
constexpr std::string_view kVolumePrefix = "kube-api-access-";
constexpr int64_t kTokenSeconds = 3607;
constexpr int32_t kMode = 0644;

using AccountPtr = std::shared_ptr<const api::Object>;

Status refuse(const AdmissionAttributes& a, std::string_view why) {
  return errors::forbidden({"", "pods"}, a.name, why);
}

bool wants_token(const corev1::ServiceAccount& account, const corev1::Pod& pod) {
  if (pod.spec.automountServiceAccountToken) return *pod.spec.automountServiceAccountToken;
  return account.automountServiceAccountToken.value_or(true);
}

corev1::Volume token_volume(std::string name) {
  corev1::Volume volume;
  volume.name = std::move(name);
  corev1::ProjectedVolumeSource& projected = volume.projected.emplace();
  projected.defaultMode = kMode;

  auto& token = projected.sources.emplace_back().serviceAccountToken.emplace();
  token.path = "token";
  token.expirationSeconds = kTokenSeconds;

  auto& ca = projected.sources.emplace_back().configMap.emplace();
  ca.name = "kube-root-ca.crt";
  corev1::KeyToPath& ca_item = ca.items.emplace_back();
  ca_item.key = "ca.crt";
  ca_item.path = "ca.crt";

  auto& downward = projected.sources.emplace_back().downwardAPI.emplace();
  corev1::DownwardAPIVolumeFile& ns = downward.items.emplace_back();
  ns.path = "namespace";
  ns.fieldRef.emplace().apiVersion = "v1";
  ns.fieldRef->fieldPath = "metadata.namespace";
  return volume;
}

bool has_mount(const corev1::Container& container) {
  return std::any_of(container.volumeMounts.begin(), container.volumeMounts.end(),
                     [](const corev1::VolumeMount& mount) { return mount.mountPath == kMountPath; });
}

// True when at least one container got the mount.
bool mount_token(std::vector<corev1::Container>& containers, const std::string& volume) {
  bool mounted = false;
  for (corev1::Container& container : containers) {
    if (has_mount(container)) continue;
    corev1::VolumeMount& mount = container.volumeMounts.emplace_back();
    mount.name = volume;
    mount.readOnly = true;
    mount.mountPath = kMountPath;
    mounted = true;
  }
  return mounted;
}

// A mirror Pod has no rights in the cluster: it may name nothing that would give it some.
Result<void> check_mirror_pod(const AdmissionAttributes& a, const corev1::Pod& pod) {
  if (!pod.spec.serviceAccountName.empty())
    return fail(refuse(a, "a mirror pod may not reference service accounts"));
  if (!node::secrets_of(pod).empty()) return fail(refuse(a, "a mirror pod may not reference secrets"));
  for (const corev1::Volume& volume : pod.spec.volumes) {
    if (!volume.projected) continue;
    for (const corev1::VolumeProjection& source : volume.projected->sources) {
      if (source.serviceAccountToken) {
        return fail(refuse(a, "a mirror pod may not use ServiceAccountToken volume projections"));
      }
    }
  }
  return {};
}

// What an account with enforce-mountable-secrets allows its Pods to refer to.
class MountableSecrets {
 public:
  explicit MountableSecrets(const corev1::ServiceAccount& account) : account_(account.metadata.name) {
    for (const corev1::ObjectReference& secret : account.secrets) secrets_.insert(secret.name);
    for (const auto& secret : account.imagePullSecrets) pull_secrets_.insert(secret.name);
  }

  // Upstream's words for the first reference that is not allowed; empty: there is none.
  std::string first_refused(const corev1::Pod& pod) const {
    for (const corev1::Volume& volume : pod.spec.volumes) {
      if (volume.secret && !secrets_.contains(volume.secret->secretName))
        return refused(fmt::format("volume with secret.secretName=\"{}\"", volume.secret->secretName),
                       "secret");
    }
    if (std::string found = in_containers("init container", pod.spec.initContainers); !found.empty())
      return found;
    if (std::string found = in_containers("container", pod.spec.containers); !found.empty()) return found;
    for (size_t i = 0; i < pod.spec.imagePullSecrets.size(); ++i) {
      const std::string& name = pod.spec.imagePullSecrets[i].name;
      if (!pull_secrets_.contains(name))
        return refused(fmt::format("imagePullSecrets[{}].name=\"{}\"", i, name), "imagePullSecret");
    }
    return "";
  }

  template <class Containers>
  std::string in_containers(std::string_view what, const Containers& containers) const {
    for (const auto& container : containers) {
      for (const corev1::EnvVar& variable : container.env) {
        if (!variable.valueFrom || !variable.valueFrom->secretKeyRef) continue;
        const std::string& name = variable.valueFrom->secretKeyRef->name;
        if (secrets_.contains(name)) continue;
        return refused(fmt::format("{} {} with envVar {} referencing secret.secretName=\"{}\"", what,
                                   container.name, variable.name, name),
                       "secret");
      }
      for (const corev1::EnvFromSource& source : container.envFrom) {
        if (!source.secretRef || secrets_.contains(source.secretRef->name)) continue;
        return refused(fmt::format("{} {} with envFrom referencing secret.secretName=\"{}\"", what,
                                   container.name, source.secretRef->name),
                       "secret");
      }
    }
    return "";
  }

 private:
  std::string refused(std::string_view reference, std::string_view kind) const {
    return fmt::format("{} is not allowed because service account {} does not reference that {}", reference,
                       account_, kind);
  }

  std::string account_;
  std::set<std::string> secrets_, pull_secrets_;
};

bool enforces(const corev1::ServiceAccount& account) {
  return account.metadata.annotations.value_or("kubernetes.io/enforce-mountable-secrets", "") == "true";
}

class ServiceAccountPlugin final : public AdmissionPlugin {
 public:
  ServiceAccountPlugin(const RegistryMap& registries, Rng& rng) : registries_(registries), rng_(rng) {}
  std::string_view name() const override { return "ServiceAccount"; }
  bool handles(Operation operation) const override {
    return operation == Operation::kCreate || operation == Operation::kUpdate;
  }

  Task<Result<void>> admit(const Context& context, AdmissionAttributes& a) override {
    corev1::Pod* pod = pod_of(a);
    if (pod == nullptr || a.operation != Operation::kCreate) co_return Result<void>();
    if (pod->metadata.annotations.contains(kMirrorAnnotation)) co_return check_mirror_pod(a, *pod);
    if (pod->spec.serviceAccountName.empty()) pod->spec.serviceAccountName = "default";
    pod->spec.serviceAccount = pod->spec.serviceAccountName;
    CO_TRY(AccountPtr object, co_await find(context, a, pod->spec.serviceAccountName));
    const auto& account = object->get<corev1::ServiceAccount>();
    if (wants_token(account, *pod)) add_token(*pod);
    if (pod->spec.imagePullSecrets.empty()) pod->spec.imagePullSecrets = account.imagePullSecrets;
    co_return Result<void>();
  }

  Task<Result<void>> validate(const Context& context, const AdmissionAttributes& a) override {
    const bool adds_ephemeral =
        a.operation == Operation::kUpdate && a.subresource == "ephemeralcontainers" && a.object != nullptr;
    const corev1::Pod* pod = adds_ephemeral ? a.object->as<corev1::Pod>() : pod_of(a);
    if (pod == nullptr || (!adds_ephemeral && a.operation != Operation::kCreate)) co_return Result<void>();
    if (!adds_ephemeral && pod->metadata.annotations.contains(kMirrorAnnotation))
      co_return check_mirror_pod(a, *pod);
    if (pod->spec.serviceAccountName.empty()) {
      co_return fail(refuse(
          a, fmt::format("no service account specified for pod {}/{}", a.namespace_, pod->metadata.name)));
    }
    CO_TRY(AccountPtr object, co_await find(context, a, pod->spec.serviceAccountName));
    const auto& account = object->get<corev1::ServiceAccount>();
    if (!enforces(account)) co_return Result<void>();
    const MountableSecrets mountable(account);
    const std::string refused =
        adds_ephemeral ? mountable.in_containers("ephemeral container", pod->spec.ephemeralContainers)
                       : mountable.first_refused(*pod);
    if (refused.empty()) co_return Result<void>();
    co_return fail(refuse(a, refused));
  }

 private:
  static corev1::Pod* pod_of(const AdmissionAttributes& a) {
    return a.object != nullptr && a.subresource.empty() ? a.object->as<corev1::Pod>() : nullptr;
  }

  // The most recent state: right after the namespace was made the account has only just appeared.
  Task<Result<AccountPtr>> find(const Context& context, const AdmissionAttributes& a, std::string name) {
    GetRequest request;
    request.namespace_ = a.namespace_;
    request.name = name;
    auto entry = co_await registries_.find("", "serviceaccounts")->get(context, std::move(request));
    if (entry) co_return (*entry)->object();
    if (!entry.error().is(reason::kNotFound)) co_return fail(std::move(entry).error());
    co_return fail(
        refuse(a, fmt::format("error looking up service account {0}/{1}: serviceaccount \"{1}\" not found",
                              a.namespace_, name)));
  }

  void add_token(corev1::Pod& pod) {
    std::string volume;
    for (const corev1::Volume& existing : pod.spec.volumes) {
      if (existing.name.starts_with(kVolumePrefix)) volume = existing.name;
    }
    bool exists = !volume.empty();
    if (!exists) volume = std::string(kVolumePrefix) + random_suffix(rng_, 5);
    bool init = mount_token(pod.spec.initContainers, volume);
    bool main = mount_token(pod.spec.containers, volume);
    if (!exists && (init || main)) pod.spec.volumes.push_back(token_volume(std::move(volume)));
  }

  const RegistryMap& registries_;
  Rng& rng_;
};

}  // namespace

std::unique_ptr<AdmissionPlugin> make_service_account(const AdmissionDependencies& dependencies) {
  return std::make_unique<ServiceAccountPlugin>(*dependencies.registries, *dependencies.rng);
}

}  // namespace xebec::apiserver
