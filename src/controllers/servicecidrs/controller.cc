#include "controllers/servicecidrs/controller.h"

#include <fmt/format.h>

#include <algorithm>

#include "client/controller_ref.h"
#include "codec/json.h"
#include "codec/value.h"
#include "controllers/pod_helpers.h"
#include "controllers/servicecidrs/prefix.h"

namespace xebec::controllers {
namespace {

constexpr std::string_view kAccount = "service-cidrs-controller";
constexpr std::string_view kName = "service-cidr-controller";
constexpr std::string_view kFinalizer = "networking.k8s.io/service-cidr-finalizer";
// API servers may not know yet that the range is going, and give out its addresses.
constexpr int64_t kGraceSeconds = 10;

bool is_allocated(const networkingv1::IPAddress& address) {
  return address.metadata.labels.value_or("ipaddress.kubernetes.io/managed-by", "") == "ipallocator.k8s.io";
}

template <class Fits>
bool any_prefix(const networkingv1::ServiceCIDR& cidr, Fits fits) {
  return std::any_of(cidr.spec.cidrs.begin(), cidr.spec.cidrs.end(), [&](const std::string& text) {
    const std::optional<Prefix> prefix = Prefix::parse(text);
    return prefix && fits(*prefix);
  });
}

bool has_finalizer(const networkingv1::ServiceCIDR& cidr) {
  const auto& all = cidr.metadata.finalizers;
  return std::find(all.begin(), all.end(), kFinalizer) != all.end();
}

}  // namespace

ServiceCidrController::ServiceCidrController(const ControllerContext& context)
    : env_(context.env),
      rest_(context.rest_as(kAccount)),
      cidrs_(context.informers->get<Cidr>()),
      addresses_(context.informers->get<networkingv1::IPAddress>()),
      queue_(env_, "servicecidrs"),
      recorder_(rest_, env_, std::string(kName)) {
  cidrs_.on_change([this](const CidrPtr& old, const CidrPtr& now) {
    if (now) queue_.add(now->metadata.name);
    // Another range may let one go that waits.
    if (!old || !now) enqueue_overlapping(now ? *now : *old);
  });
  addresses_.on_change([this](const auto& old, const auto& now) {
    if (!old || !now) enqueue_containing(now ? *now : *old);
  });
}

void ServiceCidrController::start(Scope& scope) {
  scope.spawn(recorder_.run(scope.token()));
  client::run_controller(
      scope, queue_, 5, [this](std::string key) { return sync(std::move(key)); }, env_.logger);
}

void ServiceCidrController::enqueue_overlapping(const Cidr& cidr) {
  for (const CidrPtr& other : cidrs_.list()) {
    const bool overlaps = any_prefix(cidr, [&](const Prefix& mine) {
      return any_prefix(*other,
                        [&](const Prefix& theirs) { return mine.contains(theirs) || theirs.contains(mine); });
    });
    if (overlaps) queue_.add(other->metadata.name);
  }
}

void ServiceCidrController::enqueue_containing(const networkingv1::IPAddress& address) {
  const std::optional<Prefix> ip = Prefix::parse(address.metadata.name);
  if (!ip || !is_allocated(address)) return;
  for (const CidrPtr& cidr : cidrs_.list())
    if (any_prefix(*cidr, [&](const Prefix& prefix) { return prefix.offers(*ip); }))
      queue_.add(cidr->metadata.name);
}

// The same range, or a larger one, is there for each of its ranges.
bool ServiceCidrController::has_parents(const Cidr& cidr) const {
  return !any_prefix(cidr, [&](const Prefix& prefix) {
    const std::vector<CidrPtr> all = cidrs_.list();
    return std::none_of(all.begin(), all.end(), [&](const CidrPtr& other) {
      return other->metadata.name != cidr.metadata.name &&
             any_prefix(*other, [&](const Prefix& theirs) { return theirs.contains(prefix); });
    });
  });
}

bool ServiceCidrController::may_go(const Cidr& cidr) const {
  if (has_parents(cidr)) return true;
  const std::vector<CidrPtr> all = cidrs_.list();
  for (const auto& address : addresses_.list()) {
    const std::optional<Prefix> ip = Prefix::parse(address->metadata.name);
    if (!ip || !is_allocated(*address)) continue;
    const auto offers = [&](const Prefix& prefix) { return prefix.offers(*ip); };
    if (!any_prefix(cidr, offers)) continue;
    const bool elsewhere = std::any_of(all.begin(), all.end(), [&](const CidrPtr& other) {
      return other->metadata.name != cidr.metadata.name && any_prefix(*other, offers);
    });
    if (!elsewhere) return false;
  }
  return true;
}

Task<Result<void>> ServiceCidrController::sync(std::string key) {
  CidrPtr cidr = cidrs_.get("", key);
  if (!cidr) co_return Result<void>();
  if (cidr->metadata.deletionTimestamp) co_return co_await sync_deleted(std::move(key), std::move(cidr));
  if (!has_finalizer(*cidr)) {
    CO_TRY_VOID(co_await patch_finalizer(cidr, true));
  }
  Result<void> ready = co_await set_ready(cidr, true);
  if (!ready) {
    recorder_.event(*cidr, client::kEventWarning, "KubernetesServiceCIDRError",
                    "The ServiceCIDR Status can not be set to Ready=True");
  }
  co_return ready;
}

Task<Result<void>> ServiceCidrController::sync_deleted(std::string key, CidrPtr cidr) {
  if (!may_go(*cidr)) co_return co_await set_ready(std::move(cidr), false);
  const int64_t left =
      cidr->metadata.deletionTimestamp->seconds + kGraceSeconds - to_time(env_.clock->now()).seconds;
  if (left > 0) {
    queue_.add_after(key, std::chrono::seconds(left));
    co_return Result<void>();
  }
  if (!has_finalizer(*cidr)) co_return Result<void>();
  co_return co_await patch_finalizer(std::move(cidr), false);
}

Task<Result<void>> ServiceCidrController::set_ready(CidrPtr cidr, bool ready) {
  const std::string_view status = ready ? "True" : "False";
  const std::string_view why = ready ? "" : "Terminating";
  const std::string_view message =
      ready ? "Kubernetes Service CIDR is ready"
            : "There are still IPAddresses referencing the ServiceCIDR, please remove them or create a new "
              "ServiceCIDR";
  for (const metav1::Condition& condition : cidr->status.conditions)
    if (condition.type == "Ready" && condition.status == status && condition.reason == why &&
        (ready || condition.message == message))
      co_return Result<void>();
  codec::ValueMap condition;
  condition.set("type", "Ready");
  condition.set("status", status);
  condition.set("lastTransitionTime", to_time(env_.clock->now()).str());
  condition.set("reason", why);
  condition.set("message", message);
  codec::ValueList conditions;
  conditions.emplace_back(std::move(condition));
  codec::Value patch;
  patch.set_path({"metadata", "uid"}, cidr->metadata.uid);
  patch.set_path({"status", "conditions"}, std::move(conditions));
  client::WriteOptions options;
  options.subresource = "status";
  options.field_manager = kName;
  auto patched = co_await rest_.patch<Cidr>(Context(), "", cidr->metadata.name, client::PatchType::kStrategic,
                                            codec::to_json(patch), std::move(options));
  const bool gone =
      !patched && (patched.error().is(reason::kNotFound) || patched.error().is(reason::kConflict));
  if (!patched && !gone) co_return fail(std::move(patched).error());
  co_return Result<void>();
}

Task<Result<void>> ServiceCidrController::patch_finalizer(CidrPtr cidr, bool present) {
  const std::string patch =
      fmt::format(R"({{"metadata":{{"uid":"{}","{}finalizers":["{}"]}}}})", cidr->metadata.uid,
                  present ? "" : "$deleteFromPrimitiveList/", kFinalizer);
  auto patched =
      co_await rest_.patch<Cidr>(Context(), "", cidr->metadata.name, client::PatchType::kStrategic, patch);
  const bool gone =
      !patched && (patched.error().is(reason::kNotFound) || patched.error().is(reason::kConflict));
  if (!patched && !gone) co_return fail(std::move(patched).error());
  co_return Result<void>();
}

}  // namespace xebec::controllers
