// What can be measured.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "base/task.h"
#include "http/client.h"
#include "load/objects.h"
#include "load/report.h"

namespace xebec::load {

struct Settings {
  http::ClientOptions connection;
  size_t clients = 8;      // connections
  size_t in_flight = 8;    // requests at once on each
  size_t count = 10000;    // operations of a scenario
  size_t list_count = 50;  // lists of a list scenario
  size_t watchers = 100;
  size_t updaters = 1;   // updates at once while watchers look on
  size_t payload = 200;  // bytes in a ConfigMap
  std::string ns = "load";
  std::string path = "/version";  // for the scenario `path`
  Format format = Format::kJson;
  pid_t server_pid = 0;
};

// One connection a client; worker coroutines run on the thread of their client's connection.
class Load {
 public:
  Load(http::IoPool& pool, Settings settings);

  Task<Result<void>> prepare();
  // One of scenario_names(); reports when done.
  Task<Result<void>> run(const std::string& scenario);
  Task<void> clean_up();

 private:
  struct Operation;
  struct Clocks;
  Task<Result<void>> ensure(std::string path, std::string json);  // creates it unless it is there
  Task<void> workers(const Operation& operation, size_t at_once, size_t count, Measured& measured);
  Task<std::string> current_revision(std::string path);
  Task<void> watch_scenario(Measured& measured, Clocks& start);

  http::IoPool& pool_;
  Settings settings_;
  std::vector<std::unique_ptr<http::Client>> clients_;
  std::string payload_;
  size_t created_ = 0;
};

std::vector<std::string> scenario_names();

// Watches from `revision` until cancelled: the time from a mark, made after `since`, to the arrival of its
// event goes to `measured`.
Task<void> watch_events(http::Client& client, std::string path, std::string revision, Format format,
                        Context context, uint64_t since, Measured& measured, std::atomic<size_t>& ready);

}  // namespace xebec::load
