// The four kinds of access reviews: what they answer and what they refuse.
#include <gmock/gmock.h>

#include "apiserver/test_instance.h"

namespace xebec::apiserver::testing {
namespace {

using ::testing::HasSubstr;

const std::string kGroup = "/apis/authorization.k8s.io/v1/";
const std::string kRbac = "/apis/rbac.authorization.k8s.io/v1/";

class AccessReviews : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    instance_ = std::make_unique<TestInstance>();
    instance_->create(kRbac + "clusterroles",
                      R"({"metadata":{"name":"reader"},"rules":[
                          {"apiGroups":[""],"resources":["pods"],"verbs":["get"]},
                          {"nonResourceURLs":["/metrics"],"verbs":["get"]}]})");
    instance_->create(kRbac + "clusterrolebindings",
                      R"({"metadata":{"name":"reader"},"roleRef":{"apiGroup":"rbac.authorization.k8s.io",
                          "kind":"ClusterRole","name":"reader"},"subjects":[{"kind":"Group","name":"readers"}]})");
    instance_->advance(std::chrono::seconds(1));
  }
  static void TearDownTestSuite() { instance_.reset(); }
  codec::Value ask(const std::string& path, const std::string& body, int code = 201,
                   const std::string& user = "admin") {
    auto [status, answer] = instance_->call({"POST", kGroup + path, body, {}, user});
    EXPECT_EQ(status, code) << path << " " << body << ": " << codec::to_json(answer);
    return std::move(answer);
  }
  static std::unique_ptr<TestInstance> instance_;
};
std::unique_ptr<TestInstance> AccessReviews::instance_;

const std::string kGetPods = R"("resourceAttributes":{"namespace":"default","verb":"get","resource":"pods"})";

TEST_F(AccessReviews, TellWhatOthersMay) {
  const codec::Value yes =
      ask("subjectaccessreviews", R"({"spec":{"user":"jane","groups":["readers"],)" + kGetPods + "}}");
  EXPECT_EQ(at(yes, {"status", "allowed"}), "true");
  EXPECT_EQ(at(yes, {"status", "reason"}),
            "RBAC: allowed by ClusterRoleBinding \"reader\" of ClusterRole \"reader\" to Group \"readers\"");
  const codec::Value no = ask("subjectaccessreviews", R"({"spec":{"user":"jane",)" + kGetPods + "}}");
  EXPECT_EQ(at(no, {"status"}), R"({"allowed":false})");
  const codec::Value url =
      ask("subjectaccessreviews",
          R"({"spec":{"groups":["readers"],"nonResourceAttributes":{"path":"/metrics","verb":"get"}}})");
  EXPECT_EQ(at(url, {"status", "allowed"}), "true");
}

TEST_F(AccessReviews, RefuseQuestionsThatAreNone) {
  auto refused = [this](const std::string& path, const std::string& body) {
    return at(ask(path, body, 422), {"message"});
  };
  EXPECT_EQ(refused("subjectaccessreviews", R"({"spec":{"user":"u"}})"),
            "SubjectAccessReview.authorization.k8s.io \"\" is invalid: spec.resourceAttributes: Invalid "
            "value: \"null\": "
            "exactly one of nonResourceAttributes or resourceAttributes must be specified");
  EXPECT_EQ(
      refused("subjectaccessreviews", R"({"spec":{"user":"u",)" + kGetPods +
                                          R"(,"nonResourceAttributes":{"path":"/x","verb":"get"}}})"),
      "SubjectAccessReview.authorization.k8s.io \"\" is invalid: spec.nonResourceAttributes: Invalid value: "
      "{\"Path\":\"/x\",\"Verb\":\"get\"}: cannot be specified in combination with resourceAttributes");
  EXPECT_EQ(refused("subjectaccessreviews", R"({"spec":{)" + kGetPods + "}}"),
            "SubjectAccessReview.authorization.k8s.io \"\" is invalid: spec.user: Invalid value: \"\": at "
            "least one of "
            "user or group must be specified");
  EXPECT_THAT(
      refused("subjectaccessreviews", R"({"metadata":{"name":"n"},"spec":{"user":"u",)" + kGetPods + "}}"),
      HasSubstr("metadata: Invalid value: {\"name\":\"n\"}: must be empty"));
  EXPECT_THAT(
      refused("selfsubjectaccessreviews", R"({"spec":{}})"),
      HasSubstr("SelfSubjectAccessReview.authorization.k8s.io \"\" is invalid: spec.resourceAttributes: "));
}

// `selectors` is part of what is asked about.
std::string asked_with(const std::string& selectors) {
  return R"({"spec":{"user":"u","resourceAttributes":{"verb":"list","resource":"pods",)" + selectors + "}}}";
}

TEST_F(AccessReviews, RefuseSelectorsThatAreNone) {
  for (const std::string kind : {"SubjectAccessReview", "SelfSubjectAccessReview"}) {
    auto refused = [&, this](const std::string& selectors) {
      const std::string path =
          kind == "SubjectAccessReview" ? "subjectaccessreviews" : "selfsubjectaccessreviews";
      const std::string message = at(ask(path, asked_with(selectors), 422), {"message"});
      const std::string start = kind + ".authorization.k8s.io \"\" is invalid: ";
      EXPECT_THAT(message, ::testing::StartsWith(start));
      return message.substr(start.size());
    };
    EXPECT_EQ(
        refused(
            R"("fieldSelector":{"rawSelector":"a=b","requirements":[{"key":"a","operator":"In","values":["b"]}]})"),
        "spec.resourceAttributes.fieldSelector.rawSelector: Invalid value: \"a=b\": may not specified at the "
        "same time as requirements");
    EXPECT_EQ(refused(R"("labelSelector":{})"),
              "spec.resourceAttributes.labelSelector.requirements: Required value: when "
              "spec.resourceAttributes.labelSelector is specified, requirements or rawSelector is required");
    EXPECT_EQ(
        refused(
            R"("fieldSelector":{"requirements":[{"operator":"In"},{"key":"a","operator":"Younger","values":["b"]}]})"),
        "[spec.resourceAttributes.fieldSelector.requirements[0].key: Required value: must be specified, "
        "spec.resourceAttributes.fieldSelector.requirements[0].values: Required value: must be specified "
        "when `operator` is 'In' or 'NotIn']");
    EXPECT_THAT(
        refused(R"("labelSelector":{"requirements":[{"key":"a","operator":"Younger","values":["b c"]}]})"),
        ::testing::StartsWith("spec.resourceAttributes.labelSelector.requirements[0].values[0]: Invalid "
                              "value: \"b c\": a valid label must be "));
  }
}

TEST_F(AccessReviews, LocalOnesAreAboutTheirNamespace) {
  const std::string path = "namespaces/default/localsubjectaccessreviews";
  const codec::Value yes = ask(path, R"({"spec":{"groups":["readers"],)" + kGetPods + "}}");
  EXPECT_EQ(at(yes, {"status", "allowed"}), "true");
  EXPECT_EQ(at(yes, {"metadata", "namespace"}), "default");
  const codec::Value other =
      ask("namespaces/elsewhere/localsubjectaccessreviews", R"({"spec":{"user":"u",)" + kGetPods + "}}", 422);
  EXPECT_EQ(at(other, {"message"}),
            "LocalSubjectAccessReview.authorization.k8s.io \"\" is invalid: "
            "spec.resourceAttributes.namespace: Invalid "
            "value: \"default\": must match metadata.namespace");
  const codec::Value url =
      ask(path, R"({"spec":{"user":"u","nonResourceAttributes":{"path":"/x","verb":"get"}}})", 422);
  EXPECT_THAT(at(url, {"message"}),
              HasSubstr("spec.nonResourceAttributes: Invalid value: {\"Path\":\"/x\",\"Verb\":\"get\"}: "
                        "disallowed on this kind of request"));
}

TEST_F(AccessReviews, EverybodyMayAskAboutHimself) {
  const codec::Value mine = ask("selfsubjectaccessreviews", R"({"spec":{)" + kGetPods + "}}", 201, "jane");
  EXPECT_EQ(at(mine, {"status"}), R"({"allowed":false})");
  const codec::Value boss = ask("selfsubjectaccessreviews", R"({"spec":{)" + kGetPods + "}}");
  EXPECT_EQ(at(boss, {"status", "allowed"}), "true");
  ask("subjectaccessreviews", R"({"spec":{"user":"u",)" + kGetPods + "}}", 403, "jane");
  const codec::Value rules =
      ask("selfsubjectrulesreviews", R"({"spec":{"namespace":"default"}})", 201, "jane");
  EXPECT_EQ(at(rules, {"status", "incomplete"}), "false");
  EXPECT_THAT(
      at(rules, {"status", "resourceRules"}),
      HasSubstr(
          R"({"apiGroups":["authorization.k8s.io"],"resources":["selfsubjectaccessreviews","selfsubjectrulesreviews"],"verbs":["create"]})"));
  EXPECT_EQ(at(ask("selfsubjectrulesreviews", R"({"spec":{}})", 400), {"message"}),
            "no namespace on request");
}

}  // namespace
}  // namespace xebec::apiserver::testing
