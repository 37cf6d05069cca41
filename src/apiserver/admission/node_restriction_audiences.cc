// Tokens of which audiences a kubelet may ask for (KEP-4601, ServiceAccountNodeAudienceRestriction).
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "api/gen/storagev1.h"
#include "apiserver/admission/node_restriction.h"
#include "apiserver/authz/authorizer.h"
#include "apiserver/cache/entry.h"
#include "apiserver/registry/registry.h"

namespace xebec::apiserver::node_restriction {
namespace {

using ObjectPtr = std::shared_ptr<const api::Object>;

Task<Result<ObjectPtr>> find(const Context& context, Registry* registry, std::string ns, std::string name) {
  GetRequest request;
  request.namespace_ = std::move(ns);
  request.name = std::move(name);
  CO_TRY(auto entry, co_await registry->get(context, std::move(request)));
  co_return entry->object();
}

bool projects_token(const corev1::Volume& volume, std::string_view audience) {
  if (!volume.projected) return false;
  for (const corev1::VolumeProjection& source : volume.projected->sources)
    if (source.serviceAccountToken && source.serviceAccountToken->audience == audience) return true;
  return false;
}

}  // namespace

// Empty: the volume has none.
Task<Result<std::string>> Audiences::driver_of(const Context& context, const corev1::Pod& pod,
                                               const corev1::Volume& volume) const {
  std::string claim;
  if (volume.ephemeral && volume.ephemeral->volumeClaimTemplate) {
    claim = pod.metadata.name + "-" + volume.name;
  } else if (volume.persistentVolumeClaim) {
    claim = volume.persistentVolumeClaim->claimName;
  } else {
    co_return volume.csi ? volume.csi->driver : std::string();
  }
  CO_TRY(ObjectPtr claimed, co_await find(context, registries.find("", "persistentvolumeclaims"),
                                          pod.metadata.namespace_, std::move(claim)));
  const std::string& name = claimed->get<corev1::PersistentVolumeClaim>().spec.volumeName;
  CO_TRY(ObjectPtr bound, co_await find(context, registries.find("", "persistentvolumes"), "", name));
  const auto& spec = bound->get<corev1::PersistentVolume>().spec;
  co_return spec.csi ? spec.csi->driver : std::string();
}

Task<Result<bool>> Audiences::driver_has(const Context& context, std::string driver,
                                         std::string audience) const {
  Registry* drivers = registries.find("storage.k8s.io", "csidrivers");
  CO_TRY(ObjectPtr object, co_await find(context, drivers, "", std::move(driver)));
  for (const auto& request : object->get<storagev1::CSIDriver>().spec.tokenRequests)
    if (request.audience == audience) co_return true;
  co_return false;
}

Task<Result<bool>> Audiences::referenced(const Context& context, const corev1::Pod& pod,
                                         std::string audience) const {
  std::vector<std::string> problems;
  for (const corev1::Volume& volume : pod.spec.volumes) {
    if (projects_token(volume, audience)) co_return true;
    Result<std::string> driver = co_await driver_of(context, pod, volume);
    if (!driver) {
      problems.push_back(driver.error().message);
      continue;
    }
    if (driver->empty()) continue;
    Result<bool> has = co_await driver_has(context, *driver, audience);
    if (!has) problems.push_back(has.error().message);
    if (has && *has) co_return true;
  }
  if (problems.empty()) co_return false;
  co_return fail(
      errors::internal(problems.size() == 1 ? problems[0] : fmt::format("[{}]", fmt::join(problems, ", "))));
}

Task<Result<void>> Audiences::check(const Context& context, const AdmissionAttributes& a,
                                    std::vector<std::string> requested, const corev1::Pod& pod) const {
  if (requested.size() > 1) co_return fail(refuse(a, "node may only request 0 or 1 audiences"));
  const std::string audience = requested.empty() ? std::string() : requested[0];
  Result<bool> found = co_await referenced(context, pod, audience);
  if (!found) {
    // Only the words matter: a Status of its own would bring another code.
    std::string why = found.error().details.causes[0].message;
    co_return fail(refuse(a, fmt::format("error validating audience \"{}\": {}", audience, why)));
  }
  if (*found) co_return Result<void>();
  AuthorizationAttributes asked;
  asked.user = a.user;
  asked.verb = "request-serviceaccounts-token-audience";
  asked.namespace_ = a.namespace_;
  asked.version = "v1";
  asked.resource = audience;
  asked.name = a.name;
  if (authorizer.authorize(asked).decision == Decision::kAllow) co_return Result<void>();
  co_return fail(refuse(
      a, fmt::format("audience \"{}\" not found in pod spec volume, {} is not authorized to request tokens "
                     "for this audience",
                     audience, a.user->name)));
}

}  // namespace xebec::apiserver::node_restriction
