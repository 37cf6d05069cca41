#include "kubelet/server/kubelet_server.h"

#include <fmt/format.h>

#include <algorithm>

#include "api/gen/corev1.h"
#include "codec/json.h"
#include "delegation/authenticator.h"
#include "http/query_flag.h"
#include "kubelet/server/authorizer.h"
#include "kubelet/server/container_logs.h"
#include "kubelet/server/container_streams.h"
#include "kubelet/server/stats/summary.h"
#include "kubelet/server/system_logs.h"
#include "kubelet/server/text_response.h"

namespace xebec::kubelet {
namespace {

using Answer = Task<Result<http::Response>>;

Status not_found() { return Status(404, reason::kNotFound, "404 page not found\n"); }
Status wrong_method() { return Status(405, reason::kMethodNotAllowed, "405: Method Not Allowed"); }

// /NS/POD[/UID]/CONTAINER, or without container, after the first segment.
std::optional<StreamTarget> stream_target(const std::vector<std::string>& segments, bool container) {
  size_t least = container ? 4 : 3;
  if (segments.size() != least && segments.size() != least + 1) return std::nullopt;
  StreamTarget target;
  target.ns = segments[1];
  target.pod = segments[2];
  if (segments.size() > least) target.uid = segments[3];
  if (container) target.container = segments.back();
  return target;
}

// Paths of the real server, so that requests for others cannot fill the metrics.
std::string metric_path(const std::vector<std::string>& segments) {
  static constexpr std::string_view kKnown[] = {"healthz", "pods",    "runningpods", "metrics",
                                                "stats",   "configz", "logs",        "containerLogs",
                                                "exec",    "attach",  "run",         "portForward"};
  if (segments.empty() || std::ranges::find(kKnown, segments[0]) == std::end(kKnown)) return "";
  return segments[0];
}

}  // namespace

struct KubeletServer::Core {
  Core(KubeletServerOptions options, KubeletServerParts parts, std::optional<pki::CertPool> roots,
       client::Rest rest, Logger logger)
      : authenticator(std::move(roots), rest, parts.clock),
        authorizer(options.node_name, rest, parts.clock),
        pods(parts.pods, parts.runtime, parts.kubelet, parts.clock),
        logs(pods, parts.clock),
        streams(pods, parts.pool, parts.rng),
        metrics(parts.metrics),
        requests(
            parts.metrics.counter("kubelet_http_requests_total",
                                  "[ALPHA] Number of the http requests received since the server started",
                                  {"method", "path", "server_type", "long_running"})),
        running_pods(parts.metrics.gauge("kubelet_running_pods",
                                         "[ALPHA] Number of pods that have a running pod sandbox")),
        system_logs(options.system_logs),
        logger(std::move(logger)) {}

  Answer admit(Context context, http::Request request) {
    Result<std::shared_ptr<const UserInfo>> user = co_await authenticator.authenticate(context, request);
    if (!user) {
      logger.warning("Unable to authenticate the request due to an error", {{"err", user.error().message}});
      co_return fail(errors::unauthorized());
    }
    NodeAttributes attributes = node_attributes(request);
    CO_TRY_VOID(co_await authorizer.authorize(context, *user, std::move(attributes)));
    co_return co_await route(std::move(context), std::move(request));
  }

  Answer route(Context context, http::Request request) {
    std::vector<std::string> segments = path_segments(request.path);
    std::string first = segments.empty() ? std::string() : segments[0];
    if (first == "exec" || first == "attach" || first == "portForward") {
      co_return co_await stream(std::move(context), std::move(request), std::move(segments));
    }
    if (first == "run") co_return co_await run(std::move(request), std::move(segments));
    if (auto answer = not_built(segments)) co_return fail(*answer);
    bool known =
        (first == "healthz" && segments.size() <= 2) ||
        (segments.size() == 1 && (first == "pods" || first == "runningpods" || first == "configz")) ||
        (first == "metrics" && segments.size() <= 2) || first == "logs" ||
        (first == "stats" && segments.size() == 2 && segments[1] == "summary") ||
        (first == "containerLogs" && segments.size() == 4);
    if (!known) co_return fail(not_found());
    if (request.method != "GET" && request.method != "HEAD") co_return fail(wrong_method());
    if (first == "healthz") co_return text_response(200, "ok");
    if (first == "metrics") {
      std::string which = segments.size() == 2 ? segments[1] : std::string();
      co_return co_await show_metrics(std::move(which));
    }
    if (first == "pods") co_return co_await list_pods(false);
    if (first == "runningpods") co_return co_await list_pods(true);
    if (first == "logs") co_return serve_system_log(system_logs, rest_of(segments));
    if (first == "configz") {
      std::string config = co_await pods.configuration();
      co_return text_response(200, std::move(config), "application/json");
    }
    if (first == "stats") {
      bool brief = request.param("only_cpu_and_memory").value_or("") == "true";
      NodeSnapshot snapshot = co_await pods.snapshot();
      co_return text_response(200, summary_json(snapshot, brief), "application/json");
    }
    co_return co_await logs.serve(std::move(context), std::move(request), segments[1], segments[2],
                                  segments[3]);
  }

  // Paths of upstream's server that this one does not have.
  static std::optional<Status> not_built(const std::vector<std::string>& segments) {
    std::string first = segments.empty() ? std::string() : segments[0];
    if (first == "debug" || first == "flagz" || first == "statusz") {
      return Status(404, reason::kNotFound, "/" + first + " is not built into this kubelet\n");
    }
    if (first == "checkpoint" && segments.size() == 4) {
      return Status(404, reason::kNotFound,
                    fmt::format("checkpointing of {}/{}/{} failed (it is not built into this kubelet)",
                                segments[1], segments[2], segments[3]));
    }
    return std::nullopt;
  }

  static std::string rest_of(const std::vector<std::string>& segments) {
    std::string out;
    for (size_t i = 1; i < segments.size(); ++i) out += (i == 1 ? "" : "/") + segments[i];
    return out;
  }

  Answer show_metrics(std::string which) {
    static constexpr std::string_view kText = "text/plain; version=0.0.4; charset=utf-8";
    if (which.empty()) {
      std::vector<std::shared_ptr<const corev1::Pod>> all = co_await pods.all();
      auto running = std::count_if(all.begin(), all.end(),
                                   [](const auto& pod) { return pod->status.phase == "Running"; });
      running_pods.with({}).set(static_cast<double>(running));
      co_return text_response(200, metrics.text(), kText);
    }
    if (which == "probes") {
      std::string text = co_await pods.probe_metrics();
      co_return text_response(200, std::move(text), kText);
    }
    if (which != "resource" && which != "cadvisor") co_return fail(not_found());
    NodeSnapshot snapshot = co_await pods.snapshot();
    co_return text_response(
        200, which == "resource" ? resource_metrics(snapshot) : cadvisor_metrics(snapshot), kText);
  }

  // A command without a terminal or input: what it said, when it is over.
  Answer run(http::Request request, std::vector<std::string> segments) {
    std::optional<StreamTarget> target = stream_target(segments, true);
    if (!target) co_return fail(not_found());
    if (request.method != "POST") co_return fail(wrong_method());
    FoundPod found = co_await pods.find(target->ns, target->pod, target->container);
    if (!found.pod) co_return fail(Status(404, reason::kNotFound, "pod does not exist"));
    bool running = found.container && found.container->phase == ContainerPhase::kRunning;
    if (!running) {
      co_return fail(Status(500, reason::kInternalError,
                            fmt::format("container not found (\"{}\")", target->container)));
    }
    std::vector<std::string> command = words_of(request.param("cmd").value_or(""));
    Result<cri::ExecSyncResult> ran = co_await pods.run_command(found.container->id, std::move(command));
    if (!ran) co_return fail(Status(500, reason::kInternalError, ran.error().message));
    std::string output = ran->out + ran->err;
    if (ran->exit_code != 0) {
      co_return fail(Status(500, reason::kInternalError,
                            fmt::format("command exited with {}: {}", ran->exit_code, output)));
    }
    co_return text_response(200, std::move(output));
  }

  static std::vector<std::string> words_of(const std::string& text) {
    std::vector<std::string> words(1);
    for (char c : text) {
      if (c == ' ') {
        words.emplace_back();
      } else {
        words.back() += c;
      }
    }
    return words;
  }

  Answer stream(Context context, http::Request request, std::vector<std::string> segments) {
    bool with_container = segments[0] != "portForward";
    std::optional<StreamTarget> target = stream_target(segments, with_container);
    if (!target) co_return fail(not_found());
    if (request.method != "GET" && request.method != "POST") co_return fail(wrong_method());
    if (segments[0] == "exec")
      co_return co_await streams.exec(std::move(context), std::move(request), std::move(*target));
    if (segments[0] == "attach")
      co_return co_await streams.attach(std::move(context), std::move(request), std::move(*target));
    co_return co_await streams.port_forward(std::move(context), std::move(request), std::move(*target));
  }

  Answer list_pods(bool running_only) {
    std::vector<std::shared_ptr<const corev1::Pod>> all = co_await pods.all();
    corev1::PodList list;
    for (const auto& pod : all) {
      if (!running_only || pod->status.phase == "Running") list.items.push_back(*pod);
    }
    co_return text_response(200, codec::encode_json(corev1::PodList::kDescriptor, &list, "v1", "PodList"),
                            "application/json");
  }

  delegation::Authenticator authenticator;
  ServerAuthorizer authorizer;
  NodePods pods;
  ContainerLogs logs;
  ContainerStreams streams;
  Metrics& metrics;
  MetricFamily<Counter>& requests;
  MetricFamily<Gauge>& running_pods;
  const std::string system_logs;
  Logger logger;
};

Result<std::unique_ptr<KubeletServer>> KubeletServer::make(KubeletServerOptions options,
                                                           KubeletServerParts parts, client::Rest rest,
                                                           Logger logger) {
  std::optional<pki::CertPool> roots;
  if (!options.client_ca_pem.empty()) {
    TRY(roots, pki::CertPool::parse_pem(options.client_ca_pem));
  }
  auto core = std::make_unique<Core>(std::move(options), parts, std::move(roots), std::move(rest),
                                     logger.named("kubelet-server"));
  return std::unique_ptr<KubeletServer>(new KubeletServer(std::move(core)));
}

KubeletServer::KubeletServer(std::unique_ptr<Core> core) : core_(std::move(core)) {}
KubeletServer::~KubeletServer() = default;

Task<http::Response> KubeletServer::handle(Context context, http::Request request) {
  std::string path = metric_path(path_segments(request.path));
  bool long_running =
      path == "exec" || path == "attach" || path == "portForward" || http::query_flag(request, "follow");
  std::vector<std::string> labels = {request.method, path, "readwrite", long_running ? "true" : "false"};
  core_->requests.with(labels).add();
  Result<http::Response> response = co_await core_->admit(std::move(context), std::move(request));
  if (!response) co_return error_response(response.error());
  co_return std::move(*response);
}

}  // namespace xebec::kubelet
