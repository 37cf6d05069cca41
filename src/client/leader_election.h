// LeaderElector: at most one of several candidates leads at a time, by a coordination.k8s.io/v1 Lease.
// A leader that cannot renew within the deadline stops leading before others may start (no candidate trusts
// another's clock: a lease is free when its record has not changed for its duration of one's own time).
// Source: k8s.io/client-go/tools/leaderelection.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/cancel.h"
#include "base/scope.h"
#include "base/task.h"
#include "client/env.h"
#include "client/rest.h"

namespace xebec::coordinationv1 {
struct Lease;
}

namespace xebec::client {

class EventRecorder;

struct LeaderElectionConfig {
  LeaderElectionConfig() {}
  std::string ns = "kube-system";
  std::string name;      // of the Lease: "kube-scheduler"
  std::string identity;  // unique among the candidates: host name + "_" + uuid
  Duration lease_duration = std::chrono::seconds(15);
  Duration renew_deadline = std::chrono::seconds(10);
  Duration retry_period = std::chrono::seconds(2);
  // When run() is cancelled while leading, the lease is given up at once.
  bool release_on_cancel = true;
  // Records "<identity> became leader" and "... stopped leading" about the Lease; may be null.
  EventRecorder* recorder = nullptr;

  // The work of the leader; its token is cancelled when leadership is lost, and run() ends when it has
  // returned.
  std::function<Task<void>(CancelToken)> on_started_leading;
  std::function<void()> on_stopped_leading;
  // The lease was written: at first, and with every renewal.
  std::function<void()> on_renewed;
  std::function<void(const std::string& identity)> on_new_leader;
};

class LeaderElector {
 public:
  LeaderElector(Rest rest, Env env, LeaderElectionConfig config);
  ~LeaderElector();

  // Waits for leadership, leads, and returns when leadership is lost or `token` is cancelled (start it again
  // to be a candidate again). Runs on env.executor.
  Task<void> run(CancelToken token);
  bool is_leader() const;
  // Who leads as far as is known; empty at first.
  const std::string& leader() const { return observed_holder_; }

 private:
  Task<bool> acquire(CancelToken token);
  Task<void> renew(Scope& leading);
  Task<bool> try_acquire_or_renew(CancelToken token);
  Task<bool> write(coordinationv1::Lease lease, CancelToken token, bool create);
  Task<void> release();
  coordinationv1::Lease record(coordinationv1::Lease base) const;
  bool lease_is_valid() const;
  void observe(coordinationv1::Lease lease);
  void report_leader();
  void count_leading(bool leads);
  void record_event(const std::string& what);
  Context context(CancelToken token) const;

  Rest rest_;
  Env env_;
  LeaderElectionConfig config_;
  std::unique_ptr<coordinationv1::Lease> observed_;  // null before the first look
  std::string observed_holder_;
  std::string reported_;
  MonotonicTime observed_at_{};  // when its record was seen to change
};

}  // namespace xebec::client
