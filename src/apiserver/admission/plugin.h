// Admission: plugins that change or refuse writes after authorization (k8s.io/apiserver/pkg/admission).
// One plugin a folder or file, one registration line each in admission/chain.cc, in upstream's order.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "api/object.h"
#include "base/context.h"
#include "base/result.h"
#include "base/task.h"

namespace xebec::apiserver {

enum class Operation { kCreate, kUpdate, kDelete, kConnect };
// As AdmissionReview has it: "CREATE".
std::string_view operation_name(Operation operation);

// One write on its way in. Objects are hub types; both pointers outlive the call.
struct AdmissionAttributes {
  Operation operation = Operation::kCreate;
  std::shared_ptr<const UserInfo> user;
  api::GroupVersionKind kind;          // of the request
  api::GroupVersionResource resource;  // of the request
  std::string subresource;
  std::string namespace_;
  std::string name;                         // may be empty on create
  api::Object* object = nullptr;            // the new object; nullptr on delete; mutating plugins change it
  const api::Object* old_object = nullptr;  // on update and delete
  const api::Object* options = nullptr;  // CreateOptions, UpdateOptions, DeleteOptions, PodExecOptions, ...
  bool dry_run = false;
  std::vector<std::string>* warnings = nullptr;  // become Warning headers
};

class AdmissionPlugin {
 public:
  virtual ~AdmissionPlugin() = default;
  virtual std::string_view name() const = 0;
  virtual bool handles(Operation operation) const = 0;
  // Mutating pass: may change *attributes.object. Thread-safe.
  virtual Task<Result<void>> admit(const Context& context, AdmissionAttributes& attributes);
  // Validating pass: looks only.
  virtual Task<Result<void>> validate(const Context& context, const AdmissionAttributes& attributes);
};

class AdmissionMetrics;

// Runs every plugin in order; the first refusal ends it.
class AdmissionChain {
 public:
  explicit AdmissionChain(std::vector<std::unique_ptr<AdmissionPlugin>> plugins);
  // `metrics`: where the plugins are timed; nullptr: nowhere.
  AdmissionChain(std::vector<std::unique_ptr<AdmissionPlugin>> plugins,
                 std::unique_ptr<AdmissionMetrics> metrics);
  AdmissionChain(AdmissionChain&&) noexcept;
  ~AdmissionChain();
  Task<Result<void>> admit(const Context& context, AdmissionAttributes& attributes) const;
  Task<Result<void>> validate(const Context& context, const AdmissionAttributes& attributes) const;

 private:
  std::vector<std::unique_ptr<AdmissionPlugin>> plugins_;
  std::unique_ptr<AdmissionMetrics> metrics_;
};

}  // namespace xebec::apiserver
