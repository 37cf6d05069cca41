#include "base/json_log.h"

#include <unistd.h>

namespace xebec {
namespace {

constexpr int kDetails = 4;  // the verbosity of what is logged as details

void append_json(std::string& out, std::string_view text) {
  out += '"';
  for (char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte < 0x20 || byte == 0x7f) {
      fmt::format_to(std::back_inserter(out), "\\u{:04x}", byte);
    } else {
      out += c;
    }
  }
  out += '"';
}

class JsonSink final : public EntrySink {
 public:
  explicit JsonSink(int fd) : fd_(fd) {}

  void entry(LogLevel level, WallTime when, std::string_view component, std::string_view message,
             std::initializer_list<LogField> fields) override {
    const double millis = static_cast<double>(when.time_since_epoch().count()) / 1e6;
    std::string line = fmt::format("{{\"ts\":{:.3f}", millis);
    if (!component.empty()) {
      line += ",\"logger\":";
      append_json(line, component);
    }
    line += ",\"msg\":";
    append_json(line, message);
    // Errors have no verbosity, as upstream's.
    if (level != LogLevel::kError)
      fmt::format_to(std::back_inserter(line), ",\"v\":{}", level == LogLevel::kDebug ? kDetails : 0);
    for (const LogField& field : fields) {
      line += ',';
      append_json(line, field.key);
      line += ':';
      append_json(line, field.value);
    }
    line += "}\n";
    // One write a line keeps lines whole; a failing log must not stop the program.
    [[maybe_unused]] ssize_t written = ::write(fd_, line.data(), line.size());
  }

 private:
  int fd_;
};

}  // namespace

std::shared_ptr<LogSink> make_json_sink(int fd) { return std::make_shared<JsonSink>(fd); }

}  // namespace xebec
