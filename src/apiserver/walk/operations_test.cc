// Every operation of every resource, with good input and with bad, and that these are upstream's operations.
#include "apiserver/walk/operations.h"

#include <gmock/gmock.h>

#include "apiserver/http/deprecation.h"
#include "apiserver/test_instance.h"
#include "apiserver/walk/backend.h"
#include "apiserver/walk/stored.h"

namespace xebec::apiserver::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

// Of all versions: those of today that have to be enabled, and those that upstream has removed.
std::vector<const api::Resource*> all_resources() {
  std::vector<const api::Resource*> out;
  for (const api::Resource* resource : walk_scheme().resources())
    if (why_not_served("/" + std::string(resource->plural)).empty() && why_not_served(*resource).empty())
      out.push_back(resource);
  return out;
}

std::vector<std::string> all_keys() {
  std::vector<std::string> out;
  for (const api::Resource* resource : all_resources()) out.push_back(walk_key(*resource));
  return out;
}

std::string replaced(std::string text, std::string_view what, std::string_view by) {
  for (size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + by.size()))
    text.replace(at, what.size(), by);
  return text;
}

std::string subresource_of(const Operation& op) {
  return op.subresource ? std::string(op.subresource->name) : std::string();
}

class EveryOperation : public ::testing::TestWithParam<std::string> {
 protected:
  static void SetUpTestSuite() {
    InstanceOptions options;
    options.runtime_config = {"api/all=true"};
    auto backend = std::make_shared<Backend>();
    options.kubelet_clients = [backend](const std::string&, int) { return backend; };
    options.target_clients = [backend](const std::string&) { return backend; };
    instance_ = std::make_unique<TestInstance>(std::move(options));
  }
  static void TearDownTestSuite() { instance_.reset(); }

  void SetUp() override {
    for (const api::Resource* resource : all_resources())
      if (walk_key(*resource) == GetParam()) resource_ = resource;
    ASSERT_TRUE(resource_);
    described_ = walk_key(described_as(*resource_));
    operations_ = operations_of(*resource_);
    ASSERT_FALSE(operations_.empty());
  }

  // What others lean on; deletecollection may just have taken it away.
  void furnish() {
    post("/api/v1/namespaces/default/serviceaccounts", R"({"metadata":{"name":"default"}})");
    post("/api/v1/nodes",
         R"({"metadata":{"name":"n"},"status":{"addresses":[{"type":"InternalIP","address":"192.0.2.1"}]}})");
  }
  void post(const std::string& path, const std::string& body) {
    const int status = instance_->call({"POST", path, body}).first;
    EXPECT_TRUE(status == 201 || status == 409) << path << ": " << status;
  }

  // A new object for the operation, of a name of its own where names are free.
  std::string fresh(const Operation& op) {
    furnish();
    Walker walker = walker_of(*resource_);
    const bool named = walker.name() != "walker";
    std::string name = named ? walker.name() : "walker-" + std::to_string(++count_);
    walker.object.set_path({"metadata", "name"}, name);
    if (resource_->plural == "componentstatuses") return "etcd-0";
    if (!resource_->stored()) return name;
    if (named) instance_->call({"DELETE", walker.item()});
    if (resource_->plural == "pods" && subresource_of(op) != "binding")
      walker.object.set_path({"spec", "nodeName"}, "n");
    auto [status, made] = instance_->call({"POST", walker.collection(), walker.body()});
    EXPECT_EQ(status, 201) << codec::to_json(made);
    if (op.subresource && op.subresource->name == "proxy") open_to_proxies(walker);
    return name;
  }
  void open_to_proxies(const Walker& walker) {
    const std::string item = walker.item();
    if (resource_->plural == "pods") {
      const std::string status = R"({"status":{"podIP":"192.0.2.7","podIPs":[{"ip":"192.0.2.7"}]}})";
      EXPECT_EQ(patch(item + "/status", status), 200);
    } else if (resource_->plural == "nodes") {
      const std::string status = R"({"status":{"addresses":[{"type":"InternalIP","address":"192.0.2.1"}]}})";
      EXPECT_EQ(patch(item + "/status", status), 200);
    } else {
      post("/api/v1/namespaces/default/pods",
           R"({"metadata":{"name":"behind"},"spec":{"containers":[{"name":"c","image":"i"}]}})");
      const std::string status = R"({"status":{"podIP":"192.0.2.7","podIPs":[{"ip":"192.0.2.7"}]}})";
      EXPECT_EQ(patch("/api/v1/namespaces/default/pods/behind/status", status), 200);
      post("/api/v1/namespaces/default/endpoints",
           R"({"metadata":{"name":")" + walker.name() +
               R"("},"subsets":[{"addresses":[{"ip":"192.0.2.7","targetRef":{"kind":"Pod","name":"behind",
                  "namespace":"default"}}],"ports":[{"port":80}]}]})");
    }
  }
  int patch(const std::string& path, const std::string& body) {
    return instance_->call({"PATCH", path, body, {{"Content-Type", "application/merge-patch+json"}}}).first;
  }

  static std::string target(const Operation& op, const std::string& name) {
    std::string out = replaced(replaced(op.path, "{namespace}", kNamespace), "{name}", name);
    out = replaced(out, "{path}", "some/where");
    if (op.watch) out += "?timeoutSeconds=1&resourceVersion=0";
    return out;
  }

  // A good body for the object of that name.
  codec::Value body_of(const Operation& op, const std::string& name) {
    const std::string sub = subresource_of(op);
    if (sub == "binding" || resource_->plural == "bindings")
      return parsed(R"({"metadata":{"name":")" + name + R"("},"target":{"kind":"Node","name":"n"}})");
    if (sub == "eviction")
      return parsed(R"({"apiVersion":"policy/v1","kind":"Eviction","metadata":{"name":")" + name + R"("}})");
    if (sub == "token") return parsed("{}");
    if (sub == "rollback") return parsed(R"({"name":")" + name + R"(","rollbackTo":{"revision":0}})");
    if (op.method == "PUT") {
      // What is there, in the form that the operation writes.
      const bool readable = op.subresource == nullptr || has_verb(*op.subresource, "get");
      const std::string from =
          readable ? target(op, name) : target(op, name).substr(0, target(op, name).rfind('/'));
      auto [status, current] = instance_->call({"GET", from});
      EXPECT_EQ(status, 200) << from;
      if (needs_version(sub)) current.set_path({"status", "resourceVersion"}, "1");
      return current;
    }
    Walker walker = walker_of(*resource_);
    if (walker.name() == "walker") walker.object.set_path({"metadata", "name"}, name);
    return walker.object;
  }
  // The status of a migration is nothing without the version that it goes by.
  bool needs_version(const std::string& sub) const {
    return sub == "status" && resource_->plural == "storageversionmigrations";
  }
  static bool has_verb(const api::Subresource& sub, std::string_view verb) {
    return std::ranges::find(sub.verbs, verb) != sub.verbs.end();
  }

  Call good(const Operation& op) {
    // Creating needs a name that is still free; binding a Pod that is there.
    const bool creates = op.method == "POST" && !op.subresource && resource_->plural != "bindings";
    std::string name = creates ? "walker-" + std::to_string(++count_) : fresh(op);
    if (creates) furnish();
    if (resource_->plural == "bindings") name = unbound_pod();
    Call call{op.method, target(op, name)};
    if (op.connects()) {
      if (op.subresource->name == "proxy") return call;
      call.headers = {{"Connection", "Upgrade"}, {"Upgrade", "SPDY/3.1"}};
    } else if (op.method == "POST" || op.method == "PUT") {
      call.body = codec::to_json(body_of(op, name));
    } else if (op.method == "PATCH") {
      call.body = needs_version(subresource_of(op)) ? R"({"status":{"resourceVersion":"1"}})" : "{}";
      call.headers = {{"Content-Type", "application/merge-patch+json"}};
    }
    if (creates && resource_->stored() && walker_of(*resource_).name() != "walker")
      instance_->call({"DELETE", walker_of(*resource_).item()});
    return call;
  }
  std::string unbound_pod() {
    std::string name = "walker-" + std::to_string(++count_);
    post("/api/v1/namespaces/default/pods",
         R"({"metadata":{"name":")" + name + R"("},"spec":{"containers":[{"name":"c","image":"i"}]}})");
    return name;
  }

  // A call that must be refused with that code and reason.
  void refused(Call call, int code, std::string_view reason, const std::string& words = "") {
    const std::string what = call.method + " " + call.target;
    auto [status, body] = instance_->call(call);
    EXPECT_EQ(status, code) << what << ": " << codec::to_json(body);
    if (call.method == "HEAD") return;
    EXPECT_EQ(at(body, {"kind"}), "Status") << what;
    EXPECT_EQ(at(body, {"status"}), "Failure") << what;
    EXPECT_EQ(at(body, {"code"}), std::to_string(code)) << what;
    EXPECT_EQ(at(body, {"reason"}), reason) << what;
    EXPECT_THAT(at(body, {"message"}), HasSubstr(words)) << what;
  }

  static std::unique_ptr<TestInstance> instance_;
  static int count_;
  const api::Resource* resource_ = nullptr;
  std::string described_;  // the version that the lists of special kinds name
  std::vector<Operation> operations_;
};
std::unique_ptr<TestInstance> EveryOperation::instance_;
int EveryOperation::count_ = 0;

INSTANTIATE_TEST_SUITE_P(Walk, EveryOperation, ::testing::ValuesIn(all_keys()), test_name);

TEST_P(EveryOperation, SucceedsWithGoodInput) {
  for (const Operation& op : operations_) {
    SCOPED_TRACE(op.method + " " + op.path);
    Call call = good(op);
    http::Response response = instance_->send(call);
    if (!op.connects()) {
      EXPECT_EQ(response.status, op.method == "POST" ? 201 : 200) << instance_->text(response);
    } else if (op.subresource->name != "proxy") {
      EXPECT_EQ(response.status, 101);
    } else if (op.path.ends_with("{path}")) {
      EXPECT_EQ(response.status, 200);
      EXPECT_EQ(instance_->text(response), op.method + " /some/where");
    } else if (op.method == "GET" || op.method == "HEAD") {
      EXPECT_EQ(response.status, 301);
      EXPECT_EQ(response.headers.get("Location"), call.target + "/");
    } else {
      EXPECT_EQ(response.status, 200);
      EXPECT_EQ(instance_->text(response), op.method + " /");
    }
  }
}

// Whatever the verb; nothing else is said of new versions.
TEST_P(EveryOperation, WarnsOfOldVersions) {
  for (const Operation& op : operations_) {
    if (op.connects()) continue;
    SCOPED_TRACE(op.method + " " + op.path);
    std::vector<std::string> warnings;
    http::Response response = instance_->send(good(op));
    for (const auto& [name, value] : response.headers)
      if (name == "Warning" && value.find(" is deprecated") != std::string::npos) warnings.push_back(value);
    const std::string text =
        deprecation_warning(instance_->instance->scheme(), *resource_, op.subresource, "1.36");
    if (text.empty()) {
      EXPECT_THAT(warnings, ::testing::IsEmpty());
    } else {
      EXPECT_THAT(warnings, ::testing::Contains("299 - \"" + text + "\""));
    }
    EXPECT_TRUE(!resource_->removed || op.subresource || !text.empty());
  }
}

TEST_P(EveryOperation, RefusesUnknownObjects) {
  for (const Operation& op : operations_) {
    if (!op.item || op.watch) continue;
    SCOPED_TRACE(op.method + " " + op.path);
    // That makes them; even by way of their status, as the strategies of both are one.
    if (op.method == "PUT" && kCreatedByUpdate.contains(described_)) continue;
    Call call = good(op);
    call.target = target(op, "nobody");
    if (!call.body.empty() && op.method != "PATCH") {
      codec::Value body = parsed(call.body);
      body.set_path({"metadata", "name"}, "nobody");
      if (subresource_of(op) == "rollback") body.set_path({"name"}, "nobody");
      call.body = codec::to_json(body);
    }
    const std::string group =
        resource_->storage_group.empty() ? "" : "." + std::string(resource_->storage_group);
    // A Service is proxied to by its endpoints.
    const bool by_endpoints = resource_->plural == "services" && subresource_of(op) == "proxy";
    const std::string what = by_endpoints ? "endpoints" : std::string(resource_->plural) + group;
    refused(std::move(call), 404, "NotFound", op.method == "HEAD" ? "" : what + " \"nobody\" not found");
  }
}

TEST_P(EveryOperation, RefusesBodiesItCannotRead) {
  for (const Operation& op : operations_) {
    if (op.reads() || op.connects()) continue;
    SCOPED_TRACE(op.method + " " + op.path);
    Call call = good(op);
    call.body = "{";
    if (op.method == "PATCH") {
      refused(call, 400, "BadRequest");
      call.headers = {{"Content-Type", "text/plain"}};
      refused(call, 415, "UnsupportedMediaType", "accepted media types include: application/json-patch+json");
      continue;
    }
    refused(call, 400, "BadRequest");
    call.headers = {{"Content-Type", "text/plain"}};
    refused(call, 415, "UnsupportedMediaType",
            "the body of the request was in an unknown format - accepted media types include: "
            "application/json, application/yaml, application/vnd.kubernetes.protobuf");
    call.headers.clear();
    call.body = R"({"kind":"Nonsense","apiVersion":"example.com/v1"})";
    refused(call, 400, "BadRequest");
  }
}

TEST_P(EveryOperation, RefusesQueriesItCannotRead) {
  for (const Operation& op : operations_) {
    if (op.connects() || subresource_of(op) == "log") continue;
    SCOPED_TRACE(op.method + " " + op.path);
    Call call = good(op);
    if (op.method == "GET" && !op.item) {
      call.target = target(op, "") + (op.watch ? "&" : "?") + "limit=many";
      refused(call, 400, "BadRequest", "strconv.ParseInt: parsing \"many\": invalid syntax");
    } else if (op.method != "GET") {
      call.target += "?dryRun=Some";
      refused(call, 422, "Invalid", "dryRun: Unsupported value: [\"Some\"]: supported values: \"All\"");
    }
    call = good(op);
    call.headers.emplace_back("Accept", "text/html");
    refused(call, 406, "NotAcceptable", "only the following media types are accepted: application/json");
  }
}

TEST_P(EveryOperation, RefusesOtherMethods) {
  std::map<std::string, std::set<std::string>> methods;
  for (const Operation& op : operations_) methods[op.path].insert(op.method);
  for (const auto& [path, allowed] : methods) {
    for (const std::string method : {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}) {
      if (allowed.contains(method)) continue;
      Call call{method, replaced(replaced(path, "{namespace}", kNamespace), "{name}", "walker"), "{}"};
      refused(std::move(call), 405, "MethodNotAllowed",
              "the server does not allow this method on the requested resource");
    }
  }
}

using Listed = std::set<std::pair<std::string, std::string>>;

void add_operations(const api::Resource& resource, Listed& to) {
  for (const Operation& op : operations_of(resource)) to.emplace(op.path, op.method);
}

// What upstream publishes of the resources that are wanted.
void read_upstream(const codec::Value& paths, const api::Scheme& scheme, bool (*wanted)(const api::Resource&),
                   Listed& resources, std::vector<std::string>& others) {
  for (const auto& [path, methods] : *paths.as_map()) {
    if (!why_not_served(path).empty()) continue;
    http::Request request;
    request.path = path;
    const RequestInfo info = parse_request_info(request);
    if (!info.is_resource) {
      others.push_back(path);
      continue;
    }
    const api::Resource* resource = scheme.resource(info.group, info.version, info.resource);
    if (resource && !wanted(*resource)) continue;  // of a version that has to be enabled, say
    for (const auto& [method, operation] : *methods.as_map()) {
      if (operation.is_map()) {
        std::string upper = method;
        std::ranges::transform(upper, upper.begin(), [](unsigned char c) { return std::toupper(c); });
        resources.emplace(path, upper);
      }
    }
  }
}

codec::Value upstream_paths(std::string_view release = "paths") {
  std::ifstream file(std::filesystem::path(XEBEC_SHARED_DATA) / "facts/paths.json");
  if (!file) return {};
  std::stringstream text;
  text << file.rdbuf();
  const codec::Value facts = parsed(text.str());
  return facts.find(release) ? *facts.find(release) : codec::Value();
}

TEST(WalkedOperations, AreThoseUpstreamPublishes) {
  const codec::Value paths = upstream_paths();
  if (!paths.is_map()) GTEST_SKIP() << "no list of upstream's paths";
  const api::Scheme scheme = api::Scheme::builtin();
  Listed theirs, ours;
  std::vector<std::string> others;
  read_upstream(paths, scheme, walks, theirs, others);
  for (const api::Resource* resource : all_resources())
    if (walks(*resource)) add_operations(*resource, ours);
  EXPECT_GT(ours.size(), 600u);
  EXPECT_EQ(ours, theirs);
}

// What 1.20 published and 1.36 does not.
TEST(WalkedOperations, OfRemovedVersionsAreThoseUpstreamPublished) {
  const codec::Value paths = upstream_paths("pathsOnly1.20.2");
  if (!paths.is_map()) GTEST_SKIP() << "no list of upstream's paths";
  Listed theirs, ours;
  std::vector<std::string> others;
  const auto of_that_time = [](const api::Resource& r) { return r.removed && r.since == "1.20.2"; };
  read_upstream(paths, walk_scheme(), of_that_time, theirs, others);
  for (const api::Resource* resource : all_resources())
    if (of_that_time(*resource)) add_operations(*resource, ours);
  EXPECT_GT(ours.size(), 380u);
  EXPECT_EQ(ours, theirs);
}

TEST(WalkedOperations, DiscoveryAndDocumentsAnswer) {
  const codec::Value paths = upstream_paths();
  if (!paths.is_map()) GTEST_SKIP() << "no list of upstream's paths";
  TestInstance instance;
  Listed resources;
  std::vector<std::string> others;
  read_upstream(paths, instance.instance->scheme(), walks, resources, others);
  EXPECT_GT(others.size(), 50u);
  // Group versions of 1.36 that must be enabled first; those of removed resources are served beside them.
  std::set<std::string> enabled;
  for (const api::Resource* resource : instance.instance->scheme().resources()) {
    if (!resource->enabled_by_default || resource->group.empty()) continue;
    const std::string group = "/apis/" + std::string(resource->group) + "/";
    enabled.insert(group);
    enabled.insert(group + std::string(resource->version) + "/");
  }
  for (const std::string& path : others) {
    http::Response response = instance.send({"GET", path});
    const bool served = !path.starts_with("/apis/") || path == "/apis/" || enabled.contains(path);
    EXPECT_EQ(response.status, served ? 200 : 404) << path;
    const std::string text = instance.text(response);
    // A group that is served words the answer for versions that are not.
    const bool worded = served || enabled.contains(path.substr(0, path.find('/', 6) + 1));
    EXPECT_THAT(text, StartsWith(worded ? "{" : "404 page not found")) << path;
  }
}

// resources.json against the table the server is built from.
TEST(WalkedResources, AreUpstreams) {
  std::ifstream file(std::filesystem::path(XEBEC_SHARED_DATA) / "facts/resources.json");
  if (!file) GTEST_SKIP() << "no list of upstream's resources";
  std::stringstream text;
  text << file.rdbuf();
  const codec::Value facts = parsed(text.str());
  const api::Scheme scheme = api::Scheme::builtin();
  size_t count = 0;
  for (const codec::Value& fact : *facts.find("resources")->as_list()) {
    if (!fact.find("enabledByDefault") || !fact.find("enabledByDefault")->bool_or(false)) continue;
    if (fact.find("removed")) continue;
    const std::string group = at(fact, {"group"}), plural = at(fact, {"plural"});
    const api::Resource* resource = scheme.resource(group, at(fact, {"version"}), plural);
    ASSERT_TRUE(resource) << plural;
    EXPECT_TRUE(walks(*resource)) << plural;
    EXPECT_EQ(resource->kind, at(fact, {"kind"}));
    EXPECT_EQ(resource->namespaced, fact.find("namespaced")->bool_or(false)) << plural;
    EXPECT_EQ(resource->verbs.size(), fact.find("verbs")->as_list()->size()) << plural;
    EXPECT_EQ(resource->subresources.size(), fact.find("subresources")->as_list()->size()) << plural;
    EXPECT_EQ(resource->columns.size(), fact.find("columns")->as_list()->size()) << plural;
    ++count;
  }
  EXPECT_EQ(count, static_cast<size_t>(std::ranges::count_if(
                       scheme.resources(), [](const api::Resource* r) { return walks(*r); })));
  EXPECT_GT(count, 60u);
}

}  // namespace
}  // namespace xebec::apiserver::testing
