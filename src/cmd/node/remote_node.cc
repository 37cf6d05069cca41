#include "cmd/node/remote_node.h"

#include <fmt/format.h>

#include <filesystem>

#include "cmd/cluster_pki.h"

namespace xebec::cmd {
namespace {

constexpr std::string_view kNodeUser = "system:node:";
constexpr Duration kValidity = std::chrono::hours(24 * 365);

// A certificate nobody else has signed, kept as upstream's kubelet keeps it.
Result<pki::KeyPair> own_certificate(const std::string& dir, const NodeOptions& node, WallTime now) {
  const std::string certificate_file = dir + "/kubelet.crt", key_file = dir + "/kubelet.key";
  if (std::filesystem::exists(certificate_file)) {
    TRY(pki::KeyPair kept, read_key_pair(certificate_file, key_file));
    TRY(pki::Certificate certificate, pki::Certificate::parse_pem(kept.certificate_pem));
    if (certificate.not_after() > now + kValidity / 10) return kept;
  }
  std::error_code error;
  std::filesystem::create_directories(dir, error);
  if (error) return fail(errors::internal(fmt::format("cannot make {}: {}", dir, error.message())));
  TRY(pki::CertificateAuthority ca,
      pki::CertificateAuthority::create(node.node_name + "-ca", kValidity, now));
  pki::IssueSpec spec;
  spec.subject.common_name = node.node_name;
  spec.dns_names = {node.node_name};
  spec.ip_addresses = {node.node_ip};
  spec.usages = {pki::Usage::kServer};
  TRY(pki::KeyPair keys, ca.issue(spec, now));
  keys.certificate_pem += ca.certificate().pem();
  TRY_VOID(pki::write_file_atomic(key_file, keys.key_pem));
  TRY_VOID(pki::write_file_atomic(certificate_file, keys.certificate_pem, 0644));
  return keys;
}

// A node's credentials are good for that node only: everything else would just be refused, and tried again.
Result<void> check_identity(const client::ClientConfig& config, const std::string& node) {
  std::string user = user_of(config);
  if (!user.starts_with(kNodeUser) || user.substr(kNodeUser.size()) == node) return {};
  return fail(
      errors::bad_request(fmt::format("the credentials are those of {}, but this node is \"{}\": give "
                                      "--hostname-override={}",
                                      user, node, user.substr(kNodeUser.size()))));
}

}  // namespace

void declare_kubelet_server(Flags& flags, RemoteNodeOptions& o) {
  flags.group("The kubelet's server");
  flags.add("address", o.node.address, "The IP address it listens on; 0.0.0.0 for every one.", "ip");
  flags.add("port", o.node.port, "Its port.");
  flags.add("tls-cert-file", o.tls_cert_file,
            "Its certificate. Without it, one that the kubelet signs itself: an API server that verifies "
            "kubelets refuses that.",
            "file");
  flags.add("tls-private-key-file", o.tls_private_key_file, "The private key of --tls-cert-file.", "file");
  flags.add("cert-dir", o.cert_dir,
            "Where the self-signed certificate is kept; pki in the root directory "
            "without it.",
            "dir");
  flags.add("client-ca-file", o.client_ca_file, "CAs whose client certificates count.", "file");
  flags.only("anonymous-auth", "false", "Whether requests without credentials are let through.");
  flags.only("authorization-mode", "Webhook", "Who decides about requests: the API server.");
}

Result<pki::KeyPair> RemoteNode::serving_certificate(const RemoteNodeOptions& options) const {
  if (options.tls_cert_file.empty() != options.tls_private_key_file.empty())
    return fail(errors::bad_request("--tls-cert-file and --tls-private-key-file must be given together"));
  if (!options.tls_cert_file.empty())
    return read_key_pair(options.tls_cert_file, options.tls_private_key_file);
  std::string dir = options.cert_dir.empty() ? options.node.root_dir + "/pki" : options.cert_dir;
  return own_certificate(dir, options.node, process_.clock()->now());
}

Result<std::unique_ptr<RemoteNode>> RemoteNode::start(RemoteNodeOptions options, client::ClientConfig config,
                                                      Process& process) {
  TRY_VOID(options.node.complete());
  TRY_VOID(check_identity(config, options.node.node_name));
  std::unique_ptr<RemoteNode> node(new RemoteNode(process));
  NodeEnv env;
  env.process = &process;
  env.pool = &node->pool_;
  env.metrics = &node->metrics_;
  TRY(env.serving, node->serving_certificate(options));
  env.client_ca_pem = options.client_ca_pem;
  if (!options.client_ca_file.empty()) {
    TRY(env.client_ca_pem, pki::read_file(options.client_ca_file));
  }
  TRY(node->api_, RemoteApi::make(std::move(config), node->pool_, node->scheme_, *process.clock()));
  node->kubelet_ = start_node(std::move(env), node->rest(), options.node);
  return node;
}

}  // namespace xebec::cmd
