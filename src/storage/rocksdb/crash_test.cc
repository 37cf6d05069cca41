// The store's process is killed at random moments, again and again, on one directory: every acknowledged
// write is there afterwards, and no transaction is there in part. XEBEC_CRASH_ROUNDS sets how often.
#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "storage/test_store.h"

extern char** environ;

namespace xebec::storage::testing {
namespace {

constexpr int kWriters = 8;
constexpr int kAckFd = 3;

std::string key_of(int writer, const char* half) { return "/pair/" + std::to_string(writer) + "/" + half; }

// Each transaction writes both halves of the writer's pair; the acknowledgement is one line, one write(2).
Task<void> write_pairs(Store& store, int writer, CancelToken cancel) {
  Result<GetResult> start = co_await store.get(key_of(writer, "a"));
  int64_t number = start && start->kv ? std::stoll(*start->kv->value) : 0;
  while (!cancel.cancelled()) {
    ++number;
    Bytes value = make_bytes(std::to_string(number));
    Txn txn;
    txn.ops.push_back(Put{key_of(writer, "a"), value});
    txn.ops.push_back(Put{key_of(writer, "b"), value});
    Result<TxnResult> result = co_await store.txn(std::move(txn));
    if (!result) exit(2);
    std::string line =
        std::to_string(writer) + " " + std::to_string(number) + " " + std::to_string(result->revision) + "\n";
    if (write(kAckFd, line.data(), line.size()) != static_cast<ssize_t>(line.size())) exit(3);
    if (number % 200 == 0 && writer == 0) (void)co_await store.compact(result->revision - 100);
  }
}

// The process that is killed; never runs by itself.
TEST(RocksdbCrash, DISABLED_Child) {
  const char* dir = getenv("XEBEC_CRASH_DIR");
  if (dir == nullptr) GTEST_SKIP() << "runs as the child of the crash test only";
  RocksdbOptions options = rocksdb_options(dir);
  options.write_buffer_bytes = 64 << 10;  // flushes and their file changes are among the moments
  Result<std::unique_ptr<Store>> store = open_rocksdb(options);
  if (!store) exit(4);
  auto all = [](Store& s) -> Task<void> {
    Scope scope(*Executor::current());
    for (int w = 0; w < kWriters; ++w) scope.spawn(write_pairs(s, w, scope.token()));
    co_await scope.join();
  };
  block_on(all(**store));
}

struct Ack {
  int64_t number = 0;
  int64_t revision = 0;
};

class Child {
 public:
  explicit Child(const std::string& dir) {
    int fds[2];
    if (pipe2(fds, O_CLOEXEC) != 0) abort();
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, fds[1], kAckFd);
    posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
    std::string variable = "XEBEC_CRASH_DIR=" + dir;
    std::vector<char*> environment = {variable.data()};
    for (char** e = environ; *e != nullptr; ++e) environment.push_back(*e);
    environment.push_back(nullptr);
    std::string self = "/proc/self/exe";
    std::string filter = "--gtest_filter=RocksdbCrash.DISABLED_Child";
    std::string disabled = "--gtest_also_run_disabled_tests";
    char* arguments[] = {self.data(), filter.data(), disabled.data(), nullptr};
    int error = posix_spawn(&pid_, self.c_str(), &actions, nullptr, arguments, environment.data());
    posix_spawn_file_actions_destroy(&actions);
    close(fds[1]);
    if (error != 0) abort();
    acks_ = fdopen(fds[0], "r");
  }
  ~Child() {
    if (pid_ != 0) kill_it();
    fclose(acks_);
  }

  // False at the end.
  bool next(int& writer, Ack& ack) {
    return fscanf(acks_, "%d %ld %ld\n", &writer, &ack.number, &ack.revision) == 3;
  }
  void kill_it() {
    kill(pid_, SIGKILL);
    int status = 0;
    waitpid(std::exchange(pid_, 0), &status, 0);
    EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL)
        << "the child ended by itself: " << status;
  }

 private:
  pid_t pid_ = 0;
  FILE* acks_ = nullptr;
};

void check_pairs(Store& store, const std::map<int, Ack>& last) {
  for (const auto& [writer, ack] : last) {
    Result<GetResult> a = block_on(store.get(key_of(writer, "a")));
    Result<GetResult> b = block_on(store.get(key_of(writer, "b")));
    ASSERT_TRUE(a && a->kv && b && b->kv) << "writer " << writer;
    EXPECT_EQ(*a->kv->value, *b->kv->value) << "half a transaction of writer " << writer;
    EXPECT_EQ(a->kv->mod_revision, b->kv->mod_revision);
    int64_t number = std::stoll(*a->kv->value);
    EXPECT_GE(number, ack.number) << "an acknowledged write of writer " << writer << " is lost";
    EXPECT_LE(number, ack.number + 1);
    EXPECT_TRUE(number != ack.number || a->kv->mod_revision == ack.revision);
  }
}

void check_history(Store& store, const std::vector<std::pair<int, Ack>>& acks) {
  for (const auto& [writer, ack] : acks) {
    Result<GetResult> then = block_on(store.get(key_of(writer, "b"), ack.revision));
    if (!then) {
      EXPECT_LT(ack.revision, store.compacted_revision()) << then.error().message;
      continue;
    }
    EXPECT_EQ(text(then->kv), std::to_string(ack.number));
  }
}

// The log tells the same story as the versions.
void check_log(Store& store) {
  RangeOptions past = RangeOptions::of_prefix("");
  past.revision = std::max<int64_t>(store.compacted_revision(), 1);
  std::map<std::string, std::string> state;
  Result<RangeResult> old = block_on(store.list(past));
  ASSERT_TRUE(old) << old.error().message;
  for (const KeyValue& kv : old->kvs) state[kv.key] = *kv.value;
  auto watcher = block_on(store.watch("", past.revision + 1));
  ASSERT_TRUE(watcher);
  for (int64_t at = 0; at < store.current_revision();) {
    (*watcher)->request_progress();
    Result<WatchBatch> batch = block_on((*watcher)->next());
    ASSERT_TRUE(batch) << batch.error().message;
    at = batch->revision;
    for (const auto& event : batch->events) state[event->kv.key] = *event->kv.value;
  }
  std::map<std::string, std::string> now;
  Result<RangeResult> current = block_on(store.list(RangeOptions::of_prefix("")));
  ASSERT_TRUE(current) << current.error().message;
  for (const KeyValue& kv : current->kvs) now[kv.key] = *kv.value;
  EXPECT_EQ(state, now);
}

TEST(RocksdbCrash, NothingAcknowledgedIsLostAndNothingIsThereInPart) {
  const char* variable = getenv("XEBEC_CRASH_ROUNDS");
  int rounds = variable != nullptr ? atoi(variable) : 10;
  TempDir dir;
  std::string store_dir = dir.path("store");
  auto rng = make_seeded_rng(static_cast<uint64_t>(rounds));
  std::map<int, Ack> last;
  for (int round = 0; round < rounds && !HasFailure(); ++round) {
    Child child(store_dir);
    std::vector<std::pair<int, Ack>> acks;
    int writer = 0;
    Ack ack;
    for (uint64_t left = rng->below(1500); left > 0 && child.next(writer, ack); --left)
      acks.emplace_back(writer, ack);
    child.kill_it();
    while (child.next(writer, ack)) acks.emplace_back(writer, ack);
    for (const auto& [w, a] : acks) last[w] = a;
    Result<std::unique_ptr<Store>> store = open_rocksdb(rocksdb_options(store_dir));
    ASSERT_TRUE(store) << "round " << round << ": " << store.error().message;
    check_pairs(**store, last);
    check_history(**store, acks);
    check_log(**store);
    // The next round's writers go on from what is there.
    for (auto& [w, a] : last) a.number = std::stoll(*block_on((*store)->get(key_of(w, "a")))->kv->value);
    for (auto& [w, a] : last) a.revision = block_on((*store)->get(key_of(w, "a")))->kv->mod_revision;
  }
}

}  // namespace
}  // namespace xebec::storage::testing
