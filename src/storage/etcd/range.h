// Ranges: reads of etcd's KV service. All of them are linearizable. Thread-safe.
#pragma once

#include "storage/etcd/client.h"
#include "storage/etcd/convert.h"

namespace xebec::storage::etcd {

class Ranges {
 public:
  // What is passed by reference outlives it.
  Ranges(Client& client, const KeyMap& keys, Duration timeout)
      : client_(client), keys_(keys), timeout_(timeout) {}

  Task<Result<GetResult>> get(std::string key, int64_t at_revision);
  // Read in pages of a few megabytes, whatever the limit is.
  Task<Result<RangeResult>> list(RangeOptions options);
  Task<Result<int64_t>> read_revision(Duration timeout);

 private:
  using RangeAnswer = std::shared_ptr<rpc::Answer<pb::RangeResponse>>;

  Task<Result<RangeAnswer>> range(std::shared_ptr<const pb::RangeRequest> request, Duration timeout);
  Task<Result<RangeResult>> list_once(const RangeOptions& options);
  pb::RangeRequest page_request(const RangeOptions& options) const;

  Client& client_;
  const KeyMap& keys_;
  const Duration timeout_;
};

}  // namespace xebec::storage::etcd
