// A node of a cluster whose API server is in another process: what `xebec kubelet` and `xebec agent` share.
// Its credentials are given, or asked for with those of somebody who may (a bootstrap token), kept, and
// renewed in time; so is its serving certificate. Source: k8s.io/kubernetes/pkg/kubelet/certificate,
// bootstrap.
#pragma once

#include <functional>
#include <string>

#include "cmd/join/certificate_store.h"
#include "cmd/join/serving_keys.h"
#include "cmd/join/switching_client.h"
#include "cmd/node/node.h"
#include "cmd/remote/remote_api.h"

namespace xebec::cmd {

struct RemoteNodeOptions {
  NodeOptions node;
  // Of the kubelet's server; without them a certificate of its own is kept in cert_dir.
  std::string tls_cert_file, tls_private_key_file, cert_dir;
  // Whose client certificates the kubelet's server accepts: of the file; empty: see cluster_ca_counts.
  std::string client_ca_file;
  bool cluster_ca_counts = false;  // those of the API server's CA count
  // Certificates are asked for from the API server, and renewed.
  bool rotate_client = false, rotate_serving = false;
};

// Who the node is.
struct NodeLogin {
  // What was given: used as it is.
  std::optional<client::ClientConfig> config;
  // Otherwise: where the node's own kubeconfig is or will be, and who asks for its first certificate.
  std::string kubeconfig;
  std::function<Task<Result<client::ClientConfig>>(http::IoPool& pool, const api::Scheme& scheme,
                                                   CancelToken token)>
      bootstrap;
};

// The flags of a kubelet's server.
void declare_kubelet_server(Flags& flags, RemoteNodeOptions& options);

// What a node's parts stand on; made before them and ended after them.
class RemoteNode {
 public:
  // Completes the options. `process` outlives it. With a bootstrap login it returns before the node has
  // joined.
  static Result<std::unique_ptr<RemoteNode>> start(RemoteNodeOptions options, NodeLogin login,
                                                   Process& process);
  ~RemoteNode();
  // Fails until the node has credentials.
  client::Rest rest() const;

 private:
  RemoteNode(RemoteNodeOptions options, NodeLogin login, Process& process);
  std::string cert_dir() const;
  Result<void> make_serving_keys();
  Result<void> use(client::ClientConfig config);
  Result<void> run_kubelet(const std::string& cluster_ca_pem);
  std::optional<client::ClientConfig> kept_login() const;
  Result<void> keep_login(const client::ClientConfig& config, const pki::KeyPair& keys);
  Task<Result<void>> live(CancelToken token);
  Task<Result<client::ClientConfig>> join(CancelToken token);
  Task<Result<client::ClientConfig>> try_to_join(CancelToken token);
  Task<void> renew_client(client::ClientConfig config, CancelToken token);
  Task<void> renew_serving(CancelToken token);
  Task<bool> wait_for_address(CancelToken token);

  const RemoteNodeOptions options_;
  NodeLogin login_;
  Process& process_;
  Logger logger_;
  const api::Scheme scheme_ = api::Scheme::builtin();
  http::IoPool pool_{2};
  std::shared_ptr<SwitchingClient> client_ = std::make_shared<SwitchingClient>();
  std::shared_ptr<ServingKeys> serving_;
  CertificateStore client_store_, server_store_;
  std::unique_ptr<Component> kubelet_;
  std::unique_ptr<Component> identity_;  // joins and renews; ends before the kubelet does
};

}  // namespace xebec::cmd
