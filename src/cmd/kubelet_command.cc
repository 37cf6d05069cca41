// `xebec kubelet`: the kubelet against an API server elsewhere, over a given container runtime or a private
// containerd.
#include "cmd/command.h"
#include "cmd/flags/flags.h"
#include "cmd/node/remote_node.h"
#include "cmd/process.h"

namespace xebec::cmd {
namespace {

struct Options {
  std::string kubeconfig, bootstrap_kubeconfig;
  RemoteNodeOptions node;
  LogOptions logs;
};

void declare(Flags& flags, Options& o) {
  flags.group("API server");
  flags.add("kubeconfig", o.kubeconfig, "Where the API server is, and who the node is.", "file");
  flags.add("bootstrap-kubeconfig", o.bootstrap_kubeconfig,
            "Who asks for the node's first certificate when the file of --kubeconfig is not there, or its "
            "certificate "
            "is over; the new one is kept in --cert-dir, and --kubeconfig is written.",
            "file");
  declare_node_flags(flags, o.node.node);
  flags.add("root-dir", o.node.node.root_dir, "Where the kubelet keeps its files.", "dir");
  flags.add("pod-logs-dir", o.node.node.pod_logs_dir, "Where containers' logs are.", "dir");
  flags.add(
      "container-runtime-endpoint", o.node.node.runtime_endpoint,
      "The socket of the container runtime. Without it, the kubelet runs a containerd of its own in its "
      "root directory.",
      "unix://path");
  flags.add("image-service-endpoint", o.node.node.image_endpoint,
            "The socket for images; that of the container runtime without it.", "unix://path");
  declare_kubelet_server(flags, o.node);
  declare_logs(flags, o.logs);
}

// Read at every attempt: the token in it may be replaced.
Task<Result<client::ClientConfig>> bootstrap_login(std::string file) {
  co_return load_client_config(file, "");
}

Result<void> run(Options options) {
  NodeLogin login;
  login.kubeconfig = options.kubeconfig;
  if (options.bootstrap_kubeconfig.empty()) {
    TRY(login.config, load_client_config(options.kubeconfig, ""));
  } else {
    if (options.kubeconfig.empty())
      return fail(
          errors::bad_request("--bootstrap-kubeconfig needs --kubeconfig, where the node's own is kept"));
    login.bootstrap = [file = options.bootstrap_kubeconfig](http::IoPool&, const api::Scheme&, CancelToken) {
      return bootstrap_login(file);
    };
  }
  options.node.node.containerd_dir = options.node.node.root_dir + "/containerd";
  Process process(options.logs);
  TRY(std::unique_ptr<RemoteNode> node, RemoteNode::start(options.node, std::move(login), process));
  return process.wait();
}

}  // namespace

std::function<int()> declare_kubelet(Flags& flags) {
  auto options = std::make_shared<Options>();
  options->node.node.root_dir = "/var/lib/kubelet";
  options->node.node.pod_logs_dir = "/var/log/pods";
  declare(flags, *options);
  return [options] { return exit_status(run(*options)); };
}

}  // namespace xebec::cmd
