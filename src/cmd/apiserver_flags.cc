#include "cmd/apiserver_flags.h"

namespace xebec::cmd {
namespace {

void declare_serving(Flags& flags, ControlPlaneOptions& o) {
  flags.group("Serving");
  flags.add("data-dir", o.data_dir, "Where the store, the certificates and admin.conf are.", "dir");
  flags.add("secure-port", o.secure_port, "The port to serve HTTPS on.");
  flags.add("bind-address", o.bind_address, "The IP address to listen on; 0.0.0.0 for every one.", "ip");
  flags.add("advertise-address", o.advertise_address,
            "The IP address at which others reach this server: what the Service kubernetes leads to. Without "
            "it, the bind address, or that of the default route's interface.",
            "ip");
  flags.add("tls-cert-file", o.tls_cert_file,
            "The serving certificate with its intermediates. Without it, one of the cluster's own CA.",
            "file");
  flags.add("tls-private-key-file", o.tls_private_key_file, "The private key of --tls-cert-file.", "file");
  flags.add("tls-san", o.extra_sans, "More names and addresses for the cluster's own serving certificate.");
  flags.add("io-threads", o.io_threads, "Threads for connections; 0 for one a core.");
}

void declare_etcd(Flags& flags, ControlPlaneOptions& o) {
  flags.group("etcd");
  flags.add("etcd-servers", o.etcd.servers,
            "etcd's servers, as URLs. With them etcd is the store, and any number of API servers share it; "
            "without them it is under the data directory.");
  flags.add("etcd-prefix", o.etcd.prefix, "What all of the cluster's keys in etcd begin with.");
  flags.add("etcd-cafile", o.etcd.ca_file, "The CA of etcd's certificates; the system's without it.", "file");
  flags.add("etcd-certfile", o.etcd.cert_file, "The client certificate shown to etcd.", "file");
  flags.add("etcd-keyfile", o.etcd.key_file, "The key of --etcd-certfile.", "file");
  flags.add("etcd-compaction-interval", o.api.registries.compaction_period,
            "How often old revisions are forgotten, and how long they are kept at least; 0 for never.");
}

void declare_authentication(Flags& flags, ControlPlaneOptions& o) {
  flags.group("Authentication");
  flags.add("anonymous-auth", o.api.anonymous,
            "Whoever shows no credentials is system:anonymous instead of being refused.");
  flags.add("client-ca-file", o.client_ca_file,
            "CAs whose client certificates count, beside the cluster's own CA.", "file");
  flags.add("enable-bootstrap-token-auth", o.api.bootstrap_tokens,
            "Secrets of type bootstrap.kubernetes.io/token in kube-system let new nodes join.");
  flags.add("service-account-issuer", o.api.service_account_issuers,
            "Who issues service account tokens, as a URL. The first one issues; tokens of the others stay "
            "good.");
  flags.add("service-account-key-file", o.service_account_key_files,
            "Public or private keys whose service account tokens are good, beside the signing key.");
  flags.add("service-account-signing-key-file", o.service_account_signing_key_file,
            "The private key that signs service account tokens. Without it, one under the data directory.",
            "file");
  flags.add("service-account-max-token-expiration", o.max_token_expiration,
            "How long a service account token can live at most; 0 for no limit.");
  flags.add("service-account-extend-token-expiration", o.api.token_requests.extend_expiration,
            "Tokens in Pods live a year, with a warning after an hour, for clients that never read them "
            "again.");
  flags.add("service-account-jwks-uri", o.api.jwks_uri,
            "Where the discovery document says the keys are; this server's own address without it.");
  flags.add("api-audiences", o.api.api_audiences,
            "Audiences of which a token must name one; the first issuer without it.");
}

void declare_authorization(Flags& flags, ControlPlaneOptions& o) {
  flags.group("Authorization and admission");
  flags.add("authorization-mode", o.api.authorization_modes,
            "Authorizers in order: AlwaysAllow, AlwaysDeny, Node, RBAC.");
  flags.add("enable-admission-plugins", o.api.admission.enabled,
            "Admission plugins to run beside the defaults. All that are built run by default.");
  flags.add("disable-admission-plugins", o.api.admission.disabled, "Admission plugins not to run.");
  flags.add("default-not-ready-toleration-seconds", o.api.admission.tolerations.not_ready_seconds,
            "How long a Pod that does not say so itself stays on a node that is not ready.");
  flags.add("default-unreachable-toleration-seconds", o.api.admission.tolerations.unreachable_seconds,
            "The same for a node that is unreachable.");
}

void declare_kubelets(Flags& flags, ControlPlaneOptions& o) {
  flags.group("Kubelets");
  flags.add(
      "kubelet-client-certificate", o.kubelet_client_certificate,
      "The client certificate shown to kubelets. Without it, one of the cluster's own CA, whose user is "
      "bound to system:kubelet-api-admin.",
      "file");
  flags.add("kubelet-client-key", o.kubelet_client_key, "The key of --kubelet-client-certificate.", "file");
  flags.add("kubelet-certificate-authority", o.kubelet_certificate_authority,
            "CAs that sign kubelets' serving certificates. Without it, the cluster's own CA; an empty one "
            "turns verification off.");
}

void declare_api(Flags& flags, ControlPlaneOptions& o) {
  flags.group("API");
  flags.add("service-cluster-ip-range", o.api.registries.service_cidr,
            "The range of Services, or two of different IP families, apart by a comma: the first is the "
            "default family.",
            "cidr");
  flags.add("service-node-port-range", o.node_port_range, "The range of node ports, as FIRST-LAST.");
  flags.add("runtime-config", o.api.runtime_config,
            "What is served beside or instead of the defaults: GROUP/VERSION[/RESOURCE]=true or false, and "
            "api/all, api/ga, api/beta, api/alpha; the legacy group is api.");
  flags.add("event-ttl", o.api.registries.event_ttl, "How long events are kept.");
}

void declare_limits(Flags& flags, ControlPlaneOptions& o) {
  flags.group("Limits");
  flags.add(
      "max-requests-inflight", o.api.limits.max_in_flight,
      "How many reading requests are worked on at once; what comes beyond that is told to try again. 0 for "
      "no limit.");
  flags.add("max-mutating-requests-inflight", o.api.limits.max_mutating_in_flight,
            "The same for writing requests.");
  flags.add("request-timeout", o.api.limits.request_timeout,
            "How long a request may take; watches and the like have no such limit.");
  flags.add("min-request-timeout", o.min_request_seconds,
            "How many seconds a watch without a timeout of its own lasts at least.");
  flags.add("shutdown-delay-duration", o.shutdown_delay,
            "How long the server goes on after the signal to end, while /readyz says that it will.");
  flags.add(
      "shutdown-send-retry-after", o.shutdown_send_retry_after,
      "After that delay new requests are answered with 429, Retry-After and Connection: close until those "
      "in progress are finished; otherwise no connection is taken any more.");
  flags.add("shutdown-watch-termination-grace-period", o.shutdown_watch_grace,
            "Over what time at most watches are ended when the server ends, and waited for; 0: they end with "
            "their connections.");
}

}  // namespace

void declare_apiserver_flags(Flags& flags, ControlPlaneOptions& options) {
  declare_serving(flags, options);
  declare_etcd(flags, options);
  declare_authentication(flags, options);
  declare_authorization(flags, options);
  declare_kubelets(flags, options);
  declare_api(flags, options);
  declare_limits(flags, options);
}

}  // namespace xebec::cmd
