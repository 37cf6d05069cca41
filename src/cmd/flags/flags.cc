#include "cmd/flags/flags.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>

#include "api/time.h"

namespace xebec::cmd {
namespace {

std::string described(std::string_view help, std::string_view shown_default) {
  if (shown_default.empty()) return std::string(help);
  return fmt::format("{} (default {})", help, shown_default);
}

[[noreturn]] void refuse(std::string_view name, const std::string& text, const std::string& why) {
  throw CLI::ValidationError(fmt::format("invalid argument \"{}\" for \"--{}\" flag: {}", text, name, why));
}

std::vector<std::string> split(const std::string& text) {
  std::vector<std::string> out;
  for (size_t begin = 0; begin <= text.size() && !text.empty();) {
    size_t end = std::min(text.find(',', begin), text.size());
    out.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return out;
}

}  // namespace

void Flags::set(std::string_view name, std::string_view type, std::string_view shown_default,
                std::string_view help, Setter setter, bool repeats) {
  auto take = [name = std::string(name), setter](const std::vector<std::string>& texts) {
    for (const std::string& text : texts) {
      Result<void> done = setter(text);
      if (!done) refuse(name, text, done.error().message);
    }
  };
  const std::string names = name.size() == 1 ? fmt::format("-{0},--{0}", name) : fmt::format("--{}", name);
  CLI::Option* option = app_.add_option_function<std::vector<std::string>>(names, std::move(take),
                                                                           described(help, shown_default));
  option->group(group_)->option_text(std::string(type))->expected(1)->allow_extra_args(false);
  option->multi_option_policy(repeats ? CLI::MultiOptionPolicy::TakeAll : CLI::MultiOptionPolicy::TakeLast);
}

void Flags::word(std::string_view name, std::string& value, std::string_view help) {
  app_.add_option(std::string(name), value, std::string(help))->required()->group(group_);
}

void Flags::add(std::string_view name, std::string& value, std::string_view help, std::string_view type) {
  set(name, type, value, help, [&value](const std::string& text) -> Result<void> {
    value = text;
    return {};
  });
}

void Flags::add(std::string_view name, std::optional<std::string>& value, std::string_view help) {
  set(name, "string", "", help, [&value](const std::string& text) -> Result<void> {
    value = text;
    return {};
  });
}

void Flags::add(std::string_view name, bool& value, std::string_view help) {
  app_.add_flag(fmt::format("--{}", name), value, described(help, value ? "true" : ""))
      ->group(group_)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
}

void Flags::add(std::string_view name, Duration& value, std::string_view help) {
  set(name, "duration", api::Duration{value.count()}.str(), help,
      [&value](const std::string& text) -> Result<void> {
        TRY(api::Duration parsed, api::Duration::parse(text));
        value = Duration(parsed.nanos);
        return {};
      });
}

void Flags::add(std::string_view name, std::vector<std::string>& value, std::string_view help) {
  auto take = [&value, first = true](const std::string& text) mutable -> Result<void> {
    if (std::exchange(first, false)) value.clear();
    for (std::string& one : split(text)) value.push_back(std::move(one));
    return {};
  };
  set(name, "list", fmt::format("{}", fmt::join(value, ",")), help, std::move(take), true);
}

void Flags::add(std::string_view name, FlagMap& value, std::string_view help) {
  auto take = [&value](const std::string& text) -> Result<void> {
    for (const std::string& pair : split(text)) {
      size_t mark = pair.find('=');
      if (mark == std::string::npos)
        return fail(errors::bad_request(pair + " must be formatted as key=value"));
      value[pair.substr(0, mark)] = pair.substr(mark + 1);
    }
    return {};
  };
  set(name, "key=value", "", help, std::move(take), true);
}

void Flags::choice(std::string_view name, std::string& value, std::vector<std::string> words,
                   std::string_view help) {
  set(name, "string", value, help,
      [&value, words = std::move(words)](const std::string& text) -> Result<void> {
        if (std::ranges::find(words, text) == words.end())
          return fail(errors::bad_request(fmt::format("it must be one of {}", fmt::join(words, ", "))));
        value = text;
        return {};
      });
}

void Flags::only(std::string_view name, std::string_view value, std::string_view help) {
  set(name, "string", value, help, [value = std::string(value)](const std::string& text) -> Result<void> {
    if (text == value) return {};
    return fail(errors::bad_request(fmt::format("only {} is supported yet", value)));
  });
}

std::vector<std::string> normalized(std::vector<std::string> arguments) {
  std::vector<std::string> out;
  for (std::string& argument : arguments) {
    if (argument.starts_with("-v=")) argument.insert(0, "-");
    bool empty = argument.starts_with("--") && argument.find('=') == argument.size() - 1;
    if (empty) argument.pop_back();
    out.push_back(std::move(argument));
    if (empty) out.emplace_back();
  }
  return out;
}

}  // namespace xebec::cmd
