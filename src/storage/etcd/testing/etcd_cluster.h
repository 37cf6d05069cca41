// Real etcd servers for tests: processes of Debian's etcd-server, in a temporary directory and on free ports,
// gone with the test however it ends.
#pragma once

#include <sys/types.h>

#include <memory>
#include <string>
#include <vector>

namespace xebec::storage::testing {

// Whether etcd is installed; a test that needs it is skipped otherwise, with this message.
bool etcd_installed();
inline constexpr const char* kEtcdMissing = "etcd is not installed (Debian's etcd-server and etcd-client)";

struct EtcdClusterOptions {
  int members = 1;
  std::vector<std::string> flags;  // more flags of every member
  // PEM files: clients speak TLS and show a certificate of this CA.
  std::string ca_file, cert_file, key_file;
  std::string parent;        // the directory to make one in; without it one in memory, if there is any
  std::string restore_from;  // a snapshot that the members begin with
};

class EtcdCluster {
 public:
  // All members are started and serve when it returns; the program ends when they do not within 30 s.
  explicit EtcdCluster(EtcdClusterOptions options = {});
  EtcdCluster(const EtcdCluster&) = delete;
  ~EtcdCluster();

  std::vector<std::string> urls() const;
  const std::string& url(int member) const { return members_[static_cast<size_t>(member)].client_url; }
  size_t size() const { return members_.size(); }
  const std::string& dir() const { return dir_; }

  void kill(int member);     // SIGKILL
  void suspend(int member);  // SIGSTOP: it keeps its connections and says nothing
  void resume(int member);
  void start(int member);  // again, on what it has on disk
  void await(int member);  // until it serves, linearizable reads included
  int leader() const;      // -1: none known

  // The output of etcdctl (v3) against the members that run; `ok` tells whether it succeeded.
  std::string ctl(std::vector<std::string> arguments, bool* ok = nullptr) const;

 private:
  struct Member {
    std::string name, client_url, peer_url;
    pid_t pid = 0;
  };
  std::vector<std::string> arguments(const Member& member) const;
  std::string initial_cluster() const;
  void restore(const Member& member) const;
  bool serves(const Member& member) const;

  EtcdClusterOptions options_;
  std::string dir_;
  std::vector<Member> members_;
};

// `etcd gateway`: a way to the servers that can be cut and mended.
class EtcdGateway {
 public:
  explicit EtcdGateway(const EtcdCluster& cluster);
  EtcdGateway(const EtcdGateway&) = delete;
  ~EtcdGateway() { cut(); }
  const std::string& url() const { return url_; }
  void cut();
  void mend();

 private:
  const EtcdCluster& cluster_;
  const std::string address_, url_;
  pid_t pid_ = 0;
};

// Makes a CA and a certificate of it for 127.0.0.1, for servers and clients: ca.crt, tls.crt, tls.key in
// `dir`.
void make_certificates(const std::string& dir);

// A port of the loopback interface that nobody used a moment ago.
uint16_t free_port();

// Runs a program and waits: its standard output and error. `ok`: whether it ended with 0.
std::string run_program(std::vector<std::string> arguments, bool* ok = nullptr);

}  // namespace xebec::storage::testing
