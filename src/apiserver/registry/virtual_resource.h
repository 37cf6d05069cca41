// Resources and subresources that answer a create and store nothing: TokenReview, SubjectAccessReview and its
// kin, SelfSubjectReview, serviceaccounts/token. One implementation each; the table of them is handed to the
// HTTP layer.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "api/object.h"
#include "base/context.h"
#include "base/result.h"
#include "base/task.h"

namespace xebec::apiserver {

struct VirtualCreate {
  std::string namespace_;  // of the request; empty for cluster-scoped resources
  std::string name;        // of the parent object, for subresources
  api::Object object;      // decoded request body, hub type
  bool dry_run = false;
};

class VirtualResource {
 public:
  virtual ~VirtualResource() = default;
  // The object of the answer (201), of the same type as the request's. Authorization has been done.
  // Thread-safe.
  virtual Task<Result<api::Object>> create(Context context, VirtualCreate request) = 0;
};

// By "group/resource" or "group/resource/subresource", e.g. "authentication.k8s.io/tokenreviews",
// "/serviceaccounts/token".
using VirtualResources = std::map<std::string, std::unique_ptr<VirtualResource>, std::less<>>;

}  // namespace xebec::apiserver
