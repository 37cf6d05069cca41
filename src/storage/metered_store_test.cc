#include "storage/metered_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "storage/test_store.h"

namespace xebec::storage::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

// Only closed stores fail here.
TEST(MeteredStore, CountsWhatIsAskedByOperationAndResource) {
  MemoryOptions options;
  options.clock = std::make_shared<SystemClock>();
  std::unique_ptr<Store> memory = make_memory_store(std::move(options));
  Metrics metrics;
  const ResourceLabels pods{"", "pods"};
  auto labels_of = [&](std::string_view key) { return key.starts_with("/registry/pods/") ? &pods : nullptr; };
  std::unique_ptr<Store> store = make_metered_store(*memory, metrics, labels_of);

  const std::string key = "/registry/pods/default/a";
  Result<TxnResult> created = block_on(store->txn(cas_txn(key, 0, "1")));
  ASSERT_TRUE(created && created->succeeded);
  ASSERT_TRUE(block_on(store->txn(cas_txn(key, created->revision, "2"))));
  ASSERT_TRUE(block_on(store->get(key)));
  ASSERT_TRUE(block_on(store->list(RangeOptions::of_prefix("/registry/pods/"))));
  ASSERT_TRUE(block_on(store->get("/other")));
  Txn removal;
  removal.ops.push_back(Delete{key});
  ASSERT_TRUE(block_on(store->txn(std::move(removal))));
  EXPECT_EQ(store->current_revision(), memory->current_revision());
  const std::string text = metrics.text();
  for (const char* operation : {"create", "update", "get", "list", "delete"}) {
    const std::string labels =
        std::string("{group=\"\",operation=\"") + operation + "\",resource=\"pods\"} 1\n";
    EXPECT_THAT(text, AllOf(HasSubstr("etcd_requests_total" + labels),
                            HasSubstr("etcd_request_duration_seconds_count" + labels)));
  }
  EXPECT_THAT(text, HasSubstr("etcd_requests_total{group=\"\",operation=\"get\",resource=\"\"} 1\n"));

  block_on(store->close());
  EXPECT_FALSE(block_on(store->get(key)));
  EXPECT_THAT(metrics.text(),
              HasSubstr("etcd_request_errors_total{group=\"\",operation=\"get\",resource=\"pods\"} 1\n"));
}

}  // namespace
}  // namespace xebec::storage::testing
