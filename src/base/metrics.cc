#include "base/metrics.h"

#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>

namespace xebec {
namespace {

void atomic_add(std::atomic<double>& to, double amount) {
  double old = to.load(std::memory_order_relaxed);
  while (!to.compare_exchange_weak(old, old + amount, std::memory_order_relaxed)) {
  }
}

std::string number(double value) {
  if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
  if (std::isnan(value)) return "NaN";
  return fmt::format("{}", value);
}

std::string escaped(std::string_view text) {
  std::string out;
  for (char c : text) {
    if (c == '\\')
      out += "\\\\";
    else if (c == '"')
      out += "\\\"";
    else if (c == '\n')
      out += "\\n";
    else
      out += c;
  }
  return out;
}

// {a="1",b="2"}, with one more pair when `extra_name` is not empty; nothing when there is no label at all.
std::string label_set(const std::vector<std::string>& names, const std::vector<std::string>& values,
                      std::string_view extra_name = {}, std::string_view extra_value = {}) {
  std::string out;
  for (size_t i = 0; i < names.size(); ++i) {
    out += fmt::format("{}{}=\"{}\"", out.empty() ? "{" : ",", names[i],
                       i < values.size() ? escaped(values[i]) : "");
  }
  if (!extra_name.empty())
    out += fmt::format("{}{}=\"{}\"", out.empty() ? "{" : ",", extra_name, extra_value);
  if (!out.empty()) out += "}";
  return out;
}

}  // namespace

void Counter::add(double amount) { atomic_add(value_, amount); }
void Gauge::add(double amount) { atomic_add(value_, amount); }

Histogram::Histogram(std::span<const double> bounds)
    : bounds_(bounds), buckets_(new std::atomic<uint64_t>[bounds.size() + 1]()) {}

void Histogram::observe(double value) {
  size_t i = std::lower_bound(bounds_.begin(), bounds_.end(), value) - bounds_.begin();
  buckets_[i].fetch_add(1, std::memory_order_relaxed);
  sum_.add(value);
}

std::vector<uint64_t> Histogram::cumulative() const {
  std::vector<uint64_t> out;
  uint64_t total = 0;
  for (size_t i = 0; i <= bounds_.size(); ++i)
    out.push_back(total += buckets_[i].load(std::memory_order_relaxed));
  return out;
}

struct Metrics::Family {
  std::string help;
  std::string type;
  std::unique_ptr<MetricFamily<Counter>> counter;
  std::unique_ptr<MetricFamily<Gauge>> gauge;
  std::unique_ptr<MetricFamily<Histogram>> histogram;
};

Metrics::Metrics() = default;
Metrics::~Metrics() = default;

Metrics::Family& Metrics::family(std::string_view name, std::string_view help, std::string_view type) {
  auto it = families_.find(name);
  if (it == families_.end()) it = families_.emplace(std::string(name), std::make_unique<Family>()).first;
  it->second->help = help;
  it->second->type = type;
  return *it->second;
}

MetricFamily<Counter>& Metrics::counter(std::string_view name, std::string_view help,
                                        std::vector<std::string> labels) {
  std::lock_guard lock(mutex_);
  auto& slot = family(name, help, "counter").counter;
  if (!slot)
    slot = std::make_unique<MetricFamily<Counter>>(std::move(labels),
                                                   [] { return std::make_unique<Counter>(); });
  return *slot;
}

MetricFamily<Gauge>& Metrics::gauge(std::string_view name, std::string_view help,
                                    std::vector<std::string> labels) {
  std::lock_guard lock(mutex_);
  auto& slot = family(name, help, "gauge").gauge;
  if (!slot)
    slot = std::make_unique<MetricFamily<Gauge>>(std::move(labels), [] { return std::make_unique<Gauge>(); });
  return *slot;
}

MetricFamily<Histogram>& Metrics::histogram(std::string_view name, std::string_view help,
                                            std::span<const double> bounds, std::vector<std::string> labels) {
  std::lock_guard lock(mutex_);
  auto& slot = family(name, help, "histogram").histogram;
  if (!slot) {
    slot = std::make_unique<MetricFamily<Histogram>>(
        std::move(labels), [bounds] { return std::make_unique<Histogram>(bounds); });
  }
  return *slot;
}

void Metrics::before_exposition(std::function<void()> callback) {
  std::lock_guard lock(mutex_);
  callbacks_.push_back(std::move(callback));
}

std::string Metrics::text() const {
  std::vector<std::function<void()>> callbacks;
  {
    std::lock_guard lock(mutex_);
    callbacks = callbacks_;
  }
  for (const auto& callback : callbacks) callback();

  std::lock_guard lock(mutex_);
  std::string out;
  for (const auto& [name, family] : families_) {
    out += fmt::format("# HELP {} {}\n# TYPE {} {}\n", name, family->help, name, family->type);
    auto plain = [&](const auto& metrics) {
      metrics.each([&](const auto& values, const auto& series) {
        out += fmt::format("{}{} {}\n", name, label_set(metrics.labels(), values), number(series.value()));
      });
    };
    if (family->counter) plain(*family->counter);
    if (family->gauge) plain(*family->gauge);
    if (!family->histogram) continue;
    const auto& labels = family->histogram->labels();
    family->histogram->each([&](const auto& values, const Histogram& series) {
      std::vector<uint64_t> counts = series.cumulative();
      for (size_t i = 0; i < counts.size(); ++i) {
        std::string bound = i < series.bounds().size() ? number(series.bounds()[i]) : "+Inf";
        out += fmt::format("{}_bucket{} {}\n", name, label_set(labels, values, "le", bound), counts[i]);
      }
      out += fmt::format("{}_sum{} {}\n", name, label_set(labels, values), number(series.sum()));
      out += fmt::format("{}_count{} {}\n", name, label_set(labels, values), counts.back());
    });
  }
  return out;
}

void register_process_metrics(Metrics& metrics) {
  // Looked up once: a callback runs while the registry is not locked, but needs no look-up either.
  Counter& cpu =
      metrics.counter("process_cpu_seconds_total", "Total user and system CPU time spent in seconds.")
          .with({});
  Gauge& resident = metrics.gauge("process_resident_memory_bytes", "Resident memory size in bytes.").with({});
  Gauge& virtual_size =
      metrics.gauge("process_virtual_memory_bytes", "Virtual memory size in bytes.").with({});
  Gauge& open_fds = metrics.gauge("process_open_fds", "Number of open file descriptors.").with({});
  Gauge& max_fds = metrics.gauge("process_max_fds", "Maximum number of open file descriptors.").with({});
  Gauge& start =
      metrics.gauge("process_start_time_seconds", "Start time of the process since unix epoch in seconds.")
          .with({});
  metrics.before_exposition([&] {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    auto seconds = [](const timeval& t) {
      return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
    };
    cpu.add(seconds(usage.ru_utime) + seconds(usage.ru_stime) - cpu.value());

    std::ifstream statm("/proc/self/statm");
    double pages = 0, resident_pages = 0;
    statm >> pages >> resident_pages;
    const double page_size = static_cast<double>(sysconf(_SC_PAGESIZE));
    virtual_size.set(pages * page_size);
    resident.set(resident_pages * page_size);

    std::error_code error;
    std::filesystem::directory_iterator fds("/proc/self/fd", error);
    if (!error) open_fds.set(static_cast<double>(std::distance(begin(fds), end(fds))));
    rlimit limit{};
    getrlimit(RLIMIT_NOFILE, &limit);
    max_fds.set(static_cast<double>(limit.rlim_cur));

    // Field 22 of stat is the start in clock ticks since boot; btime of /proc/stat is the boot.
    std::ifstream stat("/proc/self/stat");
    std::string text((std::istreambuf_iterator<char>(stat)), {});
    size_t paren = text.rfind(')');
    if (paren == std::string::npos) return;
    std::istringstream fields(text.substr(paren + 2));
    std::string skipped;
    for (int i = 3; i < 22; ++i) fields >> skipped;
    double ticks = 0;
    fields >> ticks;
    std::ifstream system("/proc/stat");
    for (std::string line; std::getline(system, line);) {
      if (line.starts_with("btime "))
        start.set(std::stod(line.substr(6)) + ticks / static_cast<double>(sysconf(_SC_CLK_TCK)));
    }
  });
}

}  // namespace xebec
