// For tests of the server: an API server that only reviews, pods that are simply there, and a client's side.
#pragma once

#include <memory>
#include <string>

#include "api/gen/corev1.h"
#include "client/in_process.h"
#include "client/rest.h"
#include "kubelet/pod_access.h"
#include "kubelet/server/kubelet_server.h"

namespace xebec::kubelet::testing {

// The token "good" is "tester", "poor" is "beggar"; everything but the beggar is allowed.
class Reviews final : public http::Handler {
 public:
  Task<http::Response> handle(Context, http::Request request) override {
    ++requests;
    auto says = [&](std::string_view text) { return request.body.find(text) != std::string::npos; };
    std::string body;
    if (request.path.ends_with("/tokenreviews")) {
      std::string name = says("good") ? "tester" : says("poor") ? "beggar" : "";
      body = R"({"kind":"TokenReview","apiVersion":"authentication.k8s.io/v1","spec":{},"status":)";
      body += name.empty() ? "{}}" : R"({"authenticated":true,"user":{"username":")" + name + "\"}}}";
    } else {
      body =
          R"({"kind":"SubjectAccessReview","apiVersion":"authorization.k8s.io/v1","spec":{},"status":{"allowed":)";
      body += says("beggar") ? "false}}" : "true}}";
    }
    http::Response response;
    response.status = 201;
    response.headers.add("Content-Type", "application/json");
    response.set_body(std::move(body));
    co_return response;
  }
  std::atomic<int> requests{0};
};

inline client::Rest reviews_client(std::shared_ptr<Reviews> reviews, Executor& executor) {
  auto identity = std::make_shared<UserInfo>();
  identity->name = "system:node:n1";
  static const api::Scheme scheme = api::Scheme::builtin();
  return client::Rest(std::make_shared<client::InProcessClient>(std::move(reviews), executor, identity),
                      scheme);
}

class FakePods final : public PodAccess {
 public:
  std::vector<std::shared_ptr<const corev1::Pod>> pods() const override { return {pod_}; }
  std::shared_ptr<const corev1::Pod> pod(std::string_view ns, std::string_view name) const override {
    return pod_->metadata.namespace_ == ns && pod_->metadata.name == name ? pod_ : nullptr;
  }
  std::shared_ptr<const corev1::Pod> pod_by_uid(std::string_view uid) const override {
    return pod_->metadata.uid == uid ? pod_ : nullptr;
  }
  std::optional<ContainerView> container(std::string_view, std::string_view name) const override {
    return name == view.name ? std::optional(view) : std::nullopt;
  }
  std::string sandbox_id(std::string_view) const override { return sandbox; }

  NodeFigures node_figures() const override { return figures; }
  DiskSpace disk(const std::string&) const override { return figures.load.disk; }
  std::string probe_metrics() const override { return "prober_probe_total 1\n"; }
  std::string configuration() const override {
    return R"({"kubeletconfig":{"kind":"KubeletConfiguration"}})";
  }

  // One pod with one container.
  void add(std::string name, std::string container) {
    auto pod = std::make_shared<corev1::Pod>();
    pod->metadata.namespace_ = "default";
    pod->metadata.name = name;
    pod->metadata.uid = name + "-uid";
    pod->spec.containers.emplace_back().name = container;
    pod_ = pod;
    view.name = container;
  }

  ContainerView view;
  std::string sandbox;
  NodeFigures figures;

 private:
  std::shared_ptr<const corev1::Pod> pod_;
};

inline http::Request request(std::string method, std::string path, std::string query = "",
                             std::string token = "good") {
  http::Request out;
  out.method = std::move(method);
  out.path = std::move(path);
  out.query = std::move(query);
  if (!token.empty()) out.headers.add("Authorization", "Bearer " + token);
  return out;
}

}  // namespace xebec::kubelet::testing
