// Flags: the command line of a sub-command, as Kubernetes' components have it: `--name value` or
// `--name=value`, where the last one counts; a bool is `--name` or `--name=false`; lists and maps are
// separated by commas, and given again they grow. Values are read when the line is parsed.
#pragma once

#include <cctype>
#include <charconv>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/executor.h"
#include "base/result.h"

namespace CLI {
class App;
}

namespace xebec::cmd {

using FlagMap = std::map<std::string, std::string>;

class Flags {
 public:
  // `app` and all values outlive the parsing of the line.
  explicit Flags(CLI::App& app) : app_(app) {}

  // The heading of the flags that follow in --help.
  void group(std::string_view title) { group_ = title; }

  // What the value holds now is the default.
  void add(std::string_view name, std::string& value, std::string_view help,
           std::string_view type = "string");
  // Without the flag the value stays absent.
  void add(std::string_view name, std::optional<std::string>& value, std::string_view help);
  void add(std::string_view name, bool& value, std::string_view help);
  void add(std::string_view name, Duration& value, std::string_view help);
  void add(std::string_view name, std::vector<std::string>& value, std::string_view help);
  void add(std::string_view name, FlagMap& value, std::string_view help);
  template <std::integral T>
  void add(std::string_view name, T& value, std::string_view help) {
    set(name, "int", std::to_string(value), help, [&value](const std::string& text) -> Result<void> {
      const char* end = text.data() + text.size();
      auto [stop, error] = std::from_chars(text.data(), end, value);
      if (error == std::errc() && stop == end && !text.empty()) return {};
      return fail(errors::bad_request("it is no number in range"));
    });
  }
  // A word that must be given, not a flag: `xebec storage migrate`.
  void word(std::string_view name, std::string& value, std::string_view help);
  // One of these words.
  void choice(std::string_view name, std::string& value, std::vector<std::string> words,
              std::string_view help);
  // A flag of upstream's that has one value here, whatever its default there.
  void only(std::string_view name, std::string_view value, std::string_view help);

 private:
  using Setter = std::function<Result<void>(const std::string& text)>;
  // A flag with a value. `repeats`: every occurrence is set, not the last one only.
  void set(std::string_view name, std::string_view type, std::string_view shown_default,
           std::string_view help, Setter setter, bool repeats = false);

  CLI::App& app_;
  std::string group_ = "Flags";
};

// Arguments as the parser needs them: `--name=` is `--name ""`, `-v=4` is `--v=4`.
std::vector<std::string> normalized(std::vector<std::string> arguments);

}  // namespace xebec::cmd
