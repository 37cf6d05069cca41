// What an API server is told by its command line.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "apiserver/instance.h"
#include "storage/etcd/etcd_store.h"

namespace xebec::cmd {

struct ControlPlaneOptions {
  std::string data_dir = "/var/lib/xebec";
  std::string bind_address = "0.0.0.0";
  std::string advertise_address;  // empty: see resolve_advertise_address()
  uint16_t secure_port = 6443;
  std::vector<std::string> extra_sans;
  size_t io_threads = 0;  // 0: as many as there are cores
  bool whole = false;     // the rest of the control plane runs in this process, too

  // PEM files. Without them: of the cluster's own CA and keys, under DATA_DIR/pki.
  std::string tls_cert_file, tls_private_key_file;
  std::string client_ca_file;
  std::string service_account_signing_key_file;
  std::vector<std::string> service_account_key_files;
  std::string kubelet_client_certificate, kubelet_client_key;
  std::optional<std::string> kubelet_certificate_authority;  // an empty one: kubelets are not verified

  // Servers make etcd the store, shared with whichever API servers have it, too; without them the store is
  // this process's own, under DATA_DIR/store.
  storage::EtcdOptions etcd;

  // What has no file: authentication, authorization, admission, versions, ranges.
  apiserver::InstanceOptions api;

  // As the command line has them; complete() puts them where they belong.
  Duration max_token_expiration = Duration::zero();
  std::string node_port_range = "30000-32767";

  // How long requests are still taken after the signal to end, so that load balancers learn of it.
  Duration shutdown_delay = Duration::zero();
  // Then new requests are answered with 429 until those in progress are finished, instead of no connection.
  bool shutdown_send_retry_after = false;
  // Over what time watches are ended then; zero: all of them at once, when everything else has ended.
  Duration shutdown_watch_grace = Duration::zero();
  int64_t min_request_seconds = 1800;

  // Leaves kubeconfigs for components that run as processes of their own, as kubeadm does.
  bool component_kubeconfigs = false;

  // Checks what can be checked without files, and fills in what was left to this machine.
  Result<void> complete();

 private:
  Result<void> check_limits() const;
};

}  // namespace xebec::cmd
