// A test fixture with one stored resource. The server is shared by a suite; each test leaves it empty.
#pragma once

#include <set>

#include "apiserver/walk/walk.h"

namespace xebec::apiserver::testing {

inline std::vector<std::string> stored_keys() {
  static const api::Scheme scheme = api::Scheme::builtin();
  std::vector<std::string> out;
  for (const api::Resource* resource : scheme.resources())
    if (walks(*resource) && resource->stored()) out.push_back(walk_key(*resource));
  return out;
}

inline std::string test_name(const ::testing::TestParamInfo<std::string>& info) {
  std::string out = info.param;
  for (char& c : out)
    if (!std::isalnum(static_cast<unsigned char>(c))) c = '_';
  return out;
}

// Kinds whose updates must say which version they change.
inline const std::set<std::string_view> kConditionalUpdates = {
    "admissionregistration.k8s.io/v1/mutatingadmissionpolicies",
    "admissionregistration.k8s.io/v1/mutatingadmissionpolicybindings",
    "admissionregistration.k8s.io/v1/mutatingwebhookconfigurations",
    "admissionregistration.k8s.io/v1/validatingadmissionpolicies",
    "admissionregistration.k8s.io/v1/validatingadmissionpolicybindings",
    "admissionregistration.k8s.io/v1/validatingwebhookconfigurations",
    "apiextensions.k8s.io/v1/customresourcedefinitions",
    "apiregistration.k8s.io/v1/apiservices",
    "coordination.k8s.io/v1/leases",
    "node.k8s.io/v1/runtimeclasses",
    "policy/v1/poddisruptionbudgets",
    "storage.k8s.io/v1/csidrivers",
    "storage.k8s.io/v1/csinodes",
    "storage.k8s.io/v1/csistoragecapacities",
    "storage.k8s.io/v1/volumeattachments",
};

// Kinds that a PUT creates when they are missing.
inline const std::set<std::string_view> kCreatedByUpdate = {
    "coordination.k8s.io/v1/leases",
    "coordination.k8s.io/v1beta1/leasecandidates",
    "events.k8s.io/v1/events",
    "node.k8s.io/v1/runtimeclasses",
    "rbac.authorization.k8s.io/v1/clusterrolebindings",
    "rbac.authorization.k8s.io/v1/clusterroles",
    "rbac.authorization.k8s.io/v1/rolebindings",
    "rbac.authorization.k8s.io/v1/roles",
    "v1/endpoints",
    "v1/events",
    "v1/limitranges",
    "v1/services",
};

// Kinds whose deletion is answered with the object.
inline const std::set<std::string_view> kShownWhenDeleted = {
    "v1/persistentvolumeclaims", "v1/persistentvolumes", "v1/pods",     "v1/podtemplates",
    "v1/resourcequotas",         "v1/serviceaccounts",   "v1/services",
};

class StoredResource : public ::testing::TestWithParam<std::string> {
 protected:
  static void SetUpTestSuite() { server_ = std::make_unique<TestApi>(); }
  static void TearDownTestSuite() { server_.reset(); }

  void SetUp() override {
    for (const api::Resource* resource : api_.server.scheme.resources())
      if (walks(*resource) && walk_key(*resource) == GetParam()) walker_ = walker_of(*resource);
    ASSERT_TRUE(walker_.resource);
    ASSERT_TRUE(walk_objects().find(GetParam())) << "objects.json knows no " << GetParam();
  }

  void TearDown() override {
    auto [status, list] = api_.call({"GET", walker_.collection()});
    for (const codec::Value& object : list_of(list, {"items"})) remove(at(object, {"metadata", "name"}));
    auto [status2, left] = api_.call({"GET", walker_.collection()});
    EXPECT_EQ(list_of(left, {"items"}).size(), 0u) << codec::to_json(left);
  }
  void remove(const std::string& name) {
    const std::string item = walker_.collection() + "/" + name;
    api_.call({"DELETE", item, R"({"propagationPolicy":"Background"})"});
    api_.call({"PATCH",
               item,
               R"({"metadata":{"finalizers":null}})",
               {{"Content-Type", "application/merge-patch+json"}}});
    if (walker_.resource->plural == "namespaces")
      api_.call({"PUT", item + "/finalize", R"({"metadata":{"name":")" + name + R"("}})"});
  }

  codec::Value create() {
    auto [status, made] = api_.call({"POST", walker_.collection(), walker_.body()});
    EXPECT_EQ(status, 201) << codec::to_json(made);
    return std::move(made);
  }
  std::pair<int, codec::Value> put(const codec::Value& object) {
    return api_.call({"PUT", walker_.item(), codec::to_json(object)});
  }
  codec::Value merge(const std::string& patch) {
    auto [status, patched] =
        api_.call({"PATCH", walker_.item(), patch, {{"Content-Type", "application/merge-patch+json"}}});
    EXPECT_EQ(status, 200) << codec::to_json(patched);
    return std::move(patched);
  }
  // Nothing is there any more, or it is on its way out.
  void expect_gone() {
    auto [status, left] = api_.call({"GET", walker_.item()});
    if (!walker_.lingers) {
      EXPECT_EQ(status, 404) << codec::to_json(left);
    } else {
      EXPECT_NE(at(left, {"metadata", "deletionTimestamp"}), "(absent)") << codec::to_json(left);
    }
  }

  bool unconditional() const { return !kConditionalUpdates.contains(GetParam()); }
  bool created_by_update() const { return kCreatedByUpdate.contains(GetParam()); }
  bool answers_with_object() const { return kShownWhenDeleted.contains(GetParam()); }

  static std::string version_of(const codec::Value& object) {
    return at(object, {"metadata", "resourceVersion"});
  }
  static codec::ValueList list_of(const codec::Value& value, std::initializer_list<std::string_view> path) {
    const codec::Value* list = value.at_path(path);
    return list && list->as_list() ? *list->as_list() : codec::ValueList();
  }
  static void expect_failure(const codec::Value& status, std::string_view reason,
                             const std::string& message) {
    EXPECT_EQ(at(status, {"kind"}), "Status");
    EXPECT_EQ(at(status, {"status"}), "Failure");
    EXPECT_EQ(at(status, {"reason"}), reason);
    EXPECT_EQ(at(status, {"message"}), message);
  }

  TestApi& api_ = *server_;
  Walker walker_;

 private:
  inline static std::unique_ptr<TestApi> server_;
};

}  // namespace xebec::apiserver::testing
