// Subresources beyond status: scale, finalize, approval, ephemeral containers; and what patches are warned
// about.
#include <gmock/gmock.h>

#include <array>

#include "apiserver/test_api.h"
#include "security/pki/pki.h"

namespace xebec::apiserver::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

const std::vector<std::pair<std::string, std::string>> kMerge = {
    {"Content-Type", "application/merge-patch+json"}};
const std::string kTemplate =
    R"("template":{"metadata":{"labels":{"a":"b"}},"spec":{"containers":[{"name":"c","image":"i"}]}})";

class Subresources : public ::testing::Test {
 protected:
  codec::Value must(int code, const Call& call) {
    auto [status, answer] = api_.call(call);
    EXPECT_EQ(status, code) << call.method << " " << call.target << ": " << codec::to_json(answer);
    return std::move(answer);
  }
  TestApi api_;
};

TEST_F(Subresources, EverythingWithReplicasScales) {
  const std::string labels = R"("selector":{"matchLabels":{"a":"b"}},)";
  const std::vector<std::array<std::string, 3>> kinds = {
      {"/apis/apps/v1/namespaces/default/deployments", labels, "deployments.apps"},
      {"/apis/apps/v1/namespaces/default/replicasets", labels, "replicasets.apps"},
      {"/apis/apps/v1/namespaces/default/statefulsets", labels + R"("serviceName":"s",)",
       "statefulsets.apps"},
      {"/api/v1/namespaces/default/replicationcontrollers", R"("selector":{"a":"b"},)",
       "replicationcontrollers"}};
  for (const auto& [path, spec, resource] : kinds) {
    SCOPED_TRACE(resource);
    must(201, {"POST", path, R"({"metadata":{"name":"w"},"spec":{)" + spec + kTemplate + "}}"});
    codec::Value scale = must(200, {"GET", path + "/w/scale"});
    EXPECT_EQ(at(scale, {"apiVersion"}), "autoscaling/v1");
    EXPECT_EQ(at(scale, {"status", "selector"}), "a=b");
    scale.set_path({"spec", "replicas"}, 4);
    const codec::Value scaled = must(200, {"PUT", path + "/w/scale", codec::to_json(scale)});
    EXPECT_EQ(at(scaled, {"spec", "replicas"}), "4");
    EXPECT_EQ(at(must(200, {"GET", path + "/w"}), {"spec", "replicas"}), "4");
    // At its version only, and not below nothing.
    const codec::Value stale = must(409, {"PUT", path + "/w/scale", codec::to_json(scale)});
    EXPECT_THAT(at(stale, {"message"}), HasSubstr("Operation cannot be fulfilled on " + resource +
                                                  " \"w\": the object has been modified"));
    const codec::Value negative =
        must(422, {"PATCH", path + "/w/scale", R"({"spec":{"replicas":-1}})", kMerge});
    EXPECT_THAT(at(negative, {"message"}),
                HasSubstr("spec.replicas: Invalid value: -1: must be greater than or equal to 0"));
  }
}

TEST_F(Subresources, ANamespaceGoesWhenItIsFinalized) {
  must(201, {"POST", "/api/v1/namespaces", R"({"metadata":{"name":"ns"}})"});
  const codec::Value going = must(200, {"DELETE", "/api/v1/namespaces/ns"});
  EXPECT_EQ(at(going, {"status", "phase"}), "Terminating");
  // An ordinary update does not finalize.
  codec::Value plain = must(200, {"GET", "/api/v1/namespaces/ns"});
  plain.set_path({"spec", "finalizers"}, codec::ValueList());
  EXPECT_EQ(at(must(200, {"PUT", "/api/v1/namespaces/ns", codec::to_json(plain)}), {"spec", "finalizers"}),
            R"(["kubernetes"])");
  must(200,
       {"PUT", "/api/v1/namespaces/ns/finalize", R"({"metadata":{"name":"ns"},"spec":{"finalizers":[]}})"});
  must(404, {"GET", "/api/v1/namespaces/ns"});
}

TEST_F(Subresources, RequestsAreApprovedByTheirSubresourceAlone) {
  const pki::PrivateKey key = pki::PrivateKey::generate_ecdsa().value();
  const api::Bytes request{pki::make_certificate_request(key, {"jane", {}}, {}, {}).value()};
  std::string encoded;
  codec::append_json_scalar(api::Kind::Bytes, &request, encoded);
  const std::string path = "/apis/certificates.k8s.io/v1/certificatesigningrequests";
  codec::Value made =
      must(201, {"POST",
                 path,
                 R"({"metadata":{"name":"r"},"spec":{"request":)" + encoded +
                     R"(,"signerName":"kubernetes.io/kube-apiserver-client","usages":["client auth"],
                                     "username":"somebody-else"}})",
                 {},
                 "jane"});
  EXPECT_EQ(at(made, {"spec", "username"}), "jane");
  const std::string approved =
      R"({"status":{"conditions":[{"type":"Approved","status":"True","reason":"r","message":"m"}]}})";
  EXPECT_EQ(at(must(200, {"PATCH", path + "/r", approved, kMerge}), {"status", "conditions"}), "(absent)");
  EXPECT_EQ(at(must(422, {"PATCH", path + "/r/status", approved, kMerge}), {"message"}),
            "CertificateSigningRequest.certificates.k8s.io \"r\" is invalid: status.conditions: Forbidden: "
            "updates may "
            "not add a condition of type \"Approved\"");
  const codec::Value yes = must(200, {"PATCH", path + "/r/approval", approved, kMerge});
  EXPECT_THAT(at(yes, {"status", "conditions"}), HasSubstr(R"("type":"Approved")"));
  EXPECT_THAT(at(yes, {"status", "conditions"}), HasSubstr(R"("lastTransitionTime":"2027-)"));
}

TEST_F(Subresources, PatchesAreWarnedAboutFieldsNobodyKnows) {
  api_.create_map("m");
  const std::string path = "/api/v1/namespaces/default/configmaps/m";
  struct Patch {
    std::string type, body;
  };
  for (const auto& [type, body] :
       {Patch{"json-patch+json", R"([{"op":"add","path":"/foo","value":1},
                                                               {"op":"add","path":"/metadata/bar","value":2}])"},
        Patch{"merge-patch+json", R"({"foo":1,"metadata":{"bar":2}})"},
        Patch{"strategic-merge-patch+json", R"({"foo":1,"metadata":{"bar":2}})"}}) {
    SCOPED_TRACE(type);
    auto patch = [&, type = type, body = body](const std::string& query) {
      return api_.send({"PATCH", path + query, body, {{"Content-Type", "application/" + type}}});
    };
    http::Response warned = patch("?fieldValidation=Warn");
    EXPECT_EQ(warned.status, 200);
    EXPECT_THAT(warned.headers.all("Warning"),
                UnorderedElementsAre("299 - \"unknown field \\\"foo\\\"\"",
                                     "299 - \"unknown field \\\"metadata.bar\\\"\""));
    http::Response ignored = patch("?fieldValidation=Ignore");
    EXPECT_EQ(ignored.status, 200);
    EXPECT_THAT(ignored.headers.all("Warning"), IsEmpty());
    http::Response strict = patch("?fieldValidation=Strict");
    EXPECT_EQ(strict.status, 422);
    EXPECT_THAT(at(api_.json(strict), {"message"}),
                AllOf(HasSubstr("strict decoding error: unknown field \""),
                      HasSubstr("unknown field \"foo\""), HasSubstr("unknown field \"metadata.bar\"")));
  }
}

TEST_F(Subresources, EventsAreSelectedByTheNamesOfBothGroups) {
  auto event = [&](const std::string& name, const std::string& pod) {
    must(201, {"POST", "/api/v1/namespaces/default/events",
               R"({"metadata":{"name":")" + name +
                   R"("},"involvedObject":{"kind":"Pod","namespace":"default","name":")" + pod +
                   R"("},"reason":"Walked","type":"Normal","source":{"component":"walker"}})"});
  };
  event("one", "a");
  event("two", "b");
  auto names = [&](const std::string& prefix, const std::string& selector) {
    std::string out;
    const codec::Value list =
        must(200, {"GET", prefix + "/namespaces/default/events?fieldSelector=" + selector});
    for (const codec::Value& item : *list.find("items")->as_list())
      out += at(item, {"metadata", "name"}) + " ";
    return out;
  };
  EXPECT_EQ(names("/api/v1", "involvedObject.name%3Da"), "one ");
  EXPECT_EQ(names("/api/v1", "source%3Dwalker,reason%3DWalked,type%3DNormal"), "one two ");
  EXPECT_EQ(names("/apis/events.k8s.io/v1", "regarding.name%3Db"), "two ");
  EXPECT_EQ(names("/apis/events.k8s.io/v1", "regarding.kind%3DPod,type!%3DNormal"), "");
}

TEST_F(Subresources, ServicesAreRefusedWhatOthersHave) {
  const std::string path = "/api/v1/namespaces/default/services";
  auto service = [](const std::string& name, const std::string& spec, const std::string& port = "") {
    return R"({"metadata":{"name":")" + name + R"("},"spec":{)" + spec + R"("ports":[{"port":80)" + port +
           "}]}}";
  };
  auto refused = [&](const std::string& body) { return at(must(422, {"POST", path, body}), {"message"}); };
  must(201, {"POST", path,
             service("a", R"("type":"NodePort","clusterIP":"10.96.0.50",)", R"(,"nodePort":30080)")});
  EXPECT_EQ(
      refused(service("b", R"("clusterIP":"10.96.0.50",)")),
      "Service \"b\" is invalid: spec.clusterIPs: Invalid value: [\"10.96.0.50\"]: failed to allocate IP "
      "10.96.0.50: provided IP is already allocated");
  EXPECT_EQ(refused(service("b", R"("type":"NodePort",)", R"(,"nodePort":30080)")),
            "Service \"b\" is invalid: spec.ports[0].nodePort: Invalid value: 30080: provided port is "
            "already allocated");
  EXPECT_EQ(refused(service("b", R"("type":"NodePort",)", R"(,"nodePort":80)")),
            "Service \"b\" is invalid: spec.ports[0].nodePort: Invalid value: 80: provided port is not in "
            "the valid "
            "range. The range of valid ports is 30000-32767");
  // What a refused one had taken is free again, and what a deleted one had.
  must(201, {"POST", path, service("c", R"("clusterIP":"10.96.0.51",)")});
  refused(service("d", R"("type":"NodePort","clusterIP":"10.96.0.52",)", R"(,"nodePort":30080)"));
  must(201, {"POST", path, service("d", R"("clusterIP":"10.96.0.52",)")});
  must(200, {"DELETE", path + "/a"});
  must(201, {"POST", path,
             service("e", R"("type":"NodePort","clusterIP":"10.96.0.50",)", R"(,"nodePort":30080)")});
}

}  // namespace
}  // namespace xebec::apiserver::testing
