#include "kubelet/cri/event_stream.h"

#include <fmt/format.h>

namespace xebec::cri {
namespace {

namespace events = containerd::services::events::v1;

int64_t nanoseconds(const google::protobuf::Timestamp& time) {
  return time.seconds() * 1'000'000'000 + time.nanos();
}

// Nothing for what is not about a container's first process.
std::optional<Event> decode(const events::Envelope& envelope) {
  Event event;
  event.at = nanoseconds(envelope.timestamp());
  const std::string& bytes = envelope.event().value();
  if (envelope.topic() == "/tasks/start") {
    events::TaskStart task;
    if (!task.ParseFromString(bytes)) return std::nullopt;
    event.type = Event::Type::kStarted;
    event.container_id = task.container_id();
    event.pid = task.pid();
  } else if (envelope.topic() == "/tasks/exit") {
    events::TaskExit task;
    if (!task.ParseFromString(bytes) || task.id() != task.container_id()) return std::nullopt;
    event.type = Event::Type::kExited;
    event.container_id = task.container_id();
    event.pid = task.pid();
    event.exit_code = task.exit_status();
    event.at = nanoseconds(task.exited_at());
  } else if (envelope.topic() == "/tasks/oom") {
    events::TaskOom task;
    if (!task.ParseFromString(bytes)) return std::nullopt;
    event.type = Event::Type::kOom;
    event.container_id = task.container_id();
  } else if (envelope.topic() == "/tasks/delete") {
    events::TaskDelete task;
    bool first = task.ParseFromString(bytes) && (task.id().empty() || task.id() == task.container_id());
    if (!first) return std::nullopt;
    event.type = Event::Type::kDeleted;
    event.container_id = task.container_id();
    event.pid = task.pid();
    event.exit_code = task.exit_status();
  } else {
    return std::nullopt;
  }
  return event;
}

}  // namespace

class EventStream::Reactor final : public grpc::ClientReadReactor<events::Envelope> {
 public:
  Reactor(std::shared_ptr<EventStream> stream, std::shared_ptr<grpc::Channel> channel,
          std::shared_ptr<rpc::InFlight> in_flight)
      : stream_(std::move(stream)),
        stub_(events::Events::NewStub(channel)),
        channel_(std::move(channel)),
        in_flight_(std::move(in_flight)) {}

  // Keeps itself alive until OnDone.
  static void start(std::shared_ptr<Reactor> self, const std::string& name_space) {
    if (!self->in_flight_->add(&self->context_)) {
      self->stream_->queue_.push(fail(errors::cancelled()));
      return;
    }
    for (const char* topic : {"/tasks/start", "/tasks/exit", "/tasks/oom", "/tasks/delete"}) {
      self->request_.add_filters(fmt::format("namespace==\"{}\",topic==\"{}\"", name_space, topic));
    }
    Reactor& reactor = *self;
    reactor.self_ = std::move(self);
    reactor.stub_->async()->Subscribe(&reactor.context_, &reactor.request_, &reactor);
    reactor.StartRead(&reactor.envelope_);
    reactor.StartCall();
  }

  void OnReadDone(bool ok) override {
    if (!ok) return;  // OnDone follows
    std::optional<Event> event = decode(envelope_);
    if (event && stream_->queue_.size() >= kCapacity) {
      context_.TryCancel();
      overflowed_ = true;
    } else if (event) {
      stream_->queue_.push(std::move(*event));
    }
    envelope_.Clear();
    StartRead(&envelope_);
  }

  void OnDone(const grpc::Status& status) override {
    in_flight_->remove(&context_);
    if (overflowed_) {
      stream_->queue_.push(fail(rpc_error(8, "lifecycle events were not read in time")));
    } else if (status.ok()) {
      stream_->queue_.push(fail(rpc_error(14, "the event stream ended")));
    } else {
      stream_->queue_.push(fail(to_status(status)));
    }
    std::shared_ptr<Reactor> self = std::move(self_);
  }

 private:
  std::shared_ptr<EventStream> stream_;
  std::unique_ptr<events::Events::Stub> stub_;
  std::shared_ptr<grpc::Channel> channel_;
  std::shared_ptr<rpc::InFlight> in_flight_;
  grpc::ClientContext context_;
  events::SubscribeRequest request_;
  events::Envelope envelope_;
  bool overflowed_ = false;
  std::shared_ptr<Reactor> self_;
};

std::shared_ptr<EventStream> EventStream::open(std::shared_ptr<grpc::Channel> channel,
                                               std::shared_ptr<rpc::InFlight> in_flight,
                                               const std::string& name_space) {
  auto stream = std::make_shared<EventStream>();
  stream->queue_.push(Event{.type = Event::Type::kSubscribed});
  Reactor::start(std::make_shared<Reactor>(stream, std::move(channel), std::move(in_flight)), name_space);
  return stream;
}

Task<Result<Event>> EventStream::next() {
  std::optional<Result<Event>> item = co_await queue_.pop();
  co_return std::move(*item);  // the queue is never closed
}

}  // namespace xebec::cri
