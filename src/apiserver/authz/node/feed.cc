// Keeps the graph equal to what is stored.
#include "api/gen/resourcev1.h"
#include "api/gen/storagev1.h"
#include "apiserver/authz/node/authorizer.h"
#include "apiserver/cache/entry.h"
#include "apiserver/cache/follow.h"
#include "apiserver/registry/registry.h"

namespace xebec::apiserver::node {
namespace {

void show(Graph& graph, const corev1::Pod& pod) { graph.set_pod(pod); }
void show(Graph& graph, const corev1::PersistentVolume& volume) { graph.set_volume(volume); }
void show(Graph& graph, const storagev1::VolumeAttachment& attachment) {
  graph.set_owned("volumeattachments", attachment.metadata.name, attachment.spec.nodeName);
}
void show(Graph& graph, const resourcev1::ResourceSlice& slice) {
  graph.set_owned("resourceslices", slice.metadata.name, slice.spec.nodeName.value_or(""));
}

void hide(Graph& graph, std::string_view resource, const EntryMeta& meta) {
  if (resource == "pods") {
    graph.remove_pod(meta.namespace_, meta.name);
  } else if (resource == "persistentvolumes") {
    graph.remove_volume(meta.name);
  } else {
    graph.remove_owned(resource, meta.name);
  }
}

template <class T>
class GraphFollower final : public Follower {
 public:
  GraphFollower(std::shared_ptr<Graph> graph, std::string_view resource, OneShot<bool> done)
      : graph_(std::move(graph)), resource_(resource), done_(std::move(done)) {}
  void set(const Entry& entry) override {
    auto object = entry.object();
    if (object) show(*graph_, (*object)->template get<T>());
  }
  void remove(const Entry& entry) override { hide(*graph_, resource_, entry.meta()); }
  void synced() override { done_.set(true); }

 private:
  std::shared_ptr<Graph> graph_;
  std::string_view resource_;
  OneShot<bool> done_;
};

Task<void> run(Registry& registry, std::unique_ptr<Follower> follower, CancelToken token) {
  co_await follow(registry, *follower, token);
}

}  // namespace

std::vector<OneShot<bool>> feed_graph(Scope& scope, const RegistryMap& registries,
                                      std::shared_ptr<Graph> graph) {
  std::vector<OneShot<bool>> all;
  auto feed = [&]<class T>(std::type_identity<T>, std::string_view group, std::string_view resource) {
    Registry* registry = registries.find(group, resource);
    if (registry == nullptr) return;
    OneShot<bool>& done = all.emplace_back();
    scope.spawn(run(*registry, std::make_unique<GraphFollower<T>>(graph, resource, done), scope.token()));
  };
  feed(std::type_identity<corev1::Pod>(), "", "pods");
  feed(std::type_identity<corev1::PersistentVolume>(), "", "persistentvolumes");
  feed(std::type_identity<storagev1::VolumeAttachment>(), "storage.k8s.io", "volumeattachments");
  feed(std::type_identity<resourcev1::ResourceSlice>(), "resource.k8s.io", "resourceslices");
  return all;
}

}  // namespace xebec::apiserver::node
