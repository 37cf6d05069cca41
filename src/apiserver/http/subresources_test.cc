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

TEST_F(Subresources, ProxiesCannotBeTriedOut) {
  for (const char* path : {"/api/v1/nodes/n/proxy/", "/api/v1/namespaces/default/services/s/proxy/"}) {
    const codec::Value refused = must(400, {"GET", std::string(path) + "?dryRun=All"});
    EXPECT_EQ(at(refused, {"message"}), "dryRun is not supported") << path;
  }
}

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

TEST_F(Subresources, BindingsSetTheNodeOnce) {
  const std::string pods = "/api/v1/namespaces/default/pods";
  const std::string pod = R"({"metadata":{"name":"p"},"spec":{"containers":[{"name":"c","image":"i"}]}})";
  const codec::Value created = must(201, {"POST", pods, pod});
  must(200, {"PATCH", pods + "/p/status", R"({"status":{"nominatedNodeName":"n"}})", kMerge});
  const auto binding = [](const std::string& meta, const std::string& target) {
    return R"({"metadata":{"name":"p")" + meta + R"(},"target":{)" + target + "}}";
  };
  const auto refused = [&](int code, const std::string& meta, const std::string& target) {
    return at(must(code, {"POST", pods + "/p/binding", binding(meta, target)}), {"message"});
  };
  const std::string node = R"("kind":"Node","name":"n")";
  EXPECT_EQ(refused(500, "", ""), "target.name: Required value");
  EXPECT_EQ(refused(500, "", R"("kind":"Moon")"),
            "[target.kind: Unsupported value: \"Moon\": supported values: \"Node\", \"<empty>\", "
            "target.name: Required value]");
  EXPECT_EQ(refused(409, R"(,"uid":"another")", node),
            "Operation cannot be fulfilled on pods \"p\": Precondition failed: UID in precondition: another, "
            "UID in object meta: " +
                at(created, {"metadata", "uid"}));
  EXPECT_THAT(refused(409, R"(,"resourceVersion":"1")", node),
              HasSubstr("Precondition failed: ResourceVersion in precondition: 1, ResourceVersion in object "
                        "meta: "));
  must(201,
       {"POST", pods + "/p/binding", binding(R"(,"annotations":{"why":"x"},"labels":{"zone":"z"})", node)});
  const codec::Value bound = must(200, {"GET", pods + "/p"});
  EXPECT_EQ(at(bound, {"spec", "nodeName"}), "n");
  EXPECT_EQ(at(bound, {"metadata", "annotations", "why"}), "x");
  EXPECT_EQ(at(bound, {"metadata", "labels", "zone"}), "z");
  EXPECT_EQ(at(bound, {"status", "nominatedNodeName"}), "(absent)");
  EXPECT_THAT(at(bound, {"status", "conditions"}),
              AllOf(HasSubstr(R"("type":"PodScheduled")"), HasSubstr(R"("observedGeneration":1)")));
  EXPECT_EQ(refused(409, "", node),
            "Operation cannot be fulfilled on pods/binding \"p\": pod p is already assigned to node \"n\"");
}

Task<Result<std::string>> healthy(Context) { co_return std::string("ok"); }
Task<Result<std::string>> broken(Context) { co_return fail(errors::service_unavailable("no answer")); }

TEST(ComponentStatuses, TellWhatThePartsSayOfThemselves) {
  TestServer server;
  Metrics metrics;
  ApiServerDependencies deps = dependencies_of(server, metrics);
  deps.components.push_back({"controller-manager", healthy});
  deps.components.push_back({"scheduler", broken});
  ApiServer api(ApiServerOptions(), std::move(deps));
  const auto get = [&](const std::string& path, const std::string& accept) {
    http::Request request;
    request.method = "GET";
    request.path = "/api/v1/componentstatuses" + path;
    request.headers.add("X-Test-User", "admin");
    request.headers.add("Accept", accept);
    http::Response response = server.run(api.handle(Context(), std::move(request)));
    return std::make_tuple(response.status, std::string(response.headers.get("Warning")),
                           server.run(response.read_body()).value_or("(broken)"));
  };
  const auto [status, warning, list] = get("", "application/json");
  EXPECT_EQ(status, 200);
  EXPECT_THAT(warning, HasSubstr("v1 ComponentStatus is deprecated in v1.19+"));
  EXPECT_THAT(list, AllOf(HasSubstr(R"("kind":"ComponentStatusList")"),
                          HasSubstr(R"("conditions":[{"type":"Healthy","status":"True","message":"ok"}])"),
                          HasSubstr(R"({"type":"Healthy","status":"False","message":"no answer"})")));
  const auto [status2, warning2, one] = get("/scheduler", "application/json");
  EXPECT_EQ(status2, 200);
  EXPECT_THAT(one, HasSubstr(R"("metadata":{"name":"scheduler")"));
  EXPECT_EQ(std::get<0>(get("/etcd-1", "application/json")), 404);
  const auto [status3, warning3, table] = get("", "application/json;as=Table;v=v1;g=meta.k8s.io");
  EXPECT_EQ(status3, 200);
  EXPECT_THAT(table, AllOf(HasSubstr(R"("cells":["controller-manager","Healthy","ok",""])"),
                           HasSubstr(R"("cells":["scheduler","Unhealthy","no answer",""])")));
}

}  // namespace
}  // namespace xebec::apiserver::testing
