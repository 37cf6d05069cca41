#include "kubelet/server/container_logs.h"

#include <fmt/format.h>

#include "api/gen/corev1.h"
#include "kubelet/server/logs/log_stream.h"

namespace xebec::kubelet {
namespace {

struct Source {
  std::string id;
  std::string path;
};

Status waiting(const ContainerView& view, const std::string& pod) {
  std::string why = view.reason;
  if (why == "ErrImagePull") why = "image can't be pulled";
  if (why == "ImagePullBackOff") why = "trying and failing to pull image";
  return errors::bad_request(fmt::format("container \"{}\" in pod \"{}\" is waiting to start{}", view.name,
                                         pod, why.empty() ? " - no logs yet" : ": " + why));
}

// Which instance's log is meant (Kubelet.validateContainerLogStatus). `waits`: the container is to be started
// (again).
Result<Source> choose_source(const ContainerView& view, const std::string& pod, bool waits, bool previous) {
  std::optional<Source> current, before;
  if (view.phase != ContainerPhase::kWaiting && !view.id.empty()) current = Source{view.id, view.log_path};
  if (!view.previous_id.empty()) before = Source{view.previous_id, view.previous_log_path};
  // In a back-off the instance that ended last is the present one, and the previous one too.
  if (previous && waits && current && view.phase == ContainerPhase::kTerminated) return *current;
  if (previous && !before) {
    return fail(errors::bad_request(
        fmt::format("previous terminated container \"{}\" in pod \"{}\" not found", view.name, pod)));
  }
  if (previous) return *before;
  if (current) return *current;
  if (before) return *before;
  if (view.phase == ContainerPhase::kWaiting) return fail(waiting(view, pod));
  return fail(
      errors::bad_request(fmt::format("container \"{}\" in pod \"{}\" is terminated", view.name, pod)));
}

Task<bool> no_more() { co_return false; }

}  // namespace

Task<Result<http::Response>> ContainerLogs::serve(Context context, http::Request request, std::string ns,
                                                  std::string pod, std::string container) const {
  CO_TRY(LogOptions options, parse_log_options(request, clock_.now()));
  FoundPod found = co_await pods_.find(ns, pod, container);
  if (!found.pod)
    co_return fail(Status(404, reason::kNotFound, fmt::format("pod \"{}\" does not exist\n", pod)));
  if (!found.has_container) {
    co_return fail(Status(404, reason::kNotFound,
                          fmt::format("container \"{}\" not found in pod \"{}\"\n", container, pod)));
  }
  if (!found.container) {
    co_return fail(
        errors::bad_request(fmt::format("container \"{}\" in pod \"{}\" is not available", container, pod)));
  }
  CO_TRY(Source source, choose_source(*found.container, pod, found.waits, options.previous));
  StillRunning still_running = no_more;
  if (found.container->phase == ContainerPhase::kRunning && source.id == found.container->id) {
    still_running = [&pods = pods_, uid = found.pod->metadata.uid, container, id = source.id] {
      return pods.running(uid, container, id);
    };
  }
  auto stream = open_log(source.path, options, std::move(still_running), context.cancel);
  if (!stream) {
    co_return fail(errors::bad_request(fmt::format(
        "unable to retrieve container logs for containerd://{}: {}", source.id, stream.error().message)));
  }
  http::Response response;
  response.headers.add("Content-Type", "text/plain");
  response.body = std::move(*stream);
  co_return response;
}

}  // namespace xebec::kubelet
