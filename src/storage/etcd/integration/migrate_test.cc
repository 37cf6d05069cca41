// From a directory to etcd and back; what etcd then holds is read by etcdctl.
#include <fstream>

#include "storage/etcd/etcd_store.h"
#include "storage/etcd/testing/etcd_cluster.h"
#include "storage/migrate.h"
#include "storage/test_store.h"

namespace xebec::storage::testing {
namespace {

std::map<std::string, std::string> contents(Store& store) {
  std::map<std::string, std::string> out;
  Result<RangeResult> all = block_on(store.list(RangeOptions::of_prefix("/registry/")));
  EXPECT_TRUE(all);
  for (const KeyValue& kv : all->kvs) out[kv.key] = *kv.value;
  return out;
}

// The conformance vectors of upstream's storage format, by key; empty where they are absent.
std::map<std::string, std::string> vectors(const TempDir& dir) {
  const std::string archive = std::string(XEBEC_SHARED_DATA) + "/facts/vectors/v1.36.tar.zst";
  std::map<std::string, std::string> out;
  if (!std::filesystem::exists(archive)) return out;
  bool ok = false;
  const std::string unpacked = dir.path("vectors");
  std::filesystem::create_directory(unpacked);
  const std::string output =
      run_program({"sh", "-c", fmt::format("zstd -dc --long=27 {} | tar -x -C {}", archive, unpacked)}, &ok);
  EXPECT_TRUE(ok) << output;
  for (const auto& file : std::filesystem::recursive_directory_iterator(unpacked)) {
    if (file.path().extension() != ".pb") continue;
    std::ifstream in(file.path(), std::ios::binary);
    out["/registry/" + file.path().stem().string() + "/x"] =
        std::string(std::istreambuf_iterator<char>(in), {});
  }
  return out;
}

Result<MigrationResult> move_all(Store& from, Store& to) {
  MigrationOptions options;
  options.source_name = "there";
  return block_on(migrate(from, to, std::move(options)));
}

TEST(MigrateEtcd, ADirectoryGoesToEtcdAndBackByteForByte) {
  if (!etcd_installed()) GTEST_SKIP() << kEtcdMissing;
  TempDir dir;
  auto from = *open_rocksdb(rocksdb_options(dir.path("from")));
  std::map<std::string, std::string> objects = vectors(dir);
  objects["/registry/configmaps/default/bytes"] = std::string("k8s\0\x0a\xff\0", 7);
  for (const auto& [key, value] : objects) ASSERT_TRUE(block_on(from->txn(put_txn(key, value))));
  for (int i = 0; i < 500; ++i)
    ASSERT_TRUE(block_on(from->txn(put_txn("/registry/pods/p", std::to_string(i)))));
  objects["/registry/pods/p"] = "499";

  EtcdCluster cluster;
  EtcdOptions etcd;
  etcd.servers = cluster.urls();
  auto middle = *block_on(open_etcd(etcd));
  Result<MigrationResult> there = move_all(*from, *middle);
  ASSERT_TRUE(there) << there.error().message;
  EXPECT_EQ(there->keys, static_cast<int64_t>(objects.size()));
  EXPECT_GT(there->to_revision, there->from_revision);
  for (const auto& [key, value] : objects) {
    ASSERT_EQ(cluster.ctl({"get", key, "--print-value-only"}), value + "\n") << key;
  }
  EXPECT_EQ(cluster.ctl({"get", "", "--prefix", "--keys-only"}).find("xebec"), std::string::npos);

  auto back = *open_rocksdb(rocksdb_options(dir.path("back")));
  Result<MigrationResult> again = move_all(*middle, *back);
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_GT(again->to_revision, there->to_revision);
  EXPECT_EQ(contents(*back), objects);
  if (objects.size() < 100) GTEST_SKIP() << "without the conformance vectors";
}

}  // namespace
}  // namespace xebec::storage::testing
