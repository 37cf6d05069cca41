// DELETE and DELETECOLLECTION as clients see them: preconditions, what becomes of dependents, Pods' grace,
// and what cannot be read.
#include <gmock/gmock.h>

#include "apiserver/test_api.h"

namespace xebec::apiserver::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

const std::string kMaps = "/api/v1/namespaces/default/configmaps";
const std::string kPods = "/api/v1/namespaces/default/pods";
const std::string kSets = "/apis/apps/v1/namespaces/default/replicasets";

class Deleting : public ::testing::Test {
 protected:
  std::pair<int, codec::Value> remove(const std::string& target, const std::string& options = "",
                                      const std::string& user = "admin") {
    return api_.call({"DELETE", target, options, {}, user});
  }
  void expect_refused(const std::string& target, const std::string& options, int status,
                      const std::string& message) {
    auto [code, body] = remove(target, options);
    EXPECT_EQ(code, status) << options;
    EXPECT_EQ(at(body, {"message"}), message) << options;
  }
  void make_pod(const std::string& name, const std::string& node, const std::string& more = "") {
    auto [status, made] = api_.call({"POST", kPods,
                                     R"({"metadata":{"name":")" + name + R"("},"spec":{"nodeName":")" + node +
                                         "\"" + more + R"(,"containers":[{"name":"c","image":"i"}]}})"});
    ASSERT_EQ(status, 201) << codec::to_json(made);
  }
  codec::Value get(const std::string& target) { return api_.call({"GET", target}).second; }
  TestApi api_;
};

TEST_F(Deleting, TellsWhatIsGone) {
  api_.create_map("a");
  const std::string uid = at(get(kMaps + "/a"), {"metadata", "uid"});
  auto [status, gone] = remove(kMaps + "/a");
  EXPECT_EQ(status, 200);
  EXPECT_EQ(codec::to_json(gone), R"({"apiVersion":"v1","details":{"kind":"configmaps","name":"a","uid":")" +
                                      uid + R"("},"kind":"Status","metadata":{},"status":"Success"})");
  expect_refused(kMaps + "/a", "", 404, "configmaps \"a\" not found");
}

TEST_F(Deleting, KeepsToItsPreconditions) {
  api_.create_map("a");
  const codec::Value map = get(kMaps + "/a");
  const std::string uid = at(map, {"metadata", "uid"}), version = at(map, {"metadata", "resourceVersion"});
  expect_refused(
      kMaps + "/a", R"({"preconditions":{"uid":"other"}})", 409,
      "Operation cannot be fulfilled on ConfigMap \"a\": the UID in the precondition (other) does not match "
      "the UID in record (" +
          uid + "). The object might have been deleted and then recreated");
  expect_refused(
      kMaps + "/a", R"({"preconditions":{"resourceVersion":"1"}})", 409,
      "Operation cannot be fulfilled on ConfigMap \"a\": the ResourceVersion in the precondition (1) does "
      "not match the ResourceVersion in record (" +
          version + "). The object might have been modified");
  EXPECT_EQ(remove(kMaps + "/a",
                   R"({"preconditions":{"uid":")" + uid + R"(","resourceVersion":")" + version + "\"}}")
                .first,
            200);
}

TEST_F(Deleting, LeavesDependentsToTheCollectorAsItIsTold) {
  auto finalizers_after = [this](const std::string& name, const std::string& options) {
    api_.create_map(name);
    auto [status, body] = remove(kMaps + "/" + name, options);
    EXPECT_EQ(status, 200) << options;
    auto [status2, left] = api_.call({"GET", kMaps + "/" + name});
    return status2 == 404 ? std::string("gone") : at(left, {"metadata", "finalizers"});
  };
  EXPECT_EQ(finalizers_after("a", R"({"propagationPolicy":"Background"})"), "gone");
  EXPECT_EQ(finalizers_after("b", R"({"propagationPolicy":"Foreground"})"), R"(["foregroundDeletion"])");
  EXPECT_EQ(finalizers_after("c", R"({"propagationPolicy":"Orphan"})"), R"(["orphan"])");
  EXPECT_EQ(finalizers_after("d", R"({"orphanDependents":true})"), R"(["orphan"])");
  EXPECT_EQ(finalizers_after("e", R"({"orphanDependents":false})"), "gone");
  // The last word counts while it is waiting; the one that says nothing changes nothing.
  EXPECT_EQ(remove(kMaps + "/b", R"({"propagationPolicy":"Orphan"})").first, 200);
  EXPECT_EQ(at(get(kMaps + "/b"), {"metadata", "finalizers"}), R"(["orphan"])");
  EXPECT_EQ(remove(kMaps + "/b").first, 200);
  EXPECT_EQ(at(get(kMaps + "/b"), {"metadata", "finalizers"}), R"(["orphan"])");
  EXPECT_EQ(remove(kMaps + "/b", R"({"propagationPolicy":"Background"})").first, 200);
  EXPECT_EQ(api_.call({"GET", kMaps + "/b"}).first, 404);
}

TEST_F(Deleting, ShowsWhatIsStillThere) {
  auto [status, made] = api_.call({"POST", kMaps, R"({"metadata":{"name":"f","finalizers":["x.io/f"]}})"});
  ASSERT_EQ(status, 201);
  auto [status2, waiting] = remove(kMaps + "/f");
  EXPECT_EQ(status2, 200);
  EXPECT_EQ(at(waiting, {"kind"}), "ConfigMap");
  EXPECT_NE(at(waiting, {"metadata", "deletionTimestamp"}), "(absent)");
  EXPECT_EQ(at(waiting, {"metadata", "deletionGracePeriodSeconds"}), "0");
  // Only who asked in the old way is told that it goes on.
  EXPECT_EQ(remove(kMaps + "/f", R"({"orphanDependents":false})").first, 202);
  EXPECT_EQ(remove(kMaps + "/f", R"({"propagationPolicy":"Foreground"})").first, 200);
  EXPECT_EQ(at(get(kMaps + "/f"), {"metadata", "finalizers"}), R"(["x.io/f","foregroundDeletion"])");
}

TEST_F(Deleting, ContradictionsAreRefused) {
  api_.create_map("a");
  const std::string invalid = "DeleteOptions.meta.k8s.io \"\" is invalid: ";
  expect_refused(kMaps + "/a", R"({"propagationPolicy":"Orphan","orphanDependents":true})", 422,
                 invalid +
                     "propagationPolicy: Invalid value: \"Orphan\": orphanDependents and deletionPropagation "
                     "cannot be both set");
  expect_refused(kMaps + "/a", R"({"propagationPolicy":"Sideways"})", 422,
                 invalid +
                     "propagationPolicy: Unsupported value: \"Sideways\": supported values: \"Foreground\", "
                     "\"Background\", \"Orphan\", \"nil\"");
  expect_refused(kMaps + "?propagationPolicy=Sideways", "", 422,
                 invalid +
                     "propagationPolicy: Unsupported value: \"Sideways\": supported values: \"Foreground\", "
                     "\"Background\", \"Orphan\", \"nil\"");
  expect_refused(kMaps + "/a?gracePeriodSeconds=soon", "", 400,
                 "strconv.ParseInt: parsing \"soon\": invalid syntax");
  EXPECT_EQ(get(kMaps + "/a").find("data") != nullptr, true);
}

TEST_F(Deleting, GivesPodsTheirGrace) {
  make_pod("p", "n1", R"(,"terminationGracePeriodSeconds":20)");
  auto grace = [this](const std::string& options) {
    auto [status, pod] = remove(kPods + "/p", options);
    EXPECT_EQ(status, 200) << codec::to_json(pod);
    return at(pod, {"metadata", "deletionGracePeriodSeconds"});
  };
  EXPECT_EQ(grace(""), "20");
  EXPECT_EQ(grace(R"({"gracePeriodSeconds":60})"), "20");  // never longer
  EXPECT_EQ(grace(R"({"gracePeriodSeconds":5})"), "5");
  EXPECT_EQ(grace(R"({"gracePeriodSeconds":-1})"), "1");
  auto [status, gone] = remove(kPods + "/p?gracePeriodSeconds=0");
  EXPECT_EQ(status, 200);
  EXPECT_EQ(at(gone, {"kind"}), "Pod");
  EXPECT_EQ(api_.call({"GET", kPods + "/p"}).first, 404);
  // Nobody has to end what runs nowhere.
  make_pod("q", "");
  EXPECT_EQ(remove(kPods + "/q").first, 200);
  EXPECT_EQ(api_.call({"GET", kPods + "/q"}).first, 404);
}

TEST_F(Deleting, CollectionsGoByTheirSelectors) {
  for (const std::string name : {"a", "b", "c", "d"}) api_.create_map(name);
  auto names = [this] {
    std::string out;
    const codec::Value list = get(kMaps);
    for (const codec::Value& item : *list.find("items")->as_list()) out += at(item, {"metadata", "name"});
    return out;
  };
  auto [status, some] = remove(kMaps + "?labelSelector=app%20in%20(a,b)");
  EXPECT_EQ(status, 200);
  EXPECT_EQ(at(some, {"kind"}), "ConfigMapList");
  EXPECT_EQ(some.find("items")->as_list()->size(), 2u);
  EXPECT_EQ(names(), "cd");
  EXPECT_EQ(remove(kMaps + "?fieldSelector=metadata.name%3Dc&dryRun=All").first, 200);
  EXPECT_EQ(names(), "cd");
  EXPECT_EQ(remove(kMaps + "?fieldSelector=metadata.name%3Dc").first, 200);
  EXPECT_EQ(names(), "d");
  expect_refused(kMaps + "?fieldSelector=spec.x%3D1", "", 400,
                 "\"spec.x\" is not a known field selector: only \"metadata.name\", \"metadata.namespace\"");
  EXPECT_EQ(remove(kMaps, R"({"propagationPolicy":"Foreground"})").first, 200);
  EXPECT_EQ(at(get(kMaps + "/d"), {"metadata", "finalizers"}), R"(["foregroundDeletion"])");
}

// An object whose stored bytes are no ConfigMap.
class DeletingUnreadable : public Deleting {
 protected:
  void damage(const std::string& name) {
    storage::Txn txn;
    const std::string key = "/registry/configmaps/default/" + name;
    txn.ops.emplace_back(storage::Put{key, std::make_shared<const std::string>("rubbish"), 0});
    ASSERT_TRUE(api_.server.run(api_.server.store->txn(std::move(txn))));
  }
  const std::string option_ = R"({"ignoreStoreReadErrorWithClusterBreakingPotential":true})";
  const std::string invalid_ = "ignoreStoreReadErrorWithClusterBreakingPotential: Invalid value: true: ";
};

TEST_F(DeletingUnreadable, IsNotLeftOutInSilence) {
  api_.create_map("a");
  api_.create_map("b");
  http::Response watch = api_.send(
      {"GET", kMaps + "?watch=true&resourceVersion=" + at(get(kMaps), {"metadata", "resourceVersion"})});
  damage("a");
  const std::string corrupt =
      "Internal error occurred: StorageError: corrupt object, Code: 7, Key: /configmaps/default/a, "
      "ResourceVersion: 0, AdditionalErrorMsg: object not decodable revision=";
  for (const Call& call : {Call{"GET", kMaps + "/a"}, Call{"DELETE", kMaps + "/a"},
                           Call{"PUT", kMaps + "/a", R"({"metadata":{"name":"a"}})"}}) {
    auto [status, body] = api_.call(call);
    EXPECT_EQ(status, 500) << call.method;
    EXPECT_THAT(at(body, {"message"}), StartsWith(corrupt)) << call.method;
  }
  auto [status, list] = api_.call({"GET", kMaps});
  EXPECT_EQ(status, 500);
  EXPECT_EQ(at(list, {"reason"}), "StorageReadError");
  EXPECT_EQ(at(list, {"message"}), "failed to read one or more configmaps from the storage");
  const codec::Value& cause = list.at_path({"details", "causes"})->as_list()->at(0);
  EXPECT_EQ(at(cause, {"reason"}), "UnexpectedServerResponse");
  EXPECT_EQ(at(cause, {"field"}), "/registry/configmaps/default/a");
  // Watches end, so that nobody goes on with what it was; elsewhere nothing is wrong.
  EXPECT_THAT(api_.text(watch), HasSubstr("\"reason\":\"Expired\""));
  EXPECT_THAT(api_.text(*std::make_unique<http::Response>(api_.send({"GET", kMaps + "?watch=true"}))),
              HasSubstr("failed to read one or more configmaps from the storage"));
  EXPECT_EQ(api_.call({"GET", "/api/v1/namespaces/other/configmaps"}).first, 200);
  // Another server finds the same.
  watch = http::Response();
  api_.restart();
  EXPECT_EQ(api_.call({"GET", kMaps}).first, 500);
  EXPECT_EQ(api_.call({"GET", kMaps + "/b"}).first, 200);
}

TEST_F(DeletingUnreadable, TakesAnOptionAndThePermission) {
  api_.create_map("a");
  api_.create_map("b");
  damage("a");
  auto [status, forbidden] = remove(kMaps + "/a", option_, "eve");
  EXPECT_EQ(status, 403);
  EXPECT_EQ(
      at(forbidden, {"message"}),
      "configmaps \"a\" is forbidden: not permitted to do \"unsafe-delete-ignore-read-errors\", reason: ");
  auto [status2, gone] = remove(kMaps + "/a?ignoreStoreReadErrorWithClusterBreakingPotential=true");
  EXPECT_EQ(status2, 200) << codec::to_json(gone);
  EXPECT_EQ(
      codec::to_json(gone),
      R"({"apiVersion":"v1","details":{"kind":"ConfigMap","name":"a"},"kind":"Status","metadata":{},"status":"Success"})");
  EXPECT_EQ(api_.call({"GET", kMaps + "/a"}).first, 404);
  EXPECT_EQ(api_.call({"GET", kMaps}).first, 200);
  // For nothing else.
  for (const std::string name : {"a", "b"}) {
    expect_refused(kMaps + "/" + name, option_, 422,
                   "configmaps \"" + name + "\" is invalid: " + invalid_ +
                       "is exclusively used to delete corrupt object(s), try again by removing this option");
  }
  const std::string options = "DeleteOptions.meta.k8s.io \"\" is invalid: ";
  expect_refused(
      kMaps, option_, 422,
      options + invalid_ + "is not allowed with DELETECOLLECTION, try again after removing the option");
  expect_refused(kMaps + "/a",
                 R"({"ignoreStoreReadErrorWithClusterBreakingPotential":true,"gracePeriodSeconds":0})", 422,
                 options + invalid_ + "cannot be set together with .gracePeriodSeconds");
}

}  // namespace
}  // namespace xebec::apiserver::testing
