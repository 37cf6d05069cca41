// The fuzz entries as a regression test, where there is no libFuzzer: seeds, then fixed mutations of them.
//
//   fuzz_test --list                the entries' names
//   fuzz_test NAME                  its seeds and their mutations, until all are done or two seconds are over
//   fuzz_test NAME FILE...          these inputs alone, as ./dev fuzz leaves them
//   fuzz_test --self-test           a crash is noticed, and its input kept
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/mutate.h"

// Of the sanitizers, where the program has one.
extern "C" [[gnu::weak]] void __sanitizer_set_death_callback(void (*callback)());

namespace xebec::fuzz {
namespace {

namespace fs = std::filesystem;
using std::chrono::steady_clock;

constexpr int kMutations = 20000;
constexpr auto kTime = std::chrono::seconds(2);
constexpr unsigned kHangs = 20;  // seconds
constexpr uint64_t kSeed = 1;

// What a crash leaves: the input, and where it was put. The handler has nothing but system calls.
std::string current_input, crash_file;

void keep_input() {
  static volatile std::sig_atomic_t kept = 0;
  if (kept != 0) return;
  kept = 1;
  const int fd = open(crash_file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (fd < 0) return;
  constexpr std::string_view kSays = "the input is in ";
  const bool good = write(fd, current_input.data(), current_input.size()) >= 0 &&
                    write(STDERR_FILENO, kSays.data(), kSays.size()) >= 0 &&
                    write(STDERR_FILENO, crash_file.data(), crash_file.size()) >= 0 &&
                    write(STDERR_FILENO, "\n", 1) >= 0;
  if (good) close(fd);
}

void on_signal(int signal) {
  keep_input();
  std::signal(signal, SIG_DFL);
  std::raise(signal);
}

void watch_for_crashes(std::string_view name) {
  crash_file = (fs::current_path() / fmt::format("fuzz-crash-{}", name)).string();
  if (__sanitizer_set_death_callback != nullptr) __sanitizer_set_death_callback(keep_input);
  for (int signal : {SIGABRT, SIGALRM}) std::signal(signal, on_signal);
  // Those a sanitizer reports itself are left to it.
  if (__sanitizer_set_death_callback == nullptr) {
    for (int signal : {SIGSEGV, SIGBUS, SIGFPE, SIGILL}) std::signal(signal, on_signal);
  }
}

void run(const Entry& entry, std::string input) {
  current_input = std::move(input);
  alarm(kHangs);
  entry.run(current_input);
  alarm(0);
}

std::string read_file(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::stringstream out;
  out << in.rdbuf();
  return out.str();
}

std::vector<std::string> seeds_of(std::string_view name) {
  std::vector<fs::path> files;
  std::error_code absent;
  for (const auto& file : fs::directory_iterator(fs::path(XEBEC_FUZZ_CORPUS) / name, absent))
    files.push_back(file.path());
  std::ranges::sort(files);
  std::vector<std::string> seeds;
  for (const fs::path& file : files) seeds.push_back(read_file(file));
  return seeds;
}

int replay(const Entry& entry) {
  const std::vector<std::string> seeds = seeds_of(entry.name);
  if (seeds.empty()) {
    fmt::print(stderr, "no seeds in {}/{}\n", XEBEC_FUZZ_CORPUS, entry.name);
    return 1;
  }
  const auto end = steady_clock::now() + kTime;
  run(entry, "");
  for (const std::string& seed : seeds) run(entry, seed);
  Mutator mutator(seeds, kSeed);
  int done = 0;
  for (; done < kMutations && steady_clock::now() < end; ++done) {
    run(entry, mutator.mutate(seeds[static_cast<size_t>(done) % seeds.size()]));
  }
  fmt::print("{}: {} seeds, {} mutations\n", entry.name, seeds.size(), done);
  return 0;
}

int replay_files(const Entry& entry, std::span<char*> files) {
  for (const char* file : files) {
    fmt::print("{}: {}\n", entry.name, file);
    std::fflush(stdout);
    run(entry, read_file(file));
  }
  return 0;
}

// An entry that holds for its seed and for few of the seed's mutations.
void broken(std::string_view input) { FUZZ_CHECK(input == "seed" || input.find("0.0") == input.npos); }

// Runs `broken` in a child: it must die of a mutation, and leave the input that kills it.
int self_test() {
  const pid_t child = fork();
  if (child == 0) {
    watch_for_crashes("self-test");
    const std::vector<std::string> seeds = {"seed"};
    Mutator mutator(seeds, kSeed);
    for (int i = 0; i < kMutations; ++i) run({"self-test", broken}, mutator.mutate("seed"));
    _exit(0);
  }
  int status = 0;
  waitpid(child, &status, 0);
  const std::string kept = read_file("fuzz-crash-self-test");
  fs::remove("fuzz-crash-self-test");
  const bool good = WIFSIGNALED(status) && kept.find("0.0") != std::string::npos;
  fmt::print("self-test: {}\n", good ? "the crash was seen" : "NO CRASH SEEN");
  return good ? 0 : 1;
}

int main(std::span<char*> arguments) {
  const std::string_view name = arguments.empty() ? "--list" : arguments.front();
  if (name == "--self-test") return self_test();
  if (name == "--list") {
    for (const Entry& entry : entries()) fmt::print("{}\n", entry.name);
    return 0;
  }
  const auto entry = std::ranges::find(entries(), name, &Entry::name);
  if (entry == entries().end()) {
    fmt::print(stderr, "no entry {}: see --list\n", name);
    return 2;
  }
  watch_for_crashes(entry->name);
  return arguments.size() > 1 ? replay_files(*entry, arguments.subspan(1)) : replay(*entry);
}

}  // namespace
}  // namespace xebec::fuzz

int main(int argc, char** argv) {
  return xebec::fuzz::main(std::span(argv + 1, static_cast<size_t>(argc - 1)));
}
