#include "client/event_recorder.h"

#include <fmt/format.h>

#include "api/gen/corev1.h"
#include "base/sync.h"
#include "client/event_correlator.h"
#include "codec/json.h"
#include "codec/value.h"

namespace xebec::client {
namespace {

constexpr size_t kMaxPending = 1000;
constexpr int kMaxTries = 12;
constexpr auto kRetryDelay = std::chrono::seconds(10);

// The request may not have reached the server, or its answer not us.
bool is_transport_failure(const Status& status) {
  return status.is(reason::kUnknownOutcome) || status.is(reason::kServiceUnavailable) ||
         status.is(reason::kCancelled);
}

}  // namespace

corev1::ObjectReference reference_to(const metav1::ObjectMeta& meta, const api::TypeName& kind,
                                     std::string_view field_path) {
  corev1::ObjectReference reference;
  reference.apiVersion = kind.gvk().api_version();
  reference.kind = kind.kind;
  reference.namespace_ = meta.namespace_;
  reference.name = meta.name;
  reference.uid = meta.uid;
  reference.resourceVersion = meta.resourceVersion;
  reference.fieldPath = field_path;
  return reference;
}

struct EventRecorder::State {
  State(Rest rest, Env env, std::string component, std::string host)
      : rest(std::move(rest)), env(std::move(env)), component(std::move(component)), host(std::move(host)) {}

  Task<bool> write_once(EventCorrelator::Decision decision, CancelToken token);
  Task<Result<corev1::Event>> send(EventCorrelator::Decision decision, CancelToken token);
  Task<void> write(corev1::Event event, CancelToken token);

  Rest rest;
  Env env;
  std::string component, host;
  int64_t last_nanos = 0;
  EventCorrelator correlator;
  Queue<corev1::Event> queue;
};

EventRecorder::EventRecorder(Rest rest, Env env, std::string component, std::string host)
    : state_(
          std::make_unique<State>(std::move(rest), std::move(env), std::move(component), std::move(host))) {}

EventRecorder::~EventRecorder() = default;

size_t EventRecorder::pending() const { return state_->queue.size(); }

void EventRecorder::event(const corev1::ObjectReference& about, std::string_view type,
                          std::string_view reason, std::string message) {
  State& state = *state_;
  if (state.queue.size() >= kMaxPending) {
    state.env.logger.warning("Too many events are waiting, one is dropped",
                             {{"object", about.namespace_ + "/" + about.name}, {"reason", reason}});
    return;
  }
  // The name is made of the time, which must not repeat.
  int64_t nanos = state.env.clock->now().time_since_epoch().count();
  nanos = state.last_nanos = std::max(nanos, state.last_nanos + 1);

  corev1::Event event;
  event.metadata.name = fmt::format("{}.{:x}", about.name, nanos);
  event.metadata.namespace_ = about.namespace_.empty() ? "default" : about.namespace_;
  event.involvedObject = about;
  event.type = type;
  event.reason = reason;
  event.message = std::move(message);
  event.firstTimestamp = api::Time::from_unix(nanos / 1000000000);
  event.lastTimestamp = event.firstTimestamp;
  event.count = 1;
  event.source.component = state.component;
  event.source.host = state.host;
  event.reportingComponent = state.component;
  event.reportingInstance = state.host;
  state.queue.push(std::move(event));
}

void EventRecorder::event(const metav1::ObjectMeta& about, const api::TypeName& kind, std::string_view type,
                          std::string_view reason, std::string message) {
  event(reference_to(about, kind), type, reason, std::move(message));
}

Task<void> EventRecorder::run(CancelToken token) {
  State& state = *state_;
  for (;;) {
    std::optional<corev1::Event> event = co_await state.queue.pop(token);
    if (!event || token.cancelled()) co_return;
    co_await state.write(std::move(*event), token);
  }
}

Task<void> EventRecorder::State::write(corev1::Event event, CancelToken token) {
  EventCorrelator::Decision decision = correlator.correlate(std::move(event), env.executor->now());
  if (decision.skip) co_return;
  for (int tries = 1;; ++tries) {
    bool finished = co_await write_once(decision, token);
    if (finished || token.cancelled()) co_return;
    if (tries == kMaxTries) {
      env.logger.error("Unable to write event, giving up", {{"event", decision.event.metadata.name}});
      co_return;
    }
    // The first pause is random, so that many clients do not come back together.
    Duration delay = kRetryDelay;
    if (tries == 1)
      delay = Duration(static_cast<int64_t>(static_cast<double>(delay.count()) * env.rng->uniform()));
    bool slept = co_await sleep_for(delay, token);
    if (!slept) co_return;
  }
}

// True when there is nothing more to do: written, or refused for good.
Task<bool> EventRecorder::State::write_once(EventCorrelator::Decision decision, CancelToken token) {
  Result<corev1::Event> result = co_await send(decision, token);
  if (result.has_value()) {
    correlator.written(decision.key, *result);
    co_return true;
  }
  const Status& error = result.error();
  if (is_transport_failure(error)) {
    env.logger.warning("Unable to write event, trying again", {{"err", error.message}});
    co_return false;
  }
  bool expected = error.is(reason::kAlreadyExists);
  for (const StatusCause& cause : error.details.causes) expected |= cause.reason == "NamespaceTerminating";
  LogField fields[] = {{"event", decision.event.metadata.name}, {"err", error.message}};
  if (expected) {
    env.logger.debug("Server rejected event (will not retry!)", {fields[0], fields[1]});
  } else {
    env.logger.error("Server rejected event (will not retry!)", {fields[0], fields[1]});
  }
  co_return true;
}

Task<Result<corev1::Event>> EventRecorder::State::send(EventCorrelator::Decision decision,
                                                       CancelToken token) {
  Context context;
  context.cancel = token;
  corev1::Event& event = decision.event;
  if (decision.update) {
    codec::Value patch;
    patch["count"] = codec::Value(event.count);
    patch["lastTimestamp"] = codec::Value(event.lastTimestamp.str());
    patch["message"] = codec::Value(event.message);
    std::string body = codec::to_json(patch);
    Result<corev1::Event> patched = co_await rest.patch<corev1::Event>(
        context, event.metadata.namespace_, event.metadata.name, PatchType::kStrategic, body);
    // Events expire: the one that was counted up may be gone.
    if (patched.has_value() || !patched.error().is(reason::kNotFound)) co_return patched;
  }
  co_return co_await rest.create(context, event);
}

}  // namespace xebec::client
