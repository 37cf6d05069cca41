#include "sim/cluster.h"

#include "client/in_process.h"
#include "kubelet/cgroups/cgroup_manager.h"
#include "kubelet/cri/fake_runtime.h"
#include "kubelet/host_files.h"
#include "kubelet/kubelet.h"
#include "kubelet/node/machine.h"
#include "kubelet/probes/net_prober.h"
#include "kubelet/volumes/volume_mounter.h"
#include "security/pki/pki.h"

namespace xebec::sim {
namespace {

constexpr WallTime kStart{std::chrono::seconds(1764460800)};  // 2025-11-30T00:00:00Z

cri::FakeOptions fake_options(int index) {
  cri::FakeOptions options;
  options.any_image = true;
  options.ip_prefix = "10." + std::to_string(100 + index) + ".";
  options.sandbox_time = std::chrono::milliseconds(150);
  options.start_time = std::chrono::milliseconds(90);
  return options;
}

kubelet::Machine machine() {
  kubelet::Machine out;
  out.cpus = 4;
  out.memory_bytes = int64_t{8} << 30;
  out.disk_bytes = int64_t{100} << 30;
  out.architecture = "amd64";
  return out;
}

kubelet::KubeletOptions kubelet_options(int index) {
  kubelet::KubeletOptions options;
  options.node_name = "node-" + std::to_string(index);
  options.node_ips = {"192.168.0." + std::to_string(10 + index)};
  options.root_dir = "/sim/kubelet";
  options.log_root = "/sim/logs";
  options.cgroup_root = "/kubepods";
  return options;
}

// Keys are made once for all clusters: their bytes take no part in what happens.
const std::string& service_account_key() {
  static const std::string pem = pki::PrivateKey::generate_ecdsa().value().pem();
  return pem;
}

const std::string& ca_pem() {
  static const std::string pem =
      pki::CertificateAuthority::create("sim", std::chrono::hours(24 * 3650), kStart)
          .value()
          .certificate()
          .pem();
  return pem;
}

}  // namespace

// The kubelet's own code over a runtime that only pretends.
class HollowNode {
 public:
  HollowNode(int index, client::Env env, client::Rest rest)
      : runtime_(*env.executor, *env.clock, fake_options(index)),
        cgroups_(kubelet::make_null_cgroups()),
        files_(kubelet::make_null_files()),
        net_(kubelet::make_always_healthy_prober()),
        machine_(machine()),
        kubelet_(kubelet_options(index), env, std::move(rest),
                 kubelet::KubeletParts{runtime_, volumes_, *cgroups_, *files_, *net_, machine_}) {}

  Task<void> run(CancelToken token) {
    life_ = CancelSource(token);
    return kubelet_.run(life_.token());
  }
  void kill() { life_.cancel(); }

 private:
  CancelSource life_;
  cri::FakeRuntime runtime_;
  kubelet::NullVolumes volumes_;
  std::unique_ptr<kubelet::CgroupManager> cgroups_;
  std::unique_ptr<kubelet::HostFiles> files_;
  std::unique_ptr<kubelet::NetProber> net_;
  kubelet::FixedMachine machine_;
  kubelet::Kubelet kubelet_;
};

// Faults that can be turned on. The recorder, which watches everything, is spared.
class SwitchedFaults final : public storage::FaultPlan {
 public:
  void set(std::shared_ptr<storage::FaultPlan> plan) { plan_ = std::move(plan); }
  storage::Fault next(storage::OpKind kind, std::string_view key) override {
    return plan_ == nullptr || key == "/registry/" ? storage::Fault() : plan_->next(kind, key);
  }

 private:
  std::shared_ptr<storage::FaultPlan> plan_;
};

Cluster::Cluster(ClusterOptions options)
    : options_(options),
      clock_(std::make_shared<SimClock>(executor_, kStart)),
      rng_(make_seeded_rng(options.seed)),
      scope_(std::make_unique<Scope>(executor_)) {
  faults_ = std::make_shared<SwitchedFaults>();
  storage::MemoryOptions memory;
  memory.clock = clock_;
  memory.executor = &executor_;
  memory.faults = faults_;
  store_ = storage::make_memory_store(std::move(memory));
  start_server();
  admin_ = std::make_unique<client::Rest>(rest_as("kubernetes-admin", {"system:masters"}));
  scope_->spawn(record());
  start_components();
}

Cluster::~Cluster() {
  scope_->cancel();
  executor_.run_for(std::chrono::minutes(2));
  stop_server();
  executor_.run_for(std::chrono::seconds(1));
}

void Cluster::start_server() {
  metrics_.push_back(std::make_unique<Metrics>());
  apiserver::InstanceEnv env;
  env.store = store_.get();
  env.clock = clock_;
  env.rng = rng_.get();
  env.executor = &executor_;
  env.metrics = metrics_.back().get();
  apiserver::InstanceOptions instance;
  instance.client_ca_pem = ca_pem();
  instance.service_account_key_pem = service_account_key();
  instances_.push_back(await(apiserver::Instance::start(std::move(env), std::move(instance))).value());
  front_->set_server(&instances_.back()->handler());
}

void Cluster::stop_server() {
  front_->set_server(nullptr);
  bool stopped = false;
  Scope last(executor_);
  last.spawn([](apiserver::Instance& instance, bool& done) -> Task<void> {
    co_await instance.stop();
    done = true;
  }(*instances_.back(), stopped));
  executor_.run_while_not([&] { return stopped; }, std::chrono::minutes(5));
}

void Cluster::kill_node(int index) { nodes_[static_cast<size_t>(index)]->kill(); }

void Cluster::set_faults(storage::FaultRates rates) {
  std::shared_ptr<Rng> rng = make_seeded_rng(rng_->next());
  faults_->set(storage::make_random_faults(std::move(rng), rates));
}

client::Rest Cluster::rest_as(std::string user, std::vector<std::string> groups) const {
  UserInfo info;
  info.name = std::move(user);
  info.groups = std::move(groups);
  info.groups.emplace_back("system:authenticated");
  auto client = std::make_shared<client::InProcessClient>(front_, const_cast<SimExecutor&>(executor_),
                                                          std::make_shared<const UserInfo>(std::move(info)));
  return client::Rest(std::move(client), scheme_);
}

void Cluster::start_components() {
  client::Env env(executor_, *clock_, *rng_, Logger());
  controllers::ControllerOptions options;
  options.root_ca_pem = ca_pem();
  options.cluster_cidr = "10.244.0.0/16";
  options.legacy_token_secrets = false;
  options.sign_legacy_token = [](const std::string& ns, const std::string& account, const std::string&,
                                 const std::string&) -> Result<std::string> {
    return "token of " + ns + "/" + account;
  };
  auto as_account = [this](std::string_view account) {
    return rest_as("system:serviceaccount:kube-system:" + std::string(account),
                   {"system:serviceaccounts", "system:serviceaccounts:kube-system"});
  };
  controllers_ = std::make_unique<controllers::ControllerManager>(
      env, rest_as("system:kube-controller-manager", {}), as_account, std::move(options));
  scheduler_ = std::make_unique<scheduler::Scheduler>(
      rest_as("system:kube-scheduler", {}), env, scheduler::SchedulerOptions(), scheduler::default_profile());
  scope_->spawn(controllers_->run(scope_->token()));
  scope_->spawn(scheduler_->run(scope_->token()));
  for (int i = 0; i < options_.nodes; ++i) {
    nodes_.push_back(std::make_unique<HollowNode>(
        i, env, rest_as("system:node:node-" + std::to_string(i), {"system:nodes"})));
    scope_->spawn(nodes_.back()->run(scope_->token()));
  }
}

bool Cluster::run_until(const std::function<bool()>& done, Duration limit) {
  return executor_.run_while_not(done, limit);
}

// FNV-1a over the store's own history: key, revision, kind of change and bytes.
Task<void> Cluster::record() {
  auto mix = [this](std::string_view bytes) {
    for (unsigned char c : bytes) hash_ = (hash_ ^ c) * 1099511628211ull;
  };
  auto watcher = co_await store_->watch("/registry/", 1);
  if (!watcher) co_return;
  CancelRegistration end = scope_->token().on_cancel([&] { (*watcher)->cancel(); });
  for (;;) {
    auto batch = co_await (*watcher)->next();
    if (!batch) co_return;
    for (const auto& event : batch->events) {
      mix(event->kv.key);
      mix(std::to_string(event->kv.mod_revision));
      if (event->kv.value) mix(*event->kv.value);
    }
  }
}

}  // namespace xebec::sim
