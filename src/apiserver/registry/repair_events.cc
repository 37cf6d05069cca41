#include "apiserver/registry/repair_events.h"

#include <fmt/format.h>
#include <unistd.h>

#include <array>

#include "apiserver/registry/own_identity.h"

namespace xebec::apiserver {
namespace {

constexpr Duration kSeriesEnd = std::chrono::minutes(6);

std::string host_name() {
  std::array<char, 256> name{};
  return ::gethostname(name.data(), name.size() - 1) == 0 ? std::string(name.data()) : std::string();
}

WriteOptions event_options() {
  WriteOptions options;
  options.field_manager = "kube-apiserver";
  options.request_kind = {"events.k8s.io", "v1", "Event"};
  options.request_resource = {"events.k8s.io", "v1", "events"};
  return options;
}

api::MicroTime micros(WallTime time) {
  const auto since = std::chrono::duration_cast<std::chrono::microseconds>(time.time_since_epoch());
  return api::MicroTime::from_unix_micros(since.count());
}

Task<Result<api::Object>> counted(int32_t count, api::MicroTime last, const api::Object* current) {
  if (current == nullptr) co_return fail(errors::not_found(ResourceName{"events.k8s.io", "events"}, ""));
  corev1::Event event = current->get<corev1::Event>();
  corev1::EventSeries& series = event.series.ensure();
  series.count = count;
  series.lastObservedTime = last;
  co_return api::Object::of(std::move(event));
}

}  // namespace

Task<void> RepairEvents::write(Registry* events, std::vector<Finding> findings) {
  if (events == nullptr) co_return;
  const WallTime now = clock_.now();
  std::erase_if(series_, [&](const auto& one) { return now - one.second.last > kSeriesEnd; });
  for (Finding& finding : findings) {
    const std::string reason = finding.reason, name = finding.about.name;
    Result<void> written = co_await write_one(events, std::move(finding));
    if (!written) {
      logger_.warning("an event of the repair could not be written",
                      {{"reason", reason}, {"object", name}, {"err", written.error().message}});
    }
  }
}

Task<Result<void>> RepairEvents::write_one(Registry* events, Finding finding) {
  Key key{finding.controller, finding.about.kind + "/" + finding.about.namespace_ + "/" + finding.about.name,
          finding.about.uid, finding.reason};
  if (const auto known = series_.find(key); known != series_.end()) {
    Result<void> done = co_await go_on(events, known->second);
    if (done || !done.error().is(reason::kNotFound)) co_return done;
  }
  co_return co_await begin(events, std::move(finding), std::move(key));
}

Task<Result<void>> RepairEvents::begin(Registry* events, Finding finding, Key key) {
  const WallTime now = clock_.now();
  const int64_t nanos = std::chrono::duration_cast<std::chrono::nanoseconds>(now.time_since_epoch()).count();
  last_nanos_ = std::max(nanos, last_nanos_ + 1);
  corev1::Event event;
  event.metadata.namespace_ = finding.about.namespace_.empty() ? "default" : finding.about.namespace_;
  event.metadata.name = fmt::format("{}.{:x}", finding.about.name, last_nanos_);
  event.involvedObject = std::move(finding.about);
  event.reason = std::move(finding.reason);
  event.action = std::move(finding.action);
  event.message = std::move(finding.note);
  event.type = "Warning";
  event.eventTime = micros(now);
  event.reportingInstance = finding.controller + "-" + host_name();
  event.reportingComponent = std::move(finding.controller);
  Series series;
  series.namespace_ = event.metadata.namespace_;
  series.name = event.metadata.name;
  series.last = now;
  api::Object object = api::Object::of(std::move(event));
  Context context = own_context();
  WriteOptions options = event_options();
  std::string namespace_ = series.namespace_;
  CO_TRY_VOID(co_await events->create(std::move(context), std::move(namespace_), std::move(object),
                                      std::move(options)));
  series_.insert_or_assign(std::move(key), std::move(series));
  co_return Result<void>();
}

Task<Result<void>> RepairEvents::go_on(Registry* events, Series& series) {
  series.last = clock_.now();
  const int32_t count = ++series.count;
  const api::MicroTime last = micros(series.last);
  Transform transform = [count, last](const api::Object* current) { return counted(count, last, current); };
  Context context = own_context();
  WriteOptions options = event_options();
  CO_TRY_VOID(co_await events->update(std::move(context), series.namespace_, series.name,
                                      std::move(transform), std::move(options)));
  co_return Result<void>();
}

}  // namespace xebec::apiserver
