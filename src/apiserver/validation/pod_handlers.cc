#include <fmt/format.h>

#include "apiserver/validation/pod.h"

namespace xebec::apiserver::validation {
namespace {

void check_exec(Errors& errors, const Path& path, const corev1::ExecAction& exec) {
  if (exec.command.empty()) errors.push_back(field::required(path.child("command")));
}

void check_http_get(Errors& errors, const Path& path, const corev1::HTTPGetAction& get) {
  check_required(errors, path.child("path"), get.path);
  check_port_or_name(errors, path.child("port"), get.port);
  check_enum(errors, path.child("scheme"), std::string_view(get.scheme), {"HTTP", "HTTPS"});
  for (const corev1::HTTPHeader& header : get.httpHeaders) {
    const bool fine =
        !header.name.empty() && std::all_of(header.name.begin(), header.name.end(),
                                            [](unsigned char c) { return std::isalnum(c) || c == '-'; });
    if (fine) continue;
    errors.push_back(field::invalid_string(
        path.child("httpHeaders"), header.name,
        api::regex_error("a valid HTTP header must consist of alphanumeric characters or '-'",
                         "[-A-Za-z0-9]+", {"X-Header-Name"})));
  }
}

// Counts the handlers of a probe or hook; only the first one may be there.
class Handlers {
 public:
  Handlers(Errors& errors, const Path& path) : errors_(errors), path_(path) {}

  template <class Action, class Check>
  void look(const api::Box<Action>& action, std::string_view name, Check check) {
    if (!action) return;
    Path at = path_.child(name);
    if (count_++ > 0) {
      errors_.push_back(field::forbidden(at, "may not specify more than 1 handler type"));
    } else {
      check(errors_, at, *action);
    }
  }

  void finish() {
    if (count_ == 0) errors_.push_back(field::required(path_, "must specify a handler type"));
  }

 private:
  Errors& errors_;
  Path path_;
  int count_ = 0;
};

void check_tcp(Errors& errors, const Path& path, const corev1::TCPSocketAction& tcp) {
  check_port_or_name(errors, path.child("port"), tcp.port);
}

void check_grpc(Errors& errors, const Path& path, const corev1::GRPCAction& grpc) {
  check_port(errors, path.child("port"), grpc.port);
}

void check_hook(Errors& errors, const Path& path, const corev1::LifecycleHandler& handler,
                const std::optional<int64_t>& grace) {
  Handlers handlers(errors, path);
  handlers.look(handler.exec, "exec", check_exec);
  handlers.look(handler.httpGet, "httpGet", check_http_get);
  handlers.look(handler.tcpSocket, "tcpSocket", check_tcp);
  handlers.look(handler.sleep, "sleep", [grace](Errors& e, const Path& at, const corev1::SleepAction& sleep) {
    // Without a grace period that is the error, not this.
    if (!grace || (sleep.seconds >= 0 && sleep.seconds <= *grace)) return;
    e.push_back(field::invalid_int(
        at, sleep.seconds,
        fmt::format("must be non-negative and less than terminationGracePeriodSeconds ({})", *grace)));
  });
  handlers.finish();
}

}  // namespace

void check_probe(Errors& errors, const Path& path, const corev1::Probe& probe) {
  Handlers handlers(errors, path);
  handlers.look(probe.exec, "exec", check_exec);
  handlers.look(probe.httpGet, "httpGet", check_http_get);
  handlers.look(probe.tcpSocket, "tcpSocket", check_tcp);
  handlers.look(probe.grpc, "grpc", check_grpc);
  handlers.finish();
  check_non_negative(errors, path.child("initialDelaySeconds"), probe.initialDelaySeconds);
  check_non_negative(errors, path.child("timeoutSeconds"), probe.timeoutSeconds);
  check_non_negative(errors, path.child("periodSeconds"), probe.periodSeconds);
  check_non_negative(errors, path.child("successThreshold"), probe.successThreshold);
  check_non_negative(errors, path.child("failureThreshold"), probe.failureThreshold);
  if (probe.terminationGracePeriodSeconds && *probe.terminationGracePeriodSeconds <= 0) {
    errors.push_back(field::invalid_int(path.child("terminationGracePeriodSeconds"),
                                        *probe.terminationGracePeriodSeconds, "must be greater than 0"));
  }
}

void check_lifecycle(Errors& errors, const Path& path, const corev1::Lifecycle& lifecycle,
                     const std::optional<int64_t>& grace) {
  if (lifecycle.postStart) check_hook(errors, path.child("postStart"), *lifecycle.postStart, grace);
  if (lifecycle.preStop) check_hook(errors, path.child("preStop"), *lifecycle.preStop, grace);
}

}  // namespace xebec::apiserver::validation
