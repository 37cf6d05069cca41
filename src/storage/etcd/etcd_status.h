// What an error of an etcd call means: whether the call was done, and the Status that says so.
#pragma once

#include "base/status.h"

namespace grpc {
class Status;
}

namespace xebec::storage::etcd {

enum class Outcome {
  kDone,
  kRefused,  // the server says no, and will say it again: nothing was done
  kNotDone,  // it reached no server, or one that could not begin: safe to repeat, elsewhere
  kUnknown,  // it may have been done, or may still be
};

Outcome outcome_of(const grpc::Status& status);

// Of kRefused: etcd's own words, as upstream passes them on.
Status refused(const grpc::Status& status);
// Of kNotDone and kUnknown, when a read gives up.
Status unavailable(const grpc::Status& status);
// Of kUnknown, for a write.
Status unknown(const grpc::Status& status);

// "required revision is a future revision": the caller knows the revision.
bool is_future_revision(const grpc::Status& status);
bool is_lease_not_found(const grpc::Status& status);

}  // namespace xebec::storage::etcd
