// `xebec controller-manager`: the controllers against an API server elsewhere (kube-controller-manager).
#include "cmd/command.h"
#include "cmd/components.h"
#include "cmd/flags/flags.h"
#include "cmd/manager_options.h"
#include "cmd/process.h"
#include "cmd/remote/remote_api.h"
#include "cmd/serving/component_serving.h"
#include "controllers/selection.h"
#include "security/pki/pki.h"

namespace xebec::cmd {
namespace {

constexpr const char* kUserAgent = "kube-controller-manager";

struct Options {
  std::string kubeconfig, master;
  bool account_credentials = false;
  std::string root_ca_file, service_account_key_file;
  std::string signing_cert_file, signing_key_file;
  bool allocate_node_cidrs = false;
  std::string cluster_cidr;
  controllers::ControllerOptions controllers;
  LeaderElectionOptions election;
  ServingOptions serving;
  LogOptions logs;
};

void declare(Flags& flags, Options& o) {
  flags.group("API server");
  flags.add("kubeconfig", o.kubeconfig, "Where the API server is, and who the controllers are.", "file");
  flags.add("master", o.master, "The API server's URL, instead of the kubeconfig's.", "url");
  flags.add("use-service-account-credentials", o.account_credentials,
            "Every controller acts as a service account of its own in kube-system.");
  declare_controllers(flags, o.controllers);
  flags.add("allocate-node-cidrs", o.allocate_node_cidrs,
            "Give every node a part of --cluster-cidr for its Pods.");
  flags.add("cluster-cidr", o.cluster_cidr, "The range of all Pods.", "cidr");
  flags.add("root-ca-file", o.root_ca_file,
            "The CA that Pods are given to verify the API server; the kubeconfig's without it.", "file");
  flags.add("service-account-private-key-file", o.service_account_key_file,
            "The key that signs tokens in Secrets; without it none are made.", "file");
  flags.add("cluster-signing-cert-file", o.signing_cert_file,
            "The CA that signs certificates of kubelets and clients; without it none are signed.", "file");
  flags.add("cluster-signing-key-file", o.signing_key_file, "The key of --cluster-signing-cert-file.",
            "file");
  flags.add("cluster-signing-duration", o.controllers.signing_duration,
            "How long those certificates are good at most.");
  declare_leader_election(flags, o.election);
  declare_serving(flags, o.serving);
  declare_logs(flags, o.logs);
}

Result<controllers::ControllerOptions> controller_options(const Options& options,
                                                          const client::ClientConfig& config,
                                                          std::shared_ptr<const Clock> clock) {
  controllers::ControllerOptions out = options.controllers;
  TRY_VOID(controllers::check_controllers(out.controllers));
  if (options.allocate_node_cidrs && options.cluster_cidr.empty())
    return fail(errors::bad_request("--allocate-node-cidrs needs --cluster-cidr"));
  if (options.allocate_node_cidrs) out.cluster_cidr = options.cluster_cidr;
  out.root_ca_pem = config.ca_pem;
  if (!options.root_ca_file.empty()) {
    TRY(out.root_ca_pem, pki::read_file(options.root_ca_file));
  }
  if (options.signing_cert_file.empty() != options.signing_key_file.empty())
    return fail(errors::bad_request(
        "--cluster-signing-cert-file and --cluster-signing-key-file must be given together"));
  if (!options.signing_cert_file.empty()) {
    TRY(out.signing_ca_pem, pki::read_file(options.signing_cert_file));
    TRY(out.signing_key_pem, pki::read_file(options.signing_key_file));
  }
  if (options.service_account_key_file.empty()) {
    out.controllers.emplace(out.controllers.begin(), "-serviceaccount-token-controller");
  } else {
    TRY(std::string key, pki::read_file(options.service_account_key_file));
    TRY(out.sign_legacy_token, legacy_token_signer(key, std::move(clock)));
  }
  return out;
}

Result<void> run(Options options) {
  TRY_VOID(check_leader_election(options.election));
  TRY(client::ClientConfig config, load_client_config(options.kubeconfig, options.master));
  Process process(options.logs);
  options.election.health = std::make_shared<LeaderHealth>();
  TRY(controllers::ControllerOptions controllers, controller_options(options, config, process.clock()));
  const api::Scheme scheme = api::Scheme::builtin();
  http::IoPool pool(1);
  TRY(std::unique_ptr<RemoteApi> api,
      RemoteApi::make(std::move(config), pool, scheme, *process.clock(), &process.metrics()));
  auto rest_of_account = [&api, own = !options.account_credentials](std::string_view account) {
    return own ? api->rest(kUserAgent) : api->rest_of_account(account, kUserAgent);
  };
  std::unique_ptr<Component> manager = start_controller_manager(
      process, api->rest(kUserAgent), std::move(rest_of_account), std::move(controllers), options.election);
  TRY(std::unique_ptr<ComponentServing> serving,
      ComponentServing::start(options.serving, "kube-controller-manager",
                              election_checks(options.election, process.clock()), process, pool, scheme));
  return process.wait();
}

}  // namespace

std::function<int()> declare_controller_manager(Flags& flags) {
  auto options = std::make_shared<Options>();
  options->election.name = "kube-controller-manager";
  options->serving.secure_port = 10257;
  declare(flags, *options);
  return [options] { return exit_status(run(*options)); };
}

}  // namespace xebec::cmd
