// EventSource: etcd's events from a revision on, as batches of whole revisions. It ends with its stream.
#pragma once

#include <memory>

#include "storage/etcd/client.h"
#include "storage/etcd/convert.h"
#include "storage/etcd/watch_stream.h"

namespace xebec::storage::etcd {

// Which of etcd's keys a watch covers.
struct WatchRange {
  std::string start, end;
  bool everything = false;  // every key: every revision has an event
};

// Puts the messages of one watch together. Not thread-safe.
class BatchAssembler {
 public:
  BatchAssembler(const KeyMap& keys, bool everything, int64_t from_revision)
      : keys_(keys), everything_(everything), next_(from_revision) {}

  // What the message completes: events, or progress; nothing when more must come. Error: the watch is over,
  // compacted() when events that it asked for are gone: also when there is a gap where every revision has an
  // event (etcd before 3.4.34 and 3.5.16 forgets a delete at the very revision of a compaction).
  Result<std::optional<WatchBatch>> add(pb::WatchResponse response);
  // After compacted(): the first revision that a watch can begin with.
  int64_t compact_revision() const { return compact_revision_; }

 private:
  Result<void> add_event(mvccpb::Event& event);

  const KeyMap& keys_;
  const bool everything_;
  int64_t next_;                                      // the revision after that of the last event
  std::vector<std::shared_ptr<const Event>> events_;  // of fragments
  bool any_ = false;                                  // events, others' included
  int64_t compact_revision_ = 0;
};

class EventSource {
 public:
  EventSource(std::shared_ptr<Endpoint> endpoint, const std::shared_ptr<rpc::InFlight>& in_flight,
              const KeyMap& keys, const WatchRange& range, int64_t from_revision);

  // As BatchAssembler::add, and the errors of a stream.
  Task<Result<WatchBatch>> next();
  int64_t compact_revision() const { return assembler_.compact_revision(); }
  const std::shared_ptr<Endpoint>& endpoint() const { return endpoint_; }
  const std::shared_ptr<WatchStream>& stream() const { return stream_; }

 private:
  const std::shared_ptr<Endpoint> endpoint_;
  std::shared_ptr<WatchStream> stream_;
  BatchAssembler assembler_;
};

}  // namespace xebec::storage::etcd
