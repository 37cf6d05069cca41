#include "sim/workloads.h"

#include <fmt/format.h>

namespace xebec::sim {
namespace {

bool is_available(const corev1::Pod& pod) {
  if (pod.metadata.deletionTimestamp) return false;
  for (const corev1::PodCondition& condition : pod.status.conditions) {
    if (condition.type == "Ready") return condition.status == "True";
  }
  return false;
}

bool is_active(const corev1::Pod& pod) {
  return !pod.metadata.deletionTimestamp && pod.status.phase != "Succeeded" && pod.status.phase != "Failed";
}

Task<void> follow(client::InformerBase& informer, CancelToken token, int& running) {
  co_await informer.run(token);
  --running;
}

}  // namespace

appsv1::Deployment hue(int32_t replicas, std::string image, std::string ns) {
  appsv1::Deployment out;
  out.metadata.name = "hue-learn";
  out.metadata.namespace_ = std::move(ns);
  out.spec.replicas = replicas;
  out.spec.selector.emplace().matchLabels["app"] = "hue";
  out.spec.template_.metadata.labels["app"] = "hue";
  corev1::Container& container = out.spec.template_.spec.containers.emplace_back();
  container.name = "hue-learner";
  container.image = std::move(image);
  container.resources.requests["cpu"] = api::Quantity::must_parse("200m");
  return out;
}

int32_t available(Cluster& cluster, std::string ns) {
  auto found = cluster.await(cluster.rest().get<appsv1::Deployment>(Context(), ns, "hue-learn"));
  return found ? found->status.availableReplicas : -1;
}

bool becomes_available(Cluster& cluster, int32_t replicas, int seconds, std::string ns) {
  for (int i = 0; i < seconds; ++i) {
    if (available(cluster, ns) == replicas) return true;
    cluster.run_for(std::chrono::seconds(1));
  }
  return false;
}

bool rolled_out(Cluster& cluster, int seconds) {
  for (int i = 0; i < seconds; ++i) {
    auto found = cluster.await(cluster.rest().get<appsv1::Deployment>(Context(), "default", "hue-learn"));
    if (found) {
      const appsv1::DeploymentStatus& status = found->status;
      int32_t wanted = found->spec.replicas.value_or(1);
      if (status.observedGeneration >= found->metadata.generation && status.updatedReplicas == wanted &&
          status.replicas == wanted && status.availableReplicas == wanted)
        return true;
    }
    cluster.run_for(std::chrono::seconds(1));
  }
  return false;
}

bool change(Cluster& cluster, const std::function<void(appsv1::Deployment&)>& change) {
  for (int attempt = 0; attempt < 50; ++attempt) {
    auto found = cluster.await(cluster.rest().get<appsv1::Deployment>(Context(), "default", "hue-learn"));
    if (found) {
      change(*found);
      if (cluster.await(cluster.rest().update(Context(), *found))) return true;
    }
    cluster.run_for(std::chrono::milliseconds(500));
  }
  return false;
}

bool set_image(Cluster& cluster, std::string image) {
  return change(cluster, [&](appsv1::Deployment& deployment) {
    deployment.spec.template_.spec.containers[0].image = image;
  });
}

std::string state_of(Cluster& cluster, std::string ns) {
  std::string out;
  for (const corev1::Pod& pod : pods_of(cluster, ns)) {
    out += fmt::format("\n{} on '{}': {} {}", pod.metadata.name, pod.spec.nodeName, pod.status.phase,
                       pod.status.message);
  }
  auto events = cluster.await(cluster.rest().list<corev1::Event>(Context(), ns));
  if (events) {
    for (const corev1::Event& event : events->items)
      out += fmt::format("\n{}: {}: {}", event.involvedObject.name, event.reason, event.message);
  }
  return out;
}

std::vector<corev1::Pod> pods_of(Cluster& cluster, std::string ns) {
  auto pods = cluster.await(cluster.rest().list<corev1::Pod>(Context(), ns));
  return pods ? std::move(pods->items) : std::vector<corev1::Pod>();
}

Follower::Follower(Cluster& cluster)
    : cluster_(cluster), pods_(cluster.rest(), cluster.env()), sets_(cluster.rest(), cluster.env()) {
  pods_.on_change([this](const auto&, const auto&) { look(); });
  sets_.on_change([this](const auto&, const auto&) { look(); });
  cluster_.scope().spawn(follow(pods_, end_.token(), running_));
  cluster_.scope().spawn(follow(sets_, end_.token(), running_));
  cluster_.run_until([this] { return pods_.has_synced() && sets_.has_synced(); }, std::chrono::minutes(1));
}

Follower::~Follower() {
  end_.cancel();
  cluster_.run_until([this] { return running_ == 0; }, std::chrono::minutes(1));
}

void Follower::begin() {
  following_ = true;
  least_available_ = std::numeric_limits<int>::max();
  most_pods_ = most_wanted_ = events_ = 0;
  look();
}

void Follower::look() {
  if (!following_) return;
  int available = 0, active = 0, wanted = 0;
  for (const auto& pod : pods_.list("default")) {
    if (pod->metadata.labels.value_or("app", "") != "hue") continue;
    available += is_available(*pod);
    active += is_active(*pod);
  }
  for (const auto& set : sets_.list("default")) wanted += set->spec.replicas.value_or(1);
  ++events_;
  least_available_ = std::min(least_available_, available);
  most_pods_ = std::max(most_pods_, active);
  most_wanted_ = std::max(most_wanted_, wanted);
}

}  // namespace xebec::sim
