// What a request's URL and method mean: the resource, the verb, the parts of the path
// (k8s.io/apiserver/pkg/endpoints/request RequestInfo).
#pragma once

#include <string>
#include <vector>

#include "http/message.h"

namespace xebec::apiserver {

struct RequestInfo {
  bool is_resource = false;  // false for /healthz, /api, /apis/apps, ...
  std::string path;          // decoded
  std::string
      verb;  // get list watch create update patch delete deletecollection; lower-case method otherwise
  std::string api_prefix;  // "api" or "apis"
  std::string group;
  std::string version;
  std::string namespace_;
  std::string resource;
  std::string subresource;
  std::string name;
  std::vector<std::string> parts;  // of the path after the namespace: resource, name, subresource, rest...
  std::string field_selector;
  std::string label_selector;
};

RequestInfo parse_request_info(const http::Request& request);

}  // namespace xebec::apiserver
