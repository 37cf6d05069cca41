// events.k8s.io/v1 is core/v1 under other names (k8s.io/kubernetes pkg/apis/events/v1/conversion.go).
#include "api/conversion/kinds.h"

#include "api/gen/corev1.h"
#include "api/gen/eventsv1.h"
#include "api/gen/eventsv1beta1.h"

namespace xebec::api::conversion {
namespace {

template <class Newer>
void to_core(const Newer& from, corev1::Event& to) {
  convert_fields(from, to);
  to.involvedObject = from.regarding;
  to.message = from.note;
  to.reportingComponent = from.reportingController;
  to.source = from.deprecatedSource;
  to.firstTimestamp = from.deprecatedFirstTimestamp;
  to.lastTimestamp = from.deprecatedLastTimestamp;
  to.count = from.deprecatedCount;
}

template <class Newer>
void from_core(const corev1::Event& from, Newer& to) {
  convert_fields(from, to);
  to.regarding = from.involvedObject;
  to.note = from.message;
  to.reportingController = from.reportingComponent;
  to.deprecatedSource = from.source;
  to.deprecatedFirstTimestamp = from.firstTimestamp;
  to.deprecatedLastTimestamp = from.lastTimestamp;
  to.deprecatedCount = from.count;
}

}  // namespace

void append_events(std::vector<ConversionEntry>& table) {
  table.push_back(entry<eventsv1::Event, corev1::Event, to_core<eventsv1::Event>>());
  table.push_back(entry<corev1::Event, eventsv1::Event, from_core<eventsv1::Event>>());
  table.push_back(entry<eventsv1beta1::Event, corev1::Event, to_core<eventsv1beta1::Event>>());
  table.push_back(entry<corev1::Event, eventsv1beta1::Event, from_core<eventsv1beta1::Event>>());
}

}  // namespace xebec::api::conversion
