// Authorization: may this user do this (k8s.io/apiserver/pkg/authorization/authorizer).
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/context.h"

namespace xebec::apiserver {

struct AuthorizationAttributes {
  std::shared_ptr<const UserInfo> user;
  std::string verb;
  bool is_resource = true;
  std::string namespace_, group, version, resource, subresource, name;
  std::string path;  // non-resource requests
  std::string field_selector, label_selector;
};

enum class Decision { kDeny, kAllow, kNoOpinion };

struct Verdict {
  Decision decision = Decision::kNoOpinion;
  std::string reason;            // shown in audit and in 403 bodies
  std::string evaluation_error;  // problems met on the way; may be empty
};

class Authorizer {
 public:
  virtual ~Authorizer() = default;
  // Thread-safe, never blocks: policies are held in memory.
  virtual Verdict authorize(const AuthorizationAttributes& attributes) = 0;
};

// The first verdict that is not kNoOpinion wins; reasons of the others are joined.
std::unique_ptr<Authorizer> make_union_authorizer(std::vector<std::unique_ptr<Authorizer>> members);

}  // namespace xebec::apiserver
