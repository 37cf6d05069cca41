// One etcd server: its URL, its channel and the stubs on it.
#pragma once

#include <grpcpp/channel.h>

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "rpc.grpc.pb.h"
#include "storage/etcd/etcd_store.h"

namespace xebec::storage::etcd {

namespace pb = ::etcdserverpb;
using KvAsync = pb::KV::StubInterface::async_interface;
using LeaseAsync = pb::Lease::StubInterface::async_interface;

// Where a URL leads.
struct Target {
  std::string address;  // as gRPC names it: "host:port", "unix:/path"
  bool tls = false;
};

// `tls_by_default`: what a URL without a scheme means. Error: 400.
Result<Target> parse_server(const std::string& url, bool tls_by_default);

struct Endpoint {
  std::string url;
  std::shared_ptr<grpc::Channel> channel;
  std::unique_ptr<pb::KV::Stub> kv;
  std::unique_ptr<pb::Watch::Stub> watch;
  std::unique_ptr<pb::Lease::Stub> lease;
  std::unique_ptr<pb::Maintenance::Stub> maintenance;
};

// At least one. They connect when they are used. Error: 400, what is wrong with the options or their files.
Result<std::vector<std::shared_ptr<Endpoint>>> make_endpoints(const EtcdOptions& options);

}  // namespace xebec::storage::etcd
