// The garbage collector: deletes what has lost all of its owners, and carries out foreground and orphan
// deletion (k8s.io/kubernetes/pkg/controller/garbagecollector). Always asks the server before it deletes: its
// graph is stale.
#pragma once

#include "client/workqueue.h"
#include "controllers/controller.h"
#include "controllers/garbagecollector/graph.h"

namespace xebec::controllers {

class GarbageCollector final : public Controller {
 public:
  explicit GarbageCollector(const ControllerContext& context);
  ~GarbageCollector() override;
  void start(Scope& scope) override;

 private:
  using Metadata = metav1::PartialObjectMetadata;
  struct Owners {
    std::vector<metav1::OwnerReference> solid;     // exist and stay
    std::vector<metav1::OwnerReference> dangling;  // do not exist
    std::vector<metav1::OwnerReference> waiting;   // wait for their dependents to go
    bool invalid = false;  // one is namespaced while the dependent is not: nobody can tell which is meant
  };

  Task<void> discover_loop(Scope& scope);
  Task<Result<void>> discover(Scope& scope);
  void monitor(const client::DiscoveredResource& resource, Scope& scope);
  void enqueue(const gc::Consequences& consequences);

  Task<Result<void>> attempt_to_delete(std::string uid);
  Task<Result<void>> attempt_to_orphan(std::string uid);
  Task<Result<void>> finish_foreground(gc::Node node);
  Task<Result<Owners>> classify(const Metadata& live);
  enum class Owner { kAbsent, kExists, kWaiting, kInvalid };
  Task<Result<Owner>> look_for(metav1::OwnerReference ref, std::string ns);
  Task<Result<void>> let_owners_go(const gc::Identity& identity);
  Task<Result<void>> drop_owners(const gc::Identity& identity,
                                 const std::vector<metav1::OwnerReference>& refs);
  Task<Result<void>> edit_owners(gc::Identity identity, std::function<bool(metav1::OwnerReference&)> keep);
  // The list as it is to be; nullopt: as it is.
  using MetadataEdit = std::function<Result<std::optional<codec::ValueList>>(const metav1::ObjectMeta&)>;
  Task<Result<void>> edit_list(gc::Identity identity, std::string_view field, MetadataEdit edit);
  Task<Result<void>> remove_finalizer(const gc::Identity& identity, std::string finalizer);
  Task<Result<void>> delete_object(const gc::Identity& identity, std::string resource_version,
                                   std::string policy);
  void tell_misplaced(const gc::Consequences::Misplaced& misplaced);
  void forget(const std::string& uid);
  // Fills in the resource of an identity that only an owner reference gave; false when there is no such kind.
  bool resolve(gc::Identity& identity) const;

  client::Env env_;
  client::Rest rest_;
  gc::Graph graph_;
  std::map<std::string, std::unique_ptr<client::Informer<Metadata>>> monitors_;  // by "group/resource"
  std::map<std::string, client::DiscoveredResource> kinds_;                      // by "group/kind"
  client::WorkQueue<> delete_queue_;
  client::WorkQueue<> orphan_queue_;
  client::EventRecorder recorder_;
};

}  // namespace xebec::controllers
