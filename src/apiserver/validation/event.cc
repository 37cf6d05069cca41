// Events. Old ones (no eventTime) are looked at loosely; what comes through events.k8s.io/v1 strictly
// (k8s.io/kubernetes/pkg/apis/core/validation/events.go).
#include <fmt/format.h>

#include "apiserver/validation/core.h"

namespace xebec::apiserver::validation {
namespace {

constexpr size_t kLengthLimit = 128;
constexpr size_t kNoteLimit = 1024;

void check_length(Errors& errors, std::string_view name, std::string_view value, size_t limit) {
  if (value.size() <= limit) return;
  errors.push_back(
      field::invalid_string(Path(name), "", fmt::format("can have at most {} characters", limit)));
}

void check_text(Errors& errors, std::string_view name, std::string_view value) {
  check_required(errors, Path(name), value);
  check_length(errors, name, value, kLengthLimit);
}

void check_namespace(Errors& errors, const corev1::Event& event, bool timed) {
  const std::string &about = event.involvedObject.namespace_, &own = event.metadata.namespace_;
  bool fine = about == own;
  if (about.empty()) {
    fine = own == "default" || (timed ? own == "kube-system" : own.empty());
  } else if (timed) {
    fine = true;
  }
  if (!fine) {
    errors.push_back(field::invalid_string(Path("involvedObject").child("namespace"), about,
                                           "does not match event.namespace"));
  }
}

void check_loosely(Errors& errors, const corev1::Event& event) {
  const bool timed = !event.eventTime.is_zero();
  check_namespace(errors, event, timed);
  if (timed) {
    check_required(errors, Path("reportingController"), event.reportingComponent);
    check_qualified_name(errors, Path("reportingController"), event.reportingComponent);
    check_text(errors, "reportingInstance", event.reportingInstance);
    check_text(errors, "action", event.action);
    check_text(errors, "reason", event.reason);
    check_length(errors, "message", event.message, kNoteLimit);
  }
  check_dns_subdomain(errors, Path("namespace"), event.metadata.namespace_);
}

void check_series(Errors& errors, const corev1::Event& event) {
  if (!event.series) return;
  if (event.series->count < 2)
    errors.push_back(field::invalid_string(Path("series.count"), "", "should be at least 2"));
  if (event.series->lastObservedTime.is_zero())
    errors.push_back(field::required(Path("series.lastObservedTime")));
}

std::string rendered(const api::Time& time) { return time.is_zero() ? "null" : field::quote(time.str()); }
std::string rendered(const api::MicroTime& time) {
  return time.is_zero() ? "null" : field::quote(time.str());
}

}  // namespace

Errors validate_event(const corev1::Event& event) {
  Errors errors;
  check_loosely(errors, event);
  return errors;
}

Errors validate_event_update(const corev1::Event& event, const corev1::Event&) {
  return validate_event(event);
}

Errors validate_event_strictly(const corev1::Event& event) {
  Errors errors;
  check_dns_subdomain(errors, Path("metadata").child("name"), event.metadata.name);
  check_series(errors, event);
  if (event.eventTime.is_zero()) errors.push_back(field::required(Path("eventTime")));
  if (event.type != "Normal" && event.type != "Warning")
    errors.push_back(
        field::invalid_string(Path("type"), "", fmt::format("has invalid value: {}", event.type)));
  auto unset = [&](bool is_unset, std::string_view name) {
    if (!is_unset) errors.push_back(field::invalid_string(Path(name), "", "needs to be unset"));
  };
  unset(event.firstTimestamp.is_zero(), "firstTimestamp");
  unset(event.lastTimestamp.is_zero(), "lastTimestamp");
  unset(event.count == 0, "count");
  unset(event.source.component.empty() && event.source.host.empty(), "source");
  return errors;
}

Errors validate_event_update_strictly(const corev1::Event& event, const corev1::Event& old) {
  Errors errors;
  if (!(event.series == old.series)) check_series(errors, event);
  auto text = [&](std::string_view name, const std::string& now, const std::string& before) {
    check_immutable(errors, Path(name), now == before, field::quote(now));
  };
  check_immutable(errors, Path("involvedObject"), event.involvedObject == old.involvedObject,
                  go_json(event.involvedObject));
  text("reason", event.reason, old.reason);
  text("message", event.message, old.message);
  check_immutable(errors, Path("source"), event.source == old.source, go_json(event.source));
  check_immutable(errors, Path("firstTimestamp"), event.firstTimestamp == old.firstTimestamp,
                  rendered(event.firstTimestamp));
  check_immutable(errors, Path("lastTimestamp"), event.lastTimestamp == old.lastTimestamp,
                  rendered(event.lastTimestamp));
  check_immutable(errors, Path("count"), event.count == old.count, std::to_string(event.count));
  text("type", event.type, old.type);
  check_immutable(errors, Path("eventTime"), event.eventTime == old.eventTime, rendered(event.eventTime));
  text("action", event.action, old.action);
  check_immutable(errors, Path("related"), event.related == old.related, go_json(event.related));
  text("reportingController", event.reportingComponent, old.reportingComponent);
  text("reportingInstance", event.reportingInstance, old.reportingInstance);
  return errors;
}

}  // namespace xebec::apiserver::validation
