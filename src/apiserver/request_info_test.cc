#include "apiserver/request_info.h"

#include <gtest/gtest.h>

namespace xebec::apiserver {
namespace {

struct Case {
  const char* method;
  const char* url;
  const char* verb;
  const char* prefix;
  const char* group;
  const char* version;
  const char* ns;
  const char* resource;
  const char* subresource;
  const char* name;
  bool is_resource = true;
};

http::Request request_of(std::string method, std::string url) {
  http::Request request;
  request.method = std::move(method);
  size_t question = url.find('?');
  request.path = url.substr(0, question);
  if (question != std::string::npos) request.query = url.substr(question + 1);
  return request;
}

class RequestInfoTable : public testing::TestWithParam<Case> {};

TEST_P(RequestInfoTable, IsAsUpstream) {
  const Case& c = GetParam();
  RequestInfo info = parse_request_info(request_of(c.method, c.url));
  EXPECT_EQ(info.is_resource, c.is_resource) << c.url;
  EXPECT_EQ(info.verb, c.verb) << c.url;
  EXPECT_EQ(info.api_prefix, c.prefix) << c.url;
  EXPECT_EQ(info.group, c.group) << c.url;
  EXPECT_EQ(info.version, c.version) << c.url;
  EXPECT_EQ(info.namespace_, c.ns) << c.url;
  EXPECT_EQ(info.resource, c.resource) << c.url;
  EXPECT_EQ(info.subresource, c.subresource) << c.url;
  EXPECT_EQ(info.name, c.name) << c.url;
}

INSTANTIATE_TEST_SUITE_P(
    All, RequestInfoTable,
    testing::Values(
        Case{"GET", "/api/v1/namespaces", "list", "api", "", "v1", "", "namespaces", "", ""},
        Case{"GET", "/api/v1/namespaces/other", "get", "api", "", "v1", "other", "namespaces", "", "other"},
        Case{"PUT", "/api/v1/namespaces/other/finalize", "update", "api", "", "v1", "other", "namespaces",
             "finalize", "other"},
        Case{"GET", "/api/v1/namespaces/other/pods", "list", "api", "", "v1", "other", "pods", "", ""},
        Case{"GET", "/api/v1/namespaces/other/pods/foo", "get", "api", "", "v1", "other", "pods", "", "foo"},
        Case{"HEAD", "/api/v1/namespaces/other/pods/foo", "get", "api", "", "v1", "other", "pods", "", "foo"},
        Case{"GET", "/api/v1/pods", "list", "api", "", "v1", "", "pods", "", ""},
        Case{"GET", "/api/v1/pods?watch=true", "watch", "api", "", "v1", "", "pods", "", ""},
        Case{"GET", "/api/v1/pods?watch=false", "list", "api", "", "v1", "", "pods", "", ""},
        Case{"GET", "/api/v1/pods?watch=False", "list", "api", "", "v1", "", "pods", "", ""},
        Case{"GET", "/api/v1/pods?watch=0", "list", "api", "", "v1", "", "pods", "", ""},
        Case{"GET", "/api/v1/pods?watch", "watch", "api", "", "v1", "", "pods", "", ""},
        Case{"GET", "/api/v1/nodes?fieldSelector=metadata.name%3Dn1&watch=1", "watch", "api", "", "v1", "",
             "nodes", "", "n1"},
        Case{"GET", "/api/v1/watch/pods", "watch", "api", "", "v1", "", "pods", "", ""},
        Case{"GET", "/api/v1/watch/namespaces/other/pods/foo", "watch", "api", "", "v1", "other", "pods", "",
             "foo"},
        Case{"POST", "/api/v1/namespaces/other/pods", "create", "api", "", "v1", "other", "pods", "", ""},
        Case{"POST", "/api/v1/namespaces/other/pods/foo/binding", "create", "api", "", "v1", "other", "pods",
             "binding", "foo"},
        Case{"GET", "/api/v1/nodes/n1/proxy/stats/summary", "get", "api", "", "v1", "", "nodes", "proxy",
             "n1"},
        Case{"PATCH", "/apis/apps/v1/namespaces/d/deployments/x/status", "patch", "apis", "apps", "v1", "d",
             "deployments", "status", "x"},
        Case{"DELETE", "/apis/apps/v1/namespaces/d/deployments/x", "delete", "apis", "apps", "v1", "d",
             "deployments", "", "x"},
        Case{"DELETE", "/apis/apps/v1/namespaces/d/deployments", "deletecollection", "apis", "apps", "v1",
             "d", "deployments", "", ""},
        Case{"GET", "/api/v1", "get", "", "", "", "", "", "", "", false},
        Case{"GET", "/apis/apps/v1", "get", "", "", "", "", "", "", "", false},
        Case{"GET", "/", "get", "", "", "", "", "", "", "", false},
        Case{"POST", "/healthz", "post", "", "", "", "", "", "", "", false}));

TEST(RequestInfo, PartsKeepWhatFollowsTheSubresource) {
  RequestInfo info = parse_request_info(request_of("GET", "/api/v1/namespaces/d/services/s/proxy/a/b"));
  EXPECT_EQ(info.parts, (std::vector<std::string>{"services", "s", "proxy", "a", "b"}));
}

TEST(RequestInfo, SelectorsAreKeptForAuthorization) {
  RequestInfo info =
      parse_request_info(request_of("GET", "/api/v1/pods?fieldSelector=spec.nodeName%3Dn&labelSelector=a"));
  EXPECT_EQ(info.field_selector, "spec.nodeName=n");
  EXPECT_EQ(info.label_selector, "a");
}

}  // namespace
}  // namespace xebec::apiserver
