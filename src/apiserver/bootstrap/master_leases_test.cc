#include "apiserver/bootstrap/master_leases.h"

#include <gmock/gmock.h>

#include "api/gen/discoveryv1.h"
#include "apiserver/registry/test_server.h"

namespace xebec::apiserver {
namespace {

using ::testing::ElementsAre;

class MasterLeasesTest : public ::testing::Test {
 protected:
  MasterLeases leases(const std::string& address) {
    ClusterFacts facts;
    facts.advertise_address = address;
    return MasterLeases(*server_.store, *server_.registries, facts, Logger());
  }
  std::vector<std::string> endpoints() {
    std::vector<std::string> out;
    Result<EntryPtr> entry = server_.get(server_.registry("", "endpoints"), "default", "kubernetes");
    if (!entry) return {entry.error().message};
    auto object = (*entry)->object();
    for (const auto& address : (*object)->get<corev1::Endpoints>().subsets.at(0).addresses)
      out.push_back(address.ip);
    return out;
  }
  void SetUp() override {
    corev1::Namespace ns;
    ns.metadata.name = "default";
    ASSERT_TRUE(server_.create(server_.registry("", "namespaces"), "", api::Object::of(std::move(ns))));
  }

  testing::TestServer server_;
};

TEST_F(MasterLeasesTest, TheServiceLeadsToEveryServerThatIsAlive) {
  MasterLeases a = leases("192.0.2.1"), b = leases("192.0.2.2");
  ASSERT_TRUE(server_.run(a.reconcile()));
  EXPECT_THAT(endpoints(), ElementsAre("192.0.2.1"));
  ASSERT_TRUE(server_.run(b.reconcile()));
  EXPECT_THAT(endpoints(), ElementsAre("192.0.2.1", "192.0.2.2"));
  // One that does not come back is left out when its time is over.
  server_.executor.run_for(std::chrono::seconds(10));
  ASSERT_TRUE(server_.run(b.reconcile()));
  EXPECT_THAT(endpoints(), ElementsAre("192.0.2.1", "192.0.2.2"));
  server_.executor.run_for(std::chrono::seconds(10));
  ASSERT_TRUE(server_.run(b.reconcile()));
  EXPECT_THAT(endpoints(), ElementsAre("192.0.2.2"));
}

}  // namespace
}  // namespace xebec::apiserver
