// What the engine decides without an etcd: keys, servers, what errors mean, how messages become batches, when
// a lease is used again.
#include <grpcpp/support/status.h>

#include "storage/etcd/endpoint.h"
#include "storage/etcd/etcd_status.h"
#include "storage/etcd/event_source.h"
#include "storage/etcd/lease_manager.h"
#include "storage/test_store.h"

namespace xebec::storage::etcd {
namespace {

using storage::testing::text;
using ::testing::ElementsAre;

TEST(KeyMap, LeavesUpstreamsOwnPrefixAlone) {
  KeyMap keys("/registry");
  EXPECT_EQ(keys.to_etcd("/registry/pods/a/b"), "/registry/pods/a/b");
  EXPECT_EQ(keys.from_etcd("/other/x"), "/other/x");
  EXPECT_EQ(keys.root(), "/registry/");
}

TEST(KeyMap, NormalisesThePrefixAsUpstream) {
  EXPECT_EQ(KeyMap("registry/").root(), "/registry/");
  EXPECT_EQ(KeyMap("//a//b/").root(), "/a/b/");
  EXPECT_EQ(KeyMap("/").root(), "/");
}

TEST(KeyMap, PutsAnotherPrefixInPlaceOfRegistry) {
  KeyMap keys("/kubernetes.io");
  EXPECT_EQ(keys.to_etcd("/registry/pods/a/b"), "/kubernetes.io/pods/a/b");
  EXPECT_EQ(keys.to_etcd("/registryx/a"), "/registryx/a");
  EXPECT_EQ(keys.to_etcd("compact_rev_key"), "compact_rev_key");
  EXPECT_EQ(keys.end_to_etcd(prefix_end("/registry/")), prefix_end("/kubernetes.io/"));
  EXPECT_EQ(keys.end_to_etcd(prefix_end("/registry/pods/")), prefix_end("/kubernetes.io/pods/"));
  EXPECT_EQ(keys.from_etcd("/kubernetes.io/pods/a/b"), "/registry/pods/a/b");
  EXPECT_EQ(keys.from_etcd("/registry/pods/a/b"), std::nullopt) << "another cluster's";
  EXPECT_EQ(KeyMap("/").to_etcd("/registry/pods/a"), "/pods/a");
}

std::string target(const std::string& url, bool tls_by_default = false) {
  Result<Target> parsed = parse_server(url, tls_by_default);
  if (!parsed) return parsed.error().message;
  return (parsed->tls ? "tls " : "") + parsed->address;
}

TEST(Servers, AreUrlsWithOrWithoutSchemeAndPort) {
  EXPECT_EQ(target("http://127.0.0.1:2379"), "127.0.0.1:2379");
  EXPECT_EQ(target("https://etcd-0.example:2379/"), "tls etcd-0.example:2379");
  EXPECT_EQ(target("https://[::1]"), "tls [::1]:2379");
  EXPECT_EQ(target("localhost:4001", true), "tls localhost:4001");
  EXPECT_EQ(target("unix:///run/etcd.sock"), "unix:/run/etcd.sock");
}

TEST(Servers, ThatMakeNoSenseAreRefused) {
  EXPECT_EQ(target("ftp://x:1"), "--etcd-servers: \"ftp://x:1\": the scheme must be http, https or unix");
  EXPECT_EQ(target("http://"), "--etcd-servers: \"http://\": the host is missing");
  EXPECT_EQ(target("http://a:b"), "--etcd-servers: \"http://a:b\": the port is not a number");
  EXPECT_EQ(target("http://a:1/v2"), "--etcd-servers: \"http://a:1/v2\": must be a host and a port");
  EtcdOptions options;
  EXPECT_EQ(make_endpoints(options).error().message, "--etcd-servers must be specified");
  options.servers = {"https://127.0.0.1:1"};
  options.cert_file = "/nowhere";
  EXPECT_EQ(make_endpoints(options).error().message,
            "--etcd-certfile and --etcd-keyfile must be given together");
  options.key_file = "/nowhere";
  EXPECT_EQ(make_endpoints(options).error().message, "--etcd-certfile: cannot read /nowhere");
}

Outcome outcome(grpc::StatusCode code, const std::string& message) {
  return outcome_of(grpc::Status(code, message));
}

TEST(Outcomes, OfWritesAreKnownOnlyWhenNothingWasProposed) {
  using grpc::StatusCode;
  EXPECT_EQ(outcome(StatusCode::OK, ""), Outcome::kDone);
  EXPECT_EQ(outcome(StatusCode::UNAVAILABLE, "failed to connect to all addresses; last error: x"),
            Outcome::kNotDone);
  EXPECT_EQ(outcome(StatusCode::UNAVAILABLE, "etcdserver: no leader"), Outcome::kNotDone);
  EXPECT_EQ(outcome(StatusCode::UNAVAILABLE, "etcdserver: request timed out"), Outcome::kUnknown);
  EXPECT_EQ(outcome(StatusCode::UNAVAILABLE, "etcdserver: leader changed"), Outcome::kUnknown);
  EXPECT_EQ(outcome(StatusCode::UNAVAILABLE, "Socket closed"), Outcome::kUnknown);
  EXPECT_EQ(outcome(StatusCode::DEADLINE_EXCEEDED, "Deadline Exceeded"), Outcome::kUnknown);
  EXPECT_EQ(outcome(StatusCode::RESOURCE_EXHAUSTED, "etcdserver: mvcc: database space exceeded"),
            Outcome::kRefused);
  EXPECT_EQ(outcome(StatusCode::RESOURCE_EXHAUSTED, "Received message larger than max"), Outcome::kUnknown);
  EXPECT_EQ(outcome(StatusCode::INVALID_ARGUMENT, "etcdserver: request is too large"), Outcome::kRefused);
}

TEST(Outcomes, RefusalsKeepEtcdsWords) {
  grpc::Status space(grpc::StatusCode::RESOURCE_EXHAUSTED, "etcdserver: mvcc: database space exceeded");
  EXPECT_EQ(refused(space).code, 500);
  EXPECT_EQ(refused(space).message, "etcdserver: mvcc: database space exceeded");
  EXPECT_EQ(refused({grpc::StatusCode::INVALID_ARGUMENT, "etcdserver: request is too large"}).code, 413);
  EXPECT_EQ(
      refused({grpc::StatusCode::OUT_OF_RANGE, "etcdserver: mvcc: required revision has been compacted"}),
      compacted());
}

void add(pb::WatchResponse& message, const std::string& key, int64_t revision) {
  mvccpb::Event& event = *message.add_events();
  event.mutable_kv()->set_key(key);
  event.mutable_kv()->set_value("v");
  event.mutable_kv()->set_mod_revision(revision);
}

pb::WatchResponse message(int64_t store_revision, std::vector<int64_t> revisions, bool fragment = false) {
  pb::WatchResponse out;
  out.mutable_header()->set_revision(store_revision);
  out.set_fragment(fragment);
  for (int64_t revision : revisions) add(out, "k" + std::to_string(revision), revision);
  return out;
}

TEST(BatchAssembler, PutsFragmentsTogether) {
  KeyMap keys("/registry");
  BatchAssembler assembler(keys, true, 5);
  auto part = assembler.add(message(9, {5, 6}, true));
  ASSERT_TRUE(part);
  EXPECT_FALSE(*part);
  auto whole = assembler.add(message(9, {6, 7}));
  ASSERT_TRUE(whole && *whole);
  EXPECT_EQ((*whole)->revision, 7) << "the store is ahead of the events";
  EXPECT_EQ((*whole)->events.size(), 4u);
  EXPECT_EQ(text(*(*whole)->events[3]), "put k7=v@7 was <none>");
}

TEST(BatchAssembler, AGapMeansThatEventsWereCompacted) {
  KeyMap keys("/registry");
  BatchAssembler assembler(keys, true, 5);
  ASSERT_TRUE(assembler.add(message(6, {5, 6})));
  auto gap = assembler.add(message(9, {8}));
  ASSERT_FALSE(gap);
  EXPECT_EQ(gap.error(), compacted());
  EXPECT_EQ(assembler.compact_revision(), 8);
  BatchAssembler of_prefix(keys, false, 5);
  EXPECT_TRUE(of_prefix.add(message(9, {8}))) << "the revisions between are of other keys";
}

TEST(BatchAssembler, OnlyAWatchOfOnePrefixTakesEtcdsWordForProgress) {
  KeyMap keys("/registry");
  BatchAssembler everything(keys, true, 5);
  EXPECT_EQ(*everything.add(message(9, {})), std::nullopt) << "it could be ahead of events";
  BatchAssembler of_prefix(keys, false, 5);
  auto progress = of_prefix.add(message(9, {}));
  ASSERT_TRUE(progress && *progress);
  EXPECT_EQ((*progress)->revision, 9);
}

TEST(BatchAssembler, HidesWhatOthersWrite) {
  KeyMap keys("/mine");
  BatchAssembler assembler(keys, true, 5);
  pb::WatchResponse both;
  add(both, "/registry/pods/a", 5);
  add(both, "/mine/pods/a", 6);
  add(both, "/registry/pods/b", 7);
  auto batch = assembler.add(std::move(both));
  ASSERT_TRUE(batch && *batch);
  EXPECT_EQ((*batch)->revision, 7);
  ASSERT_EQ((*batch)->events.size(), 1u);
  EXPECT_EQ((*batch)->events[0]->kv.key, "/registry/pods/a");
}

TEST(BatchAssembler, TellsWhereACompactedWatchCanBegin) {
  KeyMap keys("/registry");
  BatchAssembler assembler(keys, true, 5);
  pb::WatchResponse cancelled;
  cancelled.set_canceled(true);
  cancelled.set_created(true);
  cancelled.set_compact_revision(20);
  EXPECT_EQ(assembler.add(std::move(cancelled)).error(), compacted());
  EXPECT_EQ(assembler.compact_revision(), 20);
}

struct Grants {
  std::vector<int64_t> ttls;
  LeaseManager::Grant grant() {
    return [this](int64_t ttl) -> Task<Result<int64_t>> {
      ttls.push_back(ttl);
      co_return static_cast<int64_t>(ttls.size());
    };
  }
};

int64_t lease(LeaseManager& leases, int64_t ttl) {
  Result<int64_t> id = block_on(leases.lease_for(ttl));
  return id ? *id : 0;
}

TEST(LeaseManager, KeysOfOneTtlShareALeaseThatLastsALittleLonger) {
  Grants grants;
  LeaseManager leases(grants.grant(), 60, 1000);
  EXPECT_EQ(lease(leases, 3600), 1);
  EXPECT_EQ(lease(leases, 3600), 1);
  EXPECT_EQ(lease(leases, 3610), 1) << "it lasts long enough, and not too long";
  EXPECT_EQ(lease(leases, 3500), 2) << "it would last too long";
  EXPECT_EQ(lease(leases, 3600), 3) << "it would end too early";
  EXPECT_EQ(lease(leases, 100), 4);
  EXPECT_THAT(grants.ttls, ElementsAre(3660, 3560, 3660, 105));
}

TEST(LeaseManager, ALeaseHasSoManyKeys) {
  Grants grants;
  LeaseManager leases(grants.grant(), 60, 2);
  EXPECT_EQ(lease(leases, 3600), 1);
  EXPECT_EQ(lease(leases, 3600), 1);
  EXPECT_EQ(lease(leases, 3600), 2);
}

TEST(LeaseManager, ALeaseThatEtcdForgotIsNotUsedAgain) {
  Grants grants;
  LeaseManager leases(grants.grant(), 60, 1000);
  EXPECT_EQ(lease(leases, 3600), 1);
  block_on(leases.forget(7));
  EXPECT_EQ(lease(leases, 3600), 1);
  block_on(leases.forget(1));
  EXPECT_EQ(lease(leases, 3600), 2);
}

}  // namespace
}  // namespace xebec::storage::etcd
