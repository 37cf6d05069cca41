// Two API servers on one etcd: each sees the other's writes at once, watches go on at the other when one
// dies, and nothing is given out twice. And `xebec storage migrate`.
#include "api_servers.h"

#include <set>

namespace xebec::integration {
namespace {

using storage::testing::EtcdCluster;
using storage::testing::run_program;

class ApiServers : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!storage::testing::etcd_installed()) GTEST_SKIP() << storage::testing::kEtcdMissing;
    char name[] = "/tmp/xebec-servers-XXXXXX";
    dir_ = mkdtemp(name);
    etcd_ = std::make_unique<EtcdCluster>();
  }
  void TearDown() override {
    if (HasFailure()) {
      for (const auto& server : servers_) GTEST_LOG_(INFO) << server->said();
    }
    servers_.clear();
    std::error_code ignored;
    if (!dir_.empty()) std::filesystem::remove_all(dir_, ignored);
  }
  std::string etcd_flag() const { return "--etcd-servers=" + etcd_->url(0); }

  // Every server of the cluster has the first one's keys.
  ApiServer& add(std::vector<std::string> flags) {
    const std::string dir = dir_ + "/" + std::to_string(servers_.size());
    if (!servers_.empty()) {
      std::filesystem::create_directories(dir);
      std::filesystem::copy(servers_[0]->dir() + "/pki", dir + "/pki",
                            std::filesystem::copy_options::recursive);
    }
    return *servers_.emplace_back(std::make_unique<ApiServer>(dir, std::move(flags)));
  }
  void start_two() {
    add({etcd_flag()}).start();
    servers_[0]->await_ready();
    add({etcd_flag()}).start();
    servers_[1]->await_ready();
  }
  ApiServer& a() { return *servers_[0]; }
  ApiServer& b() { return *servers_[1]; }

  static corev1::ConfigMap config_map(const std::string& name, const std::string& value = "1") {
    corev1::ConfigMap map;
    map.metadata.name = name;
    map.metadata.namespace_ = "default";
    map.data["value"] = value;
    return map;
  }
  static Result<corev1::ConfigMap> read_map(ApiServer& server, const std::string& name) {
    return block_on(server.rest().get<corev1::ConfigMap>(Context(), "default", name));
  }
  static corev1::Service service(const std::string& name) {
    corev1::Service out;
    out.metadata.name = name;
    out.metadata.namespace_ = "default";
    out.spec.type = "NodePort";
    out.spec.ports.emplace_back().port = 80;
    return out;
  }

  std::string dir_;
  std::unique_ptr<EtcdCluster> etcd_;
  std::vector<std::unique_ptr<ApiServer>> servers_;
};

TEST_F(ApiServers, EachSeesTheOthersWritesAtOnce) {
  start_two();
  for (int i = 0; i < 20; ++i) {
    ApiServer& writer = i % 2 == 0 ? a() : b();
    ApiServer& reader = i % 2 == 0 ? b() : a();
    const std::string name = "m" + std::to_string(i);
    auto made = block_on(writer.rest().create(Context(), config_map(name)));
    ASSERT_TRUE(made) << made.error().message;
    auto seen = read_map(reader, name);
    ASSERT_TRUE(seen) << seen.error().message;
    EXPECT_EQ(seen->metadata.resourceVersion, made->metadata.resourceVersion);
    seen->data["value"] = "2";
    auto updated = block_on(reader.rest().update(Context(), *seen));
    ASSERT_TRUE(updated) << updated.error().message;
    made->data["value"] = "3";
    auto stale = block_on(writer.rest().update(Context(), *made));
    ASSERT_FALSE(stale);
    EXPECT_EQ(stale.error().code, 409);
    auto list = block_on(writer.rest().list<corev1::ConfigMap>(Context(), "default"));
    ASSERT_TRUE(list);
    EXPECT_EQ(std::ranges::count_if(list->items, [](const auto& m) { return m.data.contains("value"); }),
              i + 1);
  }
  EXPECT_NE(etcd_->ctl({"get", "/registry/configmaps/default/m0"}).find("k8s"), std::string::npos);
}

TEST_F(ApiServers, TwoThatStartAtOnceMakeOneCluster) {
  add({etcd_flag()}).start();
  a().until("keys", [&] { return std::filesystem::exists(a().dir() + "/pki/sa.key"); });
  a().until("its own certificate", [&] { return std::filesystem::exists(a().dir() + "/admin.conf"); });
  add({etcd_flag()}).start();
  a().await_ready();
  b().await_ready();
  for (ApiServer* server : {&a(), &b()}) {
    auto kubernetes = block_on(server->rest().get<corev1::Service>(Context(), "default", "kubernetes"));
    ASSERT_TRUE(kubernetes) << kubernetes.error().message;
    EXPECT_EQ(kubernetes->spec.clusterIP, "10.97.0.1");
  }
}

// A client whose server dies goes on at the other one, from the last resourceVersion it has seen.
TEST_F(ApiServers, AWatchGoesOnAtTheOtherServer) {
  start_two();
  auto list = block_on(a().rest().list<corev1::ConfigMap>(Context(), "default"));
  ASSERT_TRUE(list);
  std::string last = list->resource_version;
  std::vector<std::string> seen;
  auto follow = [&](ApiServer& server, size_t until) {
    client::WatchOptions options;
    options.resource_version = last;
    auto stream = block_on(server.rest().watch<corev1::ConfigMap>(Context(), "default", options));
    ASSERT_TRUE(stream) << stream.error().message;
    while (seen.size() < until) {
      auto event = block_on((*stream)->next());
      ASSERT_TRUE(event) << event.error().message;
      ASSERT_TRUE(*event);
      last = (*event)->object.meta()->resourceVersion;
      if ((*event)->type != client::WatchType::kBookmark) seen.push_back((*event)->object.meta()->name);
    }
  };
  for (int i = 0; i < 5; ++i)
    ASSERT_TRUE(block_on(a().rest().create(Context(), config_map(std::to_string(i)))));
  follow(a(), 5);
  a().kill();
  for (int i = 5; i < 10; ++i)
    ASSERT_TRUE(block_on(b().rest().create(Context(), config_map(std::to_string(i)))));
  follow(b(), 10);
  a().start();
  a().await_ready();
  b().kill();
  for (int i = 10; i < 15; ++i)
    ASSERT_TRUE(block_on(a().rest().create(Context(), config_map(std::to_string(i)))));
  follow(a(), 15);
  std::vector<std::string> expected;
  for (int i = 0; i < 15; ++i) expected.push_back(std::to_string(i));
  EXPECT_EQ(seen, expected);
}

TEST_F(ApiServers, EtcdMayRestartBelowThem) {
  start_two();
  ASSERT_TRUE(block_on(a().rest().create(Context(), config_map("before"))));
  etcd_->kill(0);
  a().until("etcd is missed",
            [&] { return a().read("/readyz").find("[-]etcd failed: reason withheld") != std::string::npos; });
  etcd_->start(0);
  etcd_->await(0);
  a().until("writes",
            [&] { return block_on(a().rest().create(Context(), config_map("after"))).has_value(); });
  b().until("reads", [&] { return read_map(b(), "after").has_value(); });
  EXPECT_TRUE(read_map(b(), "before"));
  a().until("readiness", [&] { return a().read("/readyz") == "ok"; });
}

TEST_F(ApiServers, NoAddressAndNoPortIsGivenOutTwice) {
  start_two();
  constexpr int kServices = 40;
  auto create_all = [](ApiServer& server, const std::string& prefix) {
    for (int i = 0; i < kServices; ++i) {
      auto made = block_on(server.rest().create(Context(), service(prefix + std::to_string(i))));
      EXPECT_TRUE(made) << made.error().message;
    }
  };
  {
    std::jthread one([&] { create_all(a(), "a"); });
    std::jthread other([&] { create_all(b(), "b"); });
  }
  auto all = block_on(a().rest().list<corev1::Service>(Context(), "default"));
  ASSERT_TRUE(all);
  std::set<std::string> addresses;
  std::set<int32_t> ports;
  for (const corev1::Service& s : all->items) {
    EXPECT_TRUE(addresses.insert(s.spec.clusterIP).second) << s.spec.clusterIP;
    for (const corev1::ServicePort& p : s.spec.ports) {
      if (p.nodePort == 0) continue;
      EXPECT_TRUE(ports.insert(p.nodePort).second) << p.nodePort;
    }
  }
  EXPECT_EQ(addresses.size(), 2 * kServices + 1u);
  // A chosen address that the other server has given out is refused, and free again when that is gone.
  corev1::Service taken = service("taken");
  auto other = block_on(a().rest().get<corev1::Service>(Context(), "default", "a0"));
  ASSERT_TRUE(other);
  taken.spec.clusterIP = other->spec.clusterIP;
  auto refused = block_on(b().rest().create(Context(), taken));
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("provided IP is already allocated"), std::string::npos)
      << refused.error().message;
  ASSERT_TRUE(block_on(a().rest().delete_<corev1::Service>(Context(), "default", "a0")));
  auto now = block_on(b().rest().create(Context(), taken));
  EXPECT_TRUE(now) << now.error().message;
}

TEST_F(ApiServers, WithoutEtcdTheySayWhy) {
  etcd_->kill(0);
  ApiServer& server = add({etcd_flag()});
  server.start();
  EXPECT_NE(server.wait(), 0);
  EXPECT_NE(server.said().find("etcd is not available"), std::string::npos) << server.said();
}

TEST_F(ApiServers, ADirectoryMovesToEtcdAndBack) {
  ApiServer& local = add({});
  local.start();
  local.await_ready();
  auto made = block_on(local.rest().create(Context(), config_map("moved", "x")));
  ASSERT_TRUE(made);
  EXPECT_EQ(local.stop(), 0);
  bool ok = false;
  auto migrate = [&](const std::string& from, const std::string& to) {
    return run_program({XEBEC_BINARY, "storage", "migrate", "--from=" + from, "--to=" + to}, &ok);
  };
  std::string output = migrate(local.dir(), etcd_->url(0));
  ASSERT_TRUE(ok) << output;
  output = migrate(local.dir(), etcd_->url(0));
  EXPECT_FALSE(ok);
  EXPECT_NE(output.find("the target is not empty"), std::string::npos) << output;

  ApiServer& shared = add({etcd_flag()});
  shared.start();
  shared.await_ready();
  auto moved = read_map(shared, "moved");
  ASSERT_TRUE(moved) << moved.error().message;
  EXPECT_EQ(moved->metadata.uid, made->metadata.uid);
  EXPECT_GT(std::stoll(moved->metadata.resourceVersion), std::stoll(made->metadata.resourceVersion));
  EXPECT_EQ(shared.stop(), 0);

  const std::string back = dir_ + "/back";
  output = migrate(etcd_->url(0), back);
  ASSERT_TRUE(ok) << output;
  std::filesystem::copy(local.dir() + "/pki", back + "/pki", std::filesystem::copy_options::recursive);
  ApiServer again(back, {});
  again.start();
  again.await_ready();
  moved = read_map(again, "moved");
  ASSERT_TRUE(moved) << moved.error().message;
  EXPECT_EQ(moved->data["value"], "x");
}

}  // namespace
}  // namespace xebec::integration
