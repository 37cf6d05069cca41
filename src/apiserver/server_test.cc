#include "apiserver/server.h"

#include <gmock/gmock.h>

#include "apiserver/test_api.h"
#include "codec/protobuf.h"

namespace xebec::apiserver::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

const std::string kMaps = "/api/v1/namespaces/default/configmaps";

TEST(ApiServer, CreatesAndReadsAnObject) {
  TestApi api;
  api.create_map("a");
  auto [status, got] = api.call({"GET", kMaps + "/a"});
  EXPECT_EQ(status, 200);
  EXPECT_EQ(at(got, {"kind"}), "ConfigMap");
  EXPECT_EQ(at(got, {"apiVersion"}), "v1");
  EXPECT_EQ(at(got, {"metadata", "name"}), "a");
  EXPECT_EQ(at(got, {"data", "k"}), "v");
  EXPECT_NE(at(got, {"metadata", "resourceVersion"}), "(absent)");
}

TEST(ApiServer, WhatIsNotThereIsNotFound) {
  TestApi api;
  auto [status, body] = api.call({"GET", kMaps + "/x"});
  EXPECT_EQ(status, 404);
  EXPECT_EQ(at(body, {"message"}), "configmaps \"x\" not found");
  EXPECT_EQ(at(body, {"reason"}), "NotFound");
  EXPECT_EQ(at(body, {"details", "kind"}), "configmaps");
  EXPECT_EQ(at(body, {"status"}), "Failure");
}

TEST(ApiServer, UnknownResourcesAndMethodsAreRefusedAsUpstream) {
  TestApi api;
  auto [status, body] = api.call({"GET", "/api/v1/nonsense"});
  EXPECT_EQ(status, 404);
  EXPECT_EQ(at(body, {"message"}), "the server could not find the requested resource");
  auto [status2, body2] = api.call({"POST", kMaps + "/a", "{}"});
  EXPECT_EQ(status2, 405);
  EXPECT_EQ(at(body2, {"message"}), "the server does not allow this method on the requested resource");
  // A group that is served has somebody to word the answer for what is below it.
  for (const char* path : {"/apis/apps/v9/deployments", "/apis/apps/v9", "/api/v2", "/api/v2/pods"}) {
    auto [status3, body3] = api.call({"GET", path});
    EXPECT_EQ(status3, 404) << path;
    EXPECT_EQ(at(body3, {"message"}), "the server could not find the requested resource") << path;
  }
  for (const char* path : {"/api", "/api/v1", "/apis/apps/v1", "/version"}) {
    auto [status3, body3] = api.call({"POST", path, "{}"});
    EXPECT_EQ(status3, 405) << path;
    EXPECT_EQ(api.send({"HEAD", path}).status, 405) << path;
  }
  // These are not behind the router that knows methods.
  for (const char* path : {"/apis", "/apis/apps", "/", "/index.html"})
    EXPECT_EQ(api.send({"DELETE", path}).status, 200) << path;
  for (const char* path : {"/nonsense", "/apis/nonsense.io", "/apis/nonsense.io/v1/things"}) {
    http::Response response = api.send({"GET", path});
    EXPECT_EQ(response.status, 404) << path;
    EXPECT_EQ(api.text(response), "404 page not found\n") << path;
  }
  for (const char* path :
       {"/api/v1/pods/p", "/api/v1/pods/p/log", "/api/v1/bindings",
        "/api/v1/namespaces/default/pods/p/log/deeper", "/api/v1/namespaces/default/nodes"}) {
    auto [status3, body3] = api.call({"GET", path});
    EXPECT_EQ(status3, 404) << path;
    EXPECT_EQ(at(body3, {"message"}), "the server could not find the requested resource") << path;
    EXPECT_EQ(at(body3, {"details"}), "{}") << path;
  }
}

TEST(ApiServer, ABodyOfAnotherKindOrVersionIsABadRequest) {
  TestApi api;
  auto [status, body] =
      api.call({"POST", kMaps, R"({"kind":"ConfigMap","apiVersion":"v2","metadata":{"name":"a"}})"});
  EXPECT_EQ(status, 400);
  EXPECT_EQ(
      at(body, {"message"}),
      "ConfigMap in version \"v2\" cannot be handled as a ConfigMap: no kind \"ConfigMap\" is registered for "
      "version \"v2\" in scheme \"pkg/api/legacyscheme/scheme.go:30\"");
  auto [status2, body2] =
      api.call({"POST", kMaps, R"({"kind":"Secret","apiVersion":"v1","metadata":{"name":"a"}})"});
  EXPECT_EQ(status2, 400);
  EXPECT_THAT(at(body2, {"message"}), HasSubstr("Secret in version \"v1\" cannot be handled as a ConfigMap"));
}

TEST(ApiServer, UnknownFieldsAreRefusedOrWarnedAbout) {
  TestApi api;
  const std::string body = R"({"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"a"},"foo":1})";
  auto [status, refused] = api.call({"POST", kMaps + "?fieldValidation=Strict", body});
  EXPECT_EQ(status, 400);
  EXPECT_THAT(at(refused, {"message"}), HasSubstr("strict decoding error: unknown field \"foo\""));
  http::Response warned = api.send({"POST", kMaps + "?fieldValidation=Warn", body});
  EXPECT_EQ(warned.status, 201);
  EXPECT_EQ(warned.headers.get("Warning"), "299 - \"unknown field \\\"foo\\\"\"");
}

TEST(ApiServer, WithoutCredentialsIsUnauthorized) {
  TestApi api;
  auto [status, body] = api.call({"GET", "/api/v1/pods", "", {}, ""});
  EXPECT_EQ(status, 401);
  EXPECT_EQ(at(body, {"message"}), "Unauthorized");
}

TEST(ApiServer, ForbiddenTellsWho) {
  TestApi api;
  auto [status, body] = api.call({"GET", "/api/v1/namespaces/default/pods", "", {}, "mallory"});
  EXPECT_EQ(status, 403);
  EXPECT_EQ(at(body, {"message"}),
            "pods is forbidden: User \"mallory\" cannot list resource \"pods\" in API group \"\" in the "
            "namespace \"default\"");
  auto [status2, body2] = api.call({"GET", "/", "", {}, "mallory"});
  EXPECT_EQ(at(body2, {"message"}), "forbidden: User \"mallory\" cannot get path \"/\"");
}

TEST(ApiServer, ImpersonationNeedsPermissionAndChangesTheUser) {
  TestApi api;
  auto [status, body] = api.call({"GET", "/api/v1/pods", "", {{"Impersonate-User", "mallory"}}});
  EXPECT_EQ(status, 403);
  EXPECT_THAT(at(body, {"message"}), HasSubstr("User \"mallory\" cannot list"));
  auto [status2, body2] = api.call({"GET", "/api/v1/pods", "", {{"Impersonate-User", "bob"}}, "alice"});
  EXPECT_EQ(status2, 403);
  EXPECT_EQ(at(body2, {"message"}),
            "users \"bob\" is forbidden: User \"alice\" cannot impersonate resource \"users\" in API group "
            "\"\" at the cluster scope");
}

TEST(ApiServer, ListsAsJsonTableAndMetadata) {
  TestApi api;
  api.create_map("a");
  api.create_map("b");
  auto [status, list] = api.call({"GET", kMaps});
  EXPECT_EQ(at(list, {"kind"}), "ConfigMapList");
  ASSERT_EQ(list.find("items")->as_list()->size(), 2u);
  EXPECT_EQ(at((*list.find("items")->as_list())[0], {"kind"}), "(absent)");
  auto [status2, table] = api.call(
      {"GET", kMaps, "", {{"Accept", "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"}}});
  EXPECT_EQ(at(table, {"kind"}), "Table");
  EXPECT_EQ(at((*table.find("columnDefinitions")->as_list())[1], {"name"}), "Data");
  EXPECT_EQ(at((*table.find("rows")->as_list())[1], {"cells"}), "[\"b\",1,\"0s\"]");
  EXPECT_EQ(at((*table.find("rows")->as_list())[1], {"object", "kind"}), "PartialObjectMetadata");
  auto [status3, metadata] = api.call(
      {"GET", kMaps, "", {{"Accept", "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io"}}});
  EXPECT_EQ(at(metadata, {"kind"}), "PartialObjectMetadataList");
  EXPECT_EQ(at((*metadata.find("items")->as_list())[0], {"metadata", "name"}), "a");
  EXPECT_EQ(at((*metadata.find("items")->as_list())[0], {"data"}), "(absent)");
}

TEST(ApiServer, ProtobufListsHoldWhatJsonListsHold) {
  TestApi api;
  api.create_map("a");
  http::Response response = api.send({"GET", kMaps, "", {{"Accept", "application/vnd.kubernetes.protobuf"}}});
  EXPECT_EQ(response.headers.get("Content-Type"), "application/vnd.kubernetes.protobuf");
  auto object = codec::decode_protobuf_envelope(api.server.scheme, api.text(response));
  ASSERT_TRUE(object) << object.error().message;
  const auto& list = object->get<corev1::ConfigMapList>();
  ASSERT_EQ(list.items.size(), 1u);
  EXPECT_EQ(list.items[0].metadata.name, "a");
  EXPECT_FALSE(list.items[0].metadata.resourceVersion.empty());
  EXPECT_FALSE(list.metadata.resourceVersion.empty());
}

TEST(ApiServer, PagesThroughAList) {
  TestApi api;
  for (const char* name : {"a", "b", "c"}) api.create_map(name);
  auto [status, page] = api.call({"GET", kMaps + "?limit=2"});
  EXPECT_EQ(page.find("items")->as_list()->size(), 2u);
  EXPECT_EQ(at(page, {"metadata", "remainingItemCount"}), "1");
  auto [status2, rest] = api.call(
      {"GET", kMaps + "?limit=2&continue=" + http::percent_encode(at(page, {"metadata", "continue"}))});
  EXPECT_EQ(rest.find("items")->as_list()->size(), 1u);
}

TEST(ApiServer, PatchesInFourWays) {
  TestApi api;
  api.create_map("a");
  auto patch = [&](std::string type, std::string body, std::string query = "") {
    return api.call({"PATCH", kMaps + "/a" + query, std::move(body), {{"Content-Type", std::move(type)}}});
  };
  auto [s1, json] = patch("application/json-patch+json", R"([{"op":"add","path":"/data/j","value":"1"}])");
  EXPECT_EQ(s1, 200) << codec::to_json(json);
  auto [s2, merge] = patch("application/merge-patch+json", R"({"data":{"m":"2"}})");
  EXPECT_EQ(s2, 200);
  auto [s3, strategic] = patch("application/strategic-merge-patch+json", R"({"data":{"s":"3"}})");
  EXPECT_EQ(s3, 200);
  auto [s4, applied] =
      patch("application/apply-patch+yaml",
            "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\ndata:\n  z: '4'\n", "?fieldManager=me");
  EXPECT_EQ(s4, 200) << codec::to_json(applied);
  EXPECT_EQ(at(applied, {"data"}), R"({"j":"1","k":"v","m":"2","s":"3","z":"4"})");
  auto [s5, unsupported] = patch("text/plain", "x");
  EXPECT_EQ(s5, 415);
}

TEST(ApiServer, ApplyCreatesConflictsAndForces) {
  TestApi api;
  auto apply = [&](std::string manager, std::string value, std::string more = "") {
    return api.call({"PATCH",
                     kMaps + "/new?fieldManager=" + manager + more,
                     "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: new}\ndata:\n  k: " + value + "\n",
                     {{"Content-Type", "application/apply-patch+yaml"}}});
  };
  EXPECT_EQ(apply("one", "a").first, 201);
  EXPECT_EQ(apply("one", "b").first, 200);
  auto [status, conflict] = apply("two", "c");
  EXPECT_EQ(status, 409);
  EXPECT_THAT(at(conflict, {"message"}),
              HasSubstr("Apply failed with 1 conflict: conflict with \"one\": .data.k"));
  EXPECT_EQ(apply("two", "c", "&force=true").first, 200);
  auto [status2, nobody] =
      api.call({"PATCH", kMaps + "/new", "{}", {{"Content-Type", "application/apply-patch+yaml"}}});
  EXPECT_EQ(status2, 422);
  EXPECT_THAT(at(nobody, {"message"}),
              HasSubstr("fieldManager: Required value: is required for apply patch"));
}

TEST(ApiServer, UpdatesAndDeletes) {
  TestApi api;
  api.create_map("a");
  auto [status, body] =
      api.call({"PUT", kMaps + "/a",
                R"({"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"a"},"data":{"n":"1"}})"});
  EXPECT_EQ(status, 200);
  EXPECT_EQ(at(body, {"data"}), R"({"n":"1"})");
  auto [status2, wrong] =
      api.call({"PUT", kMaps + "/a", R"({"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"b"}})"});
  EXPECT_EQ(at(wrong, {"message"}), "the name of the object (b) does not match the name on the URL (a)");
  auto [status3, deleted] =
      api.call({"DELETE", kMaps + "/a",
                R"({"kind":"DeleteOptions","apiVersion":"v1","propagationPolicy":"Background"})"});
  EXPECT_EQ(status3, 200);
  EXPECT_EQ(at(deleted, {"status"}), "Success");
  EXPECT_EQ(at(deleted, {"details", "name"}), "a");
  EXPECT_EQ(api.call({"GET", kMaps + "/a"}).first, 404);
}

TEST(ApiServer, DryRunWritesNothing) {
  TestApi api;
  auto [status, made] = api.call({"POST", kMaps + "?dryRun=All", R"({"metadata":{"name":"a"}})"});
  EXPECT_EQ(status, 201);
  EXPECT_EQ(api.call({"GET", kMaps + "/a"}).first, 404);
  auto [status2, invalid] = api.call({"POST", kMaps + "?dryRun=x", R"({"metadata":{"name":"a"}})"});
  EXPECT_EQ(status2, 422);
  EXPECT_THAT(at(invalid, {"message"}), HasSubstr("dryRun: Unsupported value"));
}

http::Buffer next_piece(TestApi& api, http::Response& response) {
  auto& stream = std::get<std::unique_ptr<http::BodyStream>>(response.body);
  return api.server.run(stream->next()).value_or(nullptr);
}

TEST(ApiServer, WatchesAsJsonLines) {
  TestApi api;
  api.create_map("a");
  http::Response response = api.send({"GET", kMaps + "?watch=true"});
  EXPECT_EQ(response.headers.get("Content-Type"), "application/json");
  http::Buffer added = next_piece(api, response);
  ASSERT_TRUE(added);
  EXPECT_THAT(
      *added,
      StartsWith(R"({"type":"ADDED","object":{"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"a")"));
  EXPECT_TRUE(added->ends_with("\n"));
  api.call({"DELETE", kMaps + "/a"});
  http::Buffer deleted = next_piece(api, response);
  ASSERT_TRUE(deleted);
  EXPECT_THAT(*deleted, StartsWith(R"({"type":"DELETED","object":)"));
}

TEST(ApiServer, TwoWatchesShareOneFrame) {
  TestApi api;
  http::Response one = api.send({"GET", kMaps + "?watch=true"});
  http::Response two = api.send({"GET", kMaps + "?watch=true"});
  api.create_map("a");
  http::Buffer first = next_piece(api, one), second = next_piece(api, two);
  EXPECT_EQ(first.get(), second.get());
}

TEST(ApiServer, AWatchFromTooLongAgoEndsWithAnError) {
  TestApi api;
  auto [status, body] = api.call({"GET", kMaps + "?watch=true&resourceVersion=abc"});
  EXPECT_EQ(status, 400);
}

TEST(ApiServer, ScalesADeployment) {
  TestApi api;
  const std::string path = "/apis/apps/v1/namespaces/default/deployments";
  auto [status, made] = api.call(
      {"POST", path,
       R"({"metadata":{"name":"d"},"spec":{"selector":{"matchLabels":{"a":"b"}},"template":{"metadata":{"labels":{"a":"b"}},
       "spec":{"containers":[{"name":"c","image":"i"}]}}}})"});
  ASSERT_EQ(status, 201) << codec::to_json(made);
  auto [s1, scale] = api.call({"GET", path + "/d/scale"});
  EXPECT_EQ(at(scale, {"kind"}), "Scale");
  EXPECT_EQ(at(scale, {"spec", "replicas"}), "1");
  EXPECT_EQ(at(scale, {"status", "selector"}), "a=b");
  auto [s2, patched] = api.call({"PATCH",
                                 path + "/d/scale",
                                 R"({"spec":{"replicas":3}})",
                                 {{"Content-Type", "application/merge-patch+json"}}});
  EXPECT_EQ(s2, 200) << codec::to_json(patched);
  EXPECT_EQ(at(patched, {"spec", "replicas"}), "3");
  auto [s3, after] = api.call({"GET", path + "/d"});
  EXPECT_EQ(at(after, {"spec", "replicas"}), "3");
}

TEST(ApiServer, BindsAPodOnce) {
  TestApi api;
  const std::string path = "/api/v1/namespaces/default/pods";
  ASSERT_EQ(api.call({"POST", path,
                      R"({"metadata":{"name":"p"},"spec":{"containers":[{"name":"c","image":"i"}]}})"})
                .first,
            201);
  const std::string binding =
      R"({"kind":"Binding","apiVersion":"v1","metadata":{"name":"p"},"target":{"kind":"Node","name":"n"}})";
  auto [status, body] = api.call({"POST", path + "/p/binding", binding});
  EXPECT_EQ(status, 201) << codec::to_json(body);
  auto [status2, pod] = api.call({"GET", path + "/p"});
  EXPECT_EQ(at(pod, {"spec", "nodeName"}), "n");
  auto [status3, again] = api.call({"POST", path + "/p/binding", binding});
  EXPECT_EQ(status3, 409);
  EXPECT_EQ(at(again, {"message"}),
            "Operation cannot be fulfilled on pods/binding \"p\": pod p is already assigned to node \"n\"");
}

TEST(ApiServer, FalseIsFalseInCapitalsToo) {
  TestApi api;
  auto apply = [&](const std::string& query, const std::string& colour) {
    return api
        .call({"PATCH",
               kMaps + "/a?" + query,
               R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"},"data":{"colour":")" +
                   colour + R"("}})",
               {{"Content-Type", "application/apply-patch+yaml"}}})
        .first;
  };
  EXPECT_EQ(apply("fieldManager=one", "blue"), 201);
  EXPECT_EQ(apply("fieldManager=two&force=False", "red"), 409);
  EXPECT_EQ(apply("fieldManager=two&force=True", "red"), 200);
}

// As Ansible's k8s_scale does.
TEST(ApiServer, AStrategicPatchOfAScaleCanNameTheScaledKind) {
  TestApi api;
  const std::string path = "/apis/apps/v1/namespaces/default/deployments";
  const std::string deployment =
      R"({"metadata":{"name":"d"},"spec":{"selector":{"matchLabels":{"a":"b"}},"template":{"metadata":{"labels":{"a":"b"}},"spec":{"containers":[{"name":"c","image":"i"}]}}}})";
  ASSERT_EQ(api.call({"POST", path, deployment}).first, 201);
  auto patch = [&](const std::string& type) {
    return api.call(
        {"PATCH",
         path + "/d/scale",
         R"({"kind":"Deployment","metadata":{"name":"d","namespace":"default"},"spec":{"replicas":3}})",
         {{"Content-Type", type}}});
  };
  auto [status, scale] = patch("application/strategic-merge-patch+json");
  EXPECT_EQ(status, 200) << codec::to_json(scale);
  EXPECT_EQ(at(scale, {"kind"}), "Scale");
  EXPECT_EQ(at(scale, {"spec", "replicas"}), "3");
  EXPECT_NE(patch("application/merge-patch+json").first, 200);
}

TEST(ApiServer, EvictionsOfBothVersionsAreTakenAndNoOthers) {
  TestApi api;
  const std::string path = "/api/v1/namespaces/default/pods";
  for (const std::string name : {"a", "b"}) {
    const std::string pod =
        R"({"metadata":{"name":")" + name + R"("},"spec":{"containers":[{"name":"c","image":"i"}]}})";
    EXPECT_EQ(api.call({"POST", path, pod}).first, 201);
  }
  auto evict = [&](const std::string& name, const std::string& version) {
    return api.call({"POST", path + "/" + name + "/eviction",
                     R"({"kind":"Eviction","apiVersion":"policy/)" + version + R"(","metadata":{"name":")" +
                         name + R"("}})"});
  };
  auto [status, refused] = evict("a", "v2");
  EXPECT_EQ(status, 400);
  EXPECT_EQ(at(refused, {"message"}),
            "the API version in the data (policy/v2) does not match the expected API version (policy/v1)");
  EXPECT_EQ(evict("a", "v1").first, 201);
  EXPECT_EQ(evict("b", "v1beta1").first, 201);
  EXPECT_EQ(api.call({"GET", path + "/a"}).first, 404);
  EXPECT_EQ(api.call({"GET", path + "/b"}).first, 404);
}

// kubectl up to 1.20 creates them in it.
TEST(ApiServer, ACronJobOfTheBetaVersionHasTheDefaultsOfTheStableOne) {
  TestApi api;
  const std::string job =
      R"({"metadata":{"name":"j"},"spec":{"schedule":"0 0 1 1 *","jobTemplate":{"spec":{"template":{"spec":{"restartPolicy":"OnFailure","containers":[{"name":"c","image":"i"}]}}}}}})";
  auto [status, made] = api.call({"POST", "/apis/batch/v1beta1/namespaces/default/cronjobs", job});
  EXPECT_EQ(status, 201) << codec::to_json(made);
  EXPECT_EQ(at(made, {"spec", "concurrencyPolicy"}), "Allow");
  auto [status2, read] = api.call({"GET", "/apis/batch/v1/namespaces/default/cronjobs/j"});
  EXPECT_EQ(at(read, {"spec", "successfulJobsHistoryLimit"}), "3");
}

TEST(ApiServer, AWatchEndsWhenItsTimeIsOver) {
  TestApi api;
  http::Response response = api.send({"GET", kMaps + "?watch=true&timeoutSeconds=5"});
  EXPECT_EQ(next_piece(api, response), nullptr);
}

TEST(ApiServer, ProtobufWatchesAreFramed) {
  TestApi api;
  api.create_map("a");
  http::Response response = api.send(
      {"GET", kMaps + "?watch=true", "", {{"Accept", "application/vnd.kubernetes.protobuf;stream=watch"}}});
  EXPECT_EQ(response.headers.get("Content-Type"), "application/vnd.kubernetes.protobuf;stream=watch");
  http::Buffer frame = next_piece(api, response);
  ASSERT_TRUE(frame);
  ASSERT_GT(frame->size(), 4u);
  size_t length = 0;
  for (int i = 0; i < 4; ++i)
    length = length << 8 | static_cast<unsigned char>((*frame)[static_cast<size_t>(i)]);
  EXPECT_EQ(length, frame->size() - 4);
  metav1::WatchEvent event;
  ASSERT_TRUE(
      codec::decode_protobuf(api::type_of<metav1::WatchEvent>(), std::string_view(*frame).substr(4), &event));
  EXPECT_EQ(event.type, "ADDED");
  auto object = codec::decode_protobuf_envelope(api.server.scheme, event.object.raw);
  ASSERT_TRUE(object);
  EXPECT_EQ(object->meta()->name, "a");
}

TEST(ApiServer, DiscoveryPlainAndAggregated) {
  TestApi api;
  auto [s1, versions] = api.call({"GET", "/api"});
  EXPECT_EQ(at(versions, {"versions"}), "[\"v1\"]");
  auto [s2, apps] = api.call({"GET", "/apis/apps/v1"});
  EXPECT_EQ(at(apps, {"groupVersion"}), "apps/v1");
  EXPECT_EQ(at((*apps.find("resources")->as_list())[0], {"name"}), "controllerrevisions");
  http::Response aggregated =
      api.send({"GET",
                "/apis",
                "",
                {{"Accept",
                  "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json"}}});
  EXPECT_EQ(aggregated.headers.get("Content-Type"),
            "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList");
  std::string etag(aggregated.headers.get("ETag"));
  EXPECT_EQ(at(api.json(aggregated), {"kind"}), "APIGroupDiscoveryList");
  http::Response unchanged =
      api.send({"GET",
                "/apis",
                "",
                {{"Accept", "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"},
                 {"If-None-Match", etag}}});
  EXPECT_EQ(unchanged.status, 304);
}

TEST(ApiServer, HealthNamesItsChecks) {
  TestApi api;
  http::Response ping = api.send({"GET", "/readyz/ping"});
  EXPECT_EQ(api.text(ping), "ok");
  http::Response not_ready = api.send({"GET", "/readyz?verbose"});
  EXPECT_EQ(not_ready.status, 500);
  EXPECT_THAT(api.text(not_ready),
              HasSubstr("[+]ping ok\n[-]poststarthook/rbac/bootstrap-roles failed: reason withheld\n"));
  for (const std::string& hook : api.api->start_hooks().names()) api.api->start_hooks().done(hook);
  http::Response ready = api.send({"GET", "/readyz?verbose"});
  EXPECT_EQ(ready.status, 200);
  EXPECT_THAT(api.text(ready), HasSubstr("readyz check passed\n"));
}

TEST(ApiServer, MetricsCountRequests) {
  TestApi api;
  api.create_map("a");
  http::Response response = api.send({"GET", "/metrics"});
  EXPECT_THAT(
      api.text(response),
      HasSubstr(
          "apiserver_request_total{code=\"201\",component=\"apiserver\",dry_run=\"\",group=\"\","
          "resource=\"configmaps\",scope=\"resource\",subresource=\"\",verb=\"POST\",version=\"v1\"} 1"));
}

}  // namespace
}  // namespace xebec::apiserver::testing
